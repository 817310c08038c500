#!/usr/bin/env python3
"""Owns the table of conformance: requirements joined with the results of the tests that show them.

Does not run any test: run.sh does, and hands the output over. Needs nothing but Python 3.11.
"""

import argparse
import re
import sys
import textwrap
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = ROOT / "tests/peers"
KEYS = {"id", "asked", "tests", "note", "open", "out_of_scope", "pending", "expected"}

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CARGO_BINARY = re.compile(r"^\s+Running (unittests )?(\S+) \((?:.*/)?([^/]+)-[0-9a-f]{16}(?:\.exe)?\)$")
CARGO_TEST = re.compile(r"^test (\S+)(?: - .*)? \.\.\. (ok|FAILED|ignored)\b")
PYTHON_TEST = re.compile(r"^\s*(test_\w+) \((\w+(?:\.\w+)+)\)")
PYTHON_RESULT = re.compile(r"(?:^|\.\.\. )(ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$")
PYTHON_FAILURE = re.compile(r"^(?:FAIL|ERROR): (test_\w+) \((\w+(?:\.\w+)+)\)")
NODE_TAP = re.compile(r"^\s*(not )?ok \d+ - (.*?)(?: # (SKIP|TODO).*)?$")
NODE_SPEC = re.compile(r"^\s*([✔✖]) (.*) \([\d.]+ms\)$")


class Wrong(Exception):
    """The data file is not what it should be."""


@dataclass
class Requirement:
    """One line of a checklist, as the data file has it."""

    id: str
    asked: str
    tests: list = field(default_factory=list)
    note: str = ""
    open: str = ""
    out_of_scope: str = ""
    pending: bool = False
    expected: list = field(default_factory=list)


@dataclass
class Verdict:
    """What became of a requirement. `fails` is what is wrong, in words; empty if nothing is."""

    kind: str
    text: str
    fails: list


def read_requirements(path):
    """The titles of the checklists by prefix, and the requirements in their order."""
    data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    titles, found, seen = data["checklists"], [], set()
    for entry in data["requirement"]:
        name = entry.get("id", "?")
        if unknown := set(entry) - KEYS:
            raise Wrong(f"{name}: unknown key {', '.join(sorted(unknown))}")
        one = Requirement(**entry)
        if one.id in seen:
            raise Wrong(f"{name} stands twice")
        seen.add(one.id)
        if one.id.split("-")[0] not in titles:
            raise Wrong(f"{name} belongs to no checklist")
        if one.out_of_scope and (one.open or one.pending):
            raise Wrong(f"{name} is both out of scope and open")
        if one.pending != bool(one.expected) or (one.pending and not one.open):
            raise Wrong(f"{name}: pending needs the tests expected and says in open what is awaited")
        found.append(one)
    return titles, found


def read_about(path):
    """The title and the first words of the kept table; a data file that says nothing is that of SAML."""
    about = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("about", {})
    lead = about.get("lead") or (
        "What three checklists ask of a SAML identity provider, and which tests show it. It is our own reading of them,\n"
        "in our own words: **not a certification**, and nobody else has looked at it.")
    return about.get("title", "SAML conformance"), lead.strip().splitlines()


def worst(before, now):
    """Of two results of one test, as on two databases, the worse one counts."""
    order = ["passed", "skipped", "failed"]
    return max(before or "passed", now, key=order.index)


def read_cargo(text, results):
    """Output of `cargo test`, with both its streams: `Running …` tells which binary the lines are of."""
    target = None
    for line in text.splitlines():
        if binary := CARGO_BINARY.match(line):
            unit, source, stem = binary.groups()
            target = f"{stem}/{Path(source).name}" if unit else stem
        elif line.lstrip().startswith("Doc-tests "):
            target = None
        elif target and (test := CARGO_TEST.match(line)):
            name = f"{target}::{test[1]}"
            word = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}[test[2]]
            results[name] = worst(results.get(name), word)


