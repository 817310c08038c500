"""Owns the journeys that every SAML library makes: signed requests, encrypted assertions, started on either side, logged
out from either side, and what it must refuse. Does not own the libraries (library_peers.py, node_peers.py).
"""

from support import checks, checks_logout, saml_xml, service_providers, state
from support.browser import Browser, Left, Posted, Shown, idp_metadata
from support.library_peers import Refused
from support.visitor import Carried


class Journeys:
    """Mixed into a TestCase that names its peer."""

    peer_class = None
    label = ""
    # How the library writes a RelayState that holds more than letters is its own affair.
    relay_state = "/back?x=1&y=\"2\""

    def setUp(self):
        self.state = state.load()
        self.peer = self.peer_class()
        self.slug = self.peer.slug
        self.idp = f"{self.state['url']}/saml2/{self.slug}/metadata"
        if hasattr(self.peer, "close"):
            self.addCleanup(self.peer.close)

    def posted(self, browser, binding) -> tuple[Posted, str]:
        going, request_id = self.peer.start(binding, self.relay_state)
        self.assertTrue(Carried(going, True).is_signed, "the request is not signed")
        posted = browser.deliver(going)
        self.assertIsInstance(posted, Posted, posted)
        self.assertEqual(posted.fields.get("RelayState"), self.relay_state)
        return posted, request_id

    def check(self, posted, in_response_to):
        return checks.response(
            self, posted, slug=self.slug, entity_id=service_providers.entity_id(self.slug),
            acs=service_providers.acs(self.slug), in_response_to=in_response_to, idp=self.idp,
            sealed=state.folder() / "sp.key")

    def signed_on(self, browser, binding="redirect") -> dict:
        posted, request_id = self.posted(browser, binding)
        root = self.check(posted, request_id)
        return self.person(self.peer.accept(posted.fields, request_id), root)

    def person(self, person, root) -> dict:
        maya = self.state["maya"]
        name_id = saml_xml.one(root, "//saml:Subject/saml:NameID")
        self.assertEqual(name_id.get("Format"), self.peer.name_id_format)
        self.assertEqual(person["name_id"], name_id.text)
        self.assertIn(person["format"], (self.peer.name_id_format, None))
        self.assertEqual(person["session_index"], saml_xml.one(root, "//saml:AuthnStatement").get("SessionIndex"))
        found = person["attributes"]
        self.assertEqual(found["email"], [maya["email"]])
        self.assertEqual(found["displayName"], [maya["display_name"]])
        self.assertEqual(found["department"], [maya["department"]])
        self.assertEqual(sorted(found["memberOf"]), maya["groups"])
        return person

    def test_request_signed_and_redirected(self):
        self.signed_on(Browser(), "redirect")

    def test_request_signed_and_posted(self):
        if "post" not in self.peer.bindings:
            self.skipTest(f"{self.label} has no requests by HTTP-POST")
        self.signed_on(Browser(), "post")

    def test_started_by_the_identity_provider(self):
        posted = Browser().get(f"/launch/{self.slug}")
        self.assertIsInstance(posted, Posted, posted)
        root = self.check(posted, None)
        self.person(self.peer.accept(posted.fields, None), root)

    def test_what_it_refuses(self):
        # The valid twin of each is any other journey: the same peer, the same message as it was sent.
        changes = {"a changed sealed part": saml_xml.resealed}
        if self.peer.reads_envelope:
            changes |= {
                "signatures taken away": saml_xml.without_signatures,
                "another recipient":
                    lambda sent: saml_xml.with_root_attribute(sent, "Destination", "https://x.example/"),
            }
        browser = Browser()
        for what, change in changes.items():
            with self.subTest(what):
                posted, request_id = self.posted(browser, "redirect")
                message = change(posted.fields["SAMLResponse"])
                with self.assertRaises(Refused):
                    self.peer.accept({**posted.fields, "SAMLResponse": message}, request_id)
        with self.subTest("another request"):
            posted, _ = self.posted(browser, "redirect")
            with self.assertRaises(Refused):
                self.peer.accept(posted.fields, "_another")

    def test_a_strangers_certificate_is_not_trusted(self):
        document = idp_metadata(self.slug).text
        root = saml_xml.parse(document.encode())
        for each in saml_xml.every(root, "//ds:X509Certificate"):
            pem = service_providers.read("stranger.crt")
            each.text = "".join(line for line in pem.splitlines() if not line.startswith("-"))
        misled = self.peer_class(saml_xml.etree.tostring(root).decode())
        if hasattr(misled, "close"):
            self.addCleanup(misled.close)
        posted = Browser().get(f"/launch/{self.slug}")
        with self.assertRaises(Refused):
            misled.accept(posted.fields, None)
        self.peer.accept(posted.fields, None)

    def test_logged_out_by_the_app(self):
        browser = Browser()
        person = self.signed_on(browser)
        going, request_id = self.peer.logout(person, "bye")
        self.assertTrue(Carried(going, True).is_signed)
        answer = browser.deliver(going)
        self.assertIsInstance(answer, Left | Posted, answer)
        carried = Carried(answer, False)
        self.assertEqual(carried.fields.get("RelayState"), "bye")
        checks_logout.response(self, carried, idp=self.idp, in_response_to=request_id)
        self.peer.logged_out(answer, request_id)
        self.ended(browser)

    def test_logged_out_by_the_identity_provider(self):
        browser = Browser()
        person = self.signed_on(browser)
        going = browser.sign_out()
        self.assertIsInstance(going, Left | Posted, going)
        checks_logout.request(self, Carried(going, False), idp=self.idp, name_id=person["name_id"],
                              session_index=person["session_index"])
        name_id, answer = self.peer.asked(going)
        self.assertEqual(name_id, person["name_id"])
        shown = browser.deliver(answer)
        self.assertIsInstance(shown, Shown, shown)
        closed = shown.page.text.partition("signed out of these apps too")[2]
        self.assertIn(self.label, closed, shown)
        self.ended(browser)

    def test_a_changed_logout_request_is_refused_by_it(self):
        browser = Browser()
        self.signed_on(browser)
        going = browser.sign_out()
        changed = Left(going.url.replace("SAMLRequest=", "SAMLRequest=A", 1)) if isinstance(going, Left) else \
            Posted(going.action, {**going.fields, "SAMLRequest": saml_xml.tampered_name(going.fields["SAMLRequest"])})
        with self.assertRaises(Refused):
            self.peer.asked(changed)
        self.peer.asked(going)

    def ended(self, browser):
        """The gateway's own session is over: the next sign-on asks for the password."""
        typed = browser.passwords_typed
        self.posted(browser, "redirect")
        self.assertEqual(browser.passwords_typed, typed + 1)
