"""The table itself: how output is read, how a row is judged, and that the kept table lists what the data file does."""

import importlib.util
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("table", HERE / "table.py")
table = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(table)

TABLES = ("saml", "oidc")
CARGO = """\
   Compiling gatehouse-saml v0.1.0 (/src/crates/saml)
     Running unittests src/lib.rs (target/debug/deps/saml-614b7e5e576d458b)

running 2 tests
test parse::tests::good ... ok
test parse::tests::slow ... ignored, takes long
     Running tests/requests/main.rs (/x y/target/debug/deps/requests-0123456789abcdef)
test markup::bad ... FAILED
test markup::odd - should panic ... ok
failures:
    markup::bad
     Running tests/it/main.rs (target/debug/deps/it-0123456789abcdef)
test saml::both ... ok
     Running unittests src/lib.rs (target/debug/deps/gatehouse-0123456789abcdef)
test saml::both ... FAILED
   Doc-tests saml
test src/lib.rs - x (line 1) ... ok
"""
PYTHON = """\
test_one (test_pysaml2.SignOn.test_one) ... ok
test_two (test_pysaml2.SignOn.test_two)
What it shows, in a line. ... ok
test_three (test_pysaml2.SignOn.test_three) ...   refused: SomeError
ok
test_four (test_pysaml2.SignOn.test_four) ...
  test_four (test_pysaml2.SignOn.test_four) [a case] ... FAIL
test_five (test_pysaml2.SignOn.test_five) ... skipped 'no tool'
FAIL: test_six (test_pysaml2.SignOn.test_six) [another]
"""
NODE = """\
ok 1 - signs on
not ok 2 - signs out
ok 3 - later # SKIP not here
✔ reads metadata (12.5ms)
✖ fails (1ms)
"""


def row(**more):
    return table.Requirement(id="CTK-01", asked="x", **more)


def kind(one, results=None, peers_read=False):
    return table.judge(one, results or {}, peers_read).kind


class Reading(unittest.TestCase):
    def test_cargo(self):
        results = {}
        table.read_cargo(CARGO, results)
        self.assertEqual(results, {
            "saml/lib.rs::parse::tests::good": "passed",
            "saml/lib.rs::parse::tests::slow": "skipped",
            "requests::markup::bad": "failed",
            "requests::markup::odd": "passed",
            "it::saml::both": "passed",
            "gatehouse/lib.rs::saml::both": "failed",
        })
        # What passed once and failed once, failed.
        table.read_cargo(CARGO.replace("both ... ok", "both ... FAILED"), results)
        table.read_cargo(CARGO, results)
        self.assertEqual(results["it::saml::both"], "failed")

    def test_peers(self):
        results = {}
        table.read_peers(PYTHON + NODE, results)
        words = {name.rsplit("_")[-1]: word for name, word in results.items() if name.startswith("peers/")}
        self.assertEqual(words, {"one": "passed", "two": "passed", "three": "passed", "four": "failed",
                                 "five": "skipped", "six": "failed"})
        self.assertEqual({name: word for name, word in results.items() if name.startswith("node/")}, {
            "node/signs on": "passed", "node/signs out": "failed", "node/later": "skipped",
            "node/reads metadata": "passed", "node/fails": "failed"})

    def test_keys(self):
        for test, key in (
            ("crates/saml::lib::parse::tests::good", "saml/lib.rs::parse::tests::good"),
            ("crates/saml::requests::markup::odd", "requests::markup::odd"),
            ("lib::a::b", "gatehouse/lib.rs::a::b"),
            ("it::saml::both", "it::saml::both"),
            ("peers::test_x.py::C::test_y", "peers/test_x.C.test_y"),
            ("peers::openid.test.mjs::signs on", "node/signs on"),
        ):
            self.assertEqual(table.key_of(test), key)
        with self.assertRaises(table.Wrong):
            table.key_of("elsewhere::x")