def read_peers(text, results):
    """Output of the peers: Python's unittest, verbose, and node's test runner, TAP or spec."""
    current = None

    def record(name, word):
        results[name] = worst(results.get(name), word)

    for line in text.splitlines():
        if failure := PYTHON_FAILURE.match(line):
            record(f"peers/{failure[2]}", "failed")
            current = None
            continue
        if test := PYTHON_TEST.match(line):
            current = f"peers/{test[2]}"
        if current and (result := PYTHON_RESULT.search(line)):
            word = result[1]
            record(current, "passed" if word == "ok" else "skipped" if word.startswith("skipped") else "failed")
            current = None
        elif tap := NODE_TAP.match(line):
            record(f"node/{tap[2]}", "failed" if tap[1] else "skipped" if tap[3] else "passed")
        elif spec := NODE_SPEC.match(line):
            record(f"node/{spec[2]}", "passed" if spec[1] == "✔" else "failed")


def key_of(test):
    """The name under which the readers above record a test of the data file."""
    place, _, name = test.partition("::")
    if place == "peers":
        file, _, inside = name.partition("::")
        if file.endswith(".py"):
            return f"peers/{file[:-3]}.{inside.replace('::', '.')}"
        return f"node/{inside}"
    if place == "crates/saml":
        target, _, inside = name.partition("::")
        return f"saml/lib.rs::{inside}" if target == "lib" else f"{target}::{inside}"
    if place == "lib":
        return f"gatehouse/lib.rs::{name}"
    if place == "it":
        return f"it::{name}"
    raise Wrong(f"'{test}' does not say where the test is: crates/saml, lib, it or peers")


def peer_source_has(test):
    """Whether the file of a peers' test holds one of that name."""
    file, _, inside = test.removeprefix("peers::").partition("::")
    path = PEERS / file
    if not path.is_file():
        return False
    source = path.read_text(encoding="utf-8")
    if not file.endswith(".py"):
        return f"test('{inside}'" in source or f'test("{inside}"' in source
    parts = inside.split("::")
    if len(parts) != 2 or not re.search(rf"^class {re.escape(parts[0])}\b", source, re.M):
        return False
    body = re.split(rf"^class {re.escape(parts[0])}\b", source, maxsplit=1, flags=re.M)[1]
    body = re.split(r"^class \w", body, maxsplit=1, flags=re.M)[0]
    return re.search(rf"^    def {re.escape(parts[1])}\(", body, re.M) is not None


def judge(one, results, peers_read):
    """What the tests say about a requirement."""
    fails, by_peers = [], []
    for test in one.tests:
        result = results.get(key_of(test))
        if test.startswith("peers::") and not peers_read:
            by_peers.append(test)
            if not peer_source_has(test):
                fails.append(f"{test} does not exist")
        elif result is None:
            fails.append(f"{test} did not run or does not exist")
        elif result != "passed":
            fails.append(f"{test} {'was skipped' if result == 'skipped' else result}")
    if not (one.tests or one.open or one.out_of_scope):
        fails.append("it has neither a test nor a reason")
    if fails:
        return Verdict("failed", "failed: " + "; ".join(fails), fails)
    if one.out_of_scope:
        return Verdict("not offered", f"not offered: {one.out_of_scope}", [])
    if one.open:
        text = f"open: {one.open}"
        if one.pending and all(results.get(key_of(test)) == "passed" for test in one.expected):
            text += " (the tests expected pass: take this entry's `pending` away)"
        return Verdict("open", text, [])
    text = "passed"
    if by_peers:
        files = ", ".join(sorted({f"tests/peers/{test.split('::')[1]}" for test in by_peers}))
        text = f"by peers: {files}" if len(by_peers) == len(one.tests) else f"passed; also by peers: {files}"
    return Verdict("passed", f"{text}. {one.note}" if one.note else text, [])


def shown_by(one):
    """The tests of a row, those that are only expected in brackets."""
    return [*one.tests, *(f"[{test}]" for test in one.expected)]


def counted(verdicts):
    """`12 passed, 3 open`, in this order and without what there is none of."""
    counts = Counter(verdict.kind for verdict in verdicts)
    kinds = ["passed", "failed", "not offered", "open"]
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])


def as_text(titles, rows):
    """Aligned columns: id, what is asked, the tests, the verdict."""
    # A test's name is not broken: it is there to be copied.
    longest = max((len(test) for one, _ in rows for test in shown_by(one)), default=1)
    widths = (max(len(one.id) for one, _ in rows), 44, longest, 52)
    lines = []
    for prefix, title in titles.items():
        mine = [(one, verdict) for one, verdict in rows if one.id.split("-")[0] == prefix]
        lines += ["", f"{title}: {counted([verdict for _, verdict in mine])}", ""]
        for one, verdict in mine:
            cells = [[one.id], textwrap.wrap(one.asked, widths[1])]
            cells.append(shown_by(one) or ["–"])
            cells.append(textwrap.wrap(verdict.text, widths[3]))
            for number in range(max(map(len, cells))):
                pieces = (cell[number] if number < len(cell) else "" for cell in cells)
                lines.append("  ".join(f"{piece:{width}}" for piece, width in zip(pieces, widths)).rstrip())
    lines += ["", f"all: {counted([verdict for _, verdict in rows])}"]
    return "\n".join(lines).lstrip("\n")


def as_markdown(titles, rows, data):
    """The same as docs/conformance-saml.md and docs/conformance-oidc.md hold it."""
    title, lead = read_about(data)
    name = Path(data).name
    flags = "--markdown" if name == "saml.toml" else f"--of {Path(data).stem} --markdown"
    cell = lambda text: text.replace("|", "\\|")
    lines = [
        f"# {title}", "", *lead, "",
        f"Made by `tests/conformance/run.sh {flags}` from `tests/conformance/{name}`; change that file, not this one.",
        "Tests in brackets are awaited. `crates/saml` names a test file of the crate, `lib` the gateway's own unit tests,",
        "`it` its integration tests, `peers` the libraries of `tests/peers`.", "",
        f"All: {counted([verdict for _, verdict in rows])}.",
    ]
    for prefix, title in titles.items():
        mine = [(one, verdict) for one, verdict in rows if one.id.split("-")[0] == prefix]
        lines += ["", f"## {title}", "", f"{counted([verdict for _, verdict in mine])}.".capitalize(), "",
                  "| Requirement | Asked | Shown by | Verdict |", "|---|---|---|---|"]
        for one, verdict in mine:
            tests = "<br>".join(f"`{test}`" for test in shown_by(one)) or "–"
            lines.append(f"| {one.id} | {cell(one.asked)} | {cell(tests)} | {cell(verdict.text)} |")
    return "\n".join(lines)


def ids_of_markdown(text):
    """The requirements that a snapshot lists, in its order."""
    return re.findall(r"^\| ([A-Z]+-\S+) \|", text, re.M)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=HERE / "saml.toml", help="the requirements")
    parser.add_argument("--from-log", nargs="+", default=[], metavar="FILE", help="output of cargo test, both streams")
    parser.add_argument("--peers-log", nargs="+", default=[], metavar="FILE", help="output of tests/peers/run.sh")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--needed", metavar="PLACE", help="print the tests of lib or it that the table names, and end")
    options = parser.parse_args(arguments)
    titles, requirements = read_requirements(options.data)
    if options.needed:
        mark = f"{options.needed}::"
        names = {test.removeprefix(mark) for one in requirements for test in one.tests + one.expected
                 if test.startswith(mark)}
        print("\n".join(sorted(names)))
        return 0
    results = {}
    for files, read in ((options.from_log, read_cargo), (options.peers_log, read_peers)):
        for file in files:
            read(COLOUR.sub("", Path(file).read_text(encoding="utf-8", errors="replace")), results)
    rows = [(one, judge(one, results, bool(options.peers_log))) for one in requirements]
    print(as_markdown(titles, rows, options.data) if options.markdown else as_text(titles, rows))
    failed = [(one.id, fail) for one, verdict in rows for fail in verdict.fails]
    for name, fail in failed:
        print(f"conformance: {name}: {fail}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        sys.exit(f"conformance: {wrong}")