class Judging(unittest.TestCase):
    def test_every_verdict(self):
        passed = {"it::a": "passed", "it::b": "failed", "it::c": "skipped"}
        self.assertEqual(kind(row(tests=["it::a"]), passed), "passed")
        self.assertEqual(kind(row(tests=["it::a"], open="y"), passed), "open")
        self.assertEqual(kind(row(tests=["it::a"], out_of_scope="y"), passed), "not offered")
        self.assertEqual(kind(row(open="y", pending=True, expected=["it::z"]), passed), "open")
        for broken in (["it::b"], ["it::c"], ["it::none"], ["it::a", "it::b"]):
            self.assertEqual(kind(row(tests=broken), passed), "failed", broken)
            self.assertEqual(kind(row(tests=broken, open="y"), passed), "failed", "a reason excuses no failure")
        self.assertEqual(kind(row()), "failed", "neither test nor reason")

    def test_peers_without_their_log_are_looked_up_in_their_source(self):
        there = "peers::test_pysaml2.py::SignOn::test_request_signed_and_posted"
        verdict = table.judge(row(tests=[there]), {}, False)
        self.assertEqual((verdict.kind, verdict.text), ("passed", "by peers: tests/peers/test_pysaml2.py"))
        self.assertEqual(kind(row(tests=[there]), {}, True), "failed", "with a log it must be in there")
        for missing in ("peers::test_pysaml2.py::SignOn::test_none", "peers::test_pysaml2.py::Peer::test_request_signed_and_posted",
                        "peers::test_none.py::SignOn::test_x", "peers::openid-client.test.mjs::none"):
            self.assertEqual(kind(row(tests=[missing])), "failed", missing)
        self.assertEqual(kind(row(tests=["peers::openid-client.test.mjs::the answer by form_post"])), "passed")


class Data(unittest.TestCase):
    def test_every_entry_is_sound_and_known_to_somebody(self):
        for name in TABLES:
            with self.subTest(name):
                self.check(HERE / f"{name}.toml")

    def test_the_plans_are_whole(self):
        _, requirements = table.read_requirements(HERE / "oidc.toml")
        counts = table.Counter(one.id.split("-")[0] for one in requirements)
        self.assertEqual({name: counts[name] for name in ("CONFIG", "BASIC", "FORM", "RP", "BACK", "FRONT")},
                         {"CONFIG": 1, "BASIC": 38, "FORM": 38, "RP": 11, "BACK": 2, "FRONT": 2})

    def check(self, path):
        titles, requirements = table.read_requirements(path)
        for one in requirements:
            self.assertTrue(one.asked, one.id)
            self.assertTrue(one.tests or one.open or one.out_of_scope, one.id)
            for test in one.tests + one.expected:
                table.key_of(test)
            for sentence in (one.note, one.open, one.out_of_scope):
                self.assertTrue(not sentence or sentence.endswith("."), f"{one.id}: {sentence}")
        self.assertEqual({one.id.split("-")[0] for one in requirements}, set(titles))

    def test_what_is_wrong_is_refused(self):
        head = '[checklists]\nCTK = "x"\n[[requirement]]\nid = "CTK-1"\nasked = "x"\n'
        for wrong in ('unknown = 1', 'open = "x"\nout_of_scope = "y"', 'pending = true\nopen = "x"',
                      'expected = ["it::x"]\nopen = "x"', 'pending = true\nexpected = ["it::x"]',
                      '[[requirement]]\nid = "CTK-1"\nasked = "x"', '[[requirement]]\nid = "ABC-1"\nasked = "x"'):
            with self.subTest(wrong), self.assertRaises(table.Wrong):
                self.read(head + wrong)
        self.read(head + 'pending = true\nexpected = ["it::x"]\nopen = "x"')

    def read(self, text):
        import tempfile
        with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            return table.read_requirements(file.name)


class Kept(unittest.TestCase):
    def test_the_kept_tables_list_what_the_data_files_do(self):
        for name in TABLES:
            with self.subTest(name):
                self.check(name)

    def check(self, name):
        _, requirements = table.read_requirements(HERE / f"{name}.toml")
        kept = (HERE.parents[1] / f"docs/conformance-{name}.md").read_text(encoding="utf-8")
        again = f"make it again: tests/conformance/run.sh --of {name} --markdown > docs/conformance-{name}.md"
        self.assertEqual(table.ids_of_markdown(kept), [one.id for one in requirements], again)
        for one in requirements:
            for test in table.shown_by(one):
                self.assertIn(f"`{test}`", kept, again)


if __name__ == "__main__":
    unittest.main()
