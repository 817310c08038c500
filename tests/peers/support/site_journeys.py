"""Owns the journeys through an SP that is a program of its own, by a browser that both sides send about: signed
requests, encrypted assertions, started on either side, logged out from either side. Does not own the programs (sites).
"""

from urllib.parse import urlsplit

from support import checks, checks_logout, saml_xml, state
from support.browser import Posted, Shown, idp_metadata
from support.visitor import Visitor


def keep_idp_metadata(slug: str) -> bytes:
    """The gateway's metadata, where the SP of this slug reads it."""
    document = idp_metadata(slug).content
    (state.folder() / f"{slug}.idp.xml").write_bytes(document)
    return document


class Journeys:
    """Mixed into a TestCase that names its SP, its addresses, and how it tells who is signed in."""

    slug = ""
    label = ""
    entity_id = ""
    acs = ""
    page = ""
    logout = ""
    name_id_format = ""
    # Whether our LogoutRequest comes to it by the browser.
    front_channel = True
    # Whether its LogoutRequest comes from its server, by SOAP.
    logs_out_by_soap = False
    # Whether it wants no LogoutResponse, by the extension for that: the browser ends at our page.
    is_asynchronous = False
    # Whether it refuses a response that is not itself signed, though its assertion is.
    wants_both_signatures = False

    @classmethod
    def at(cls, path: str) -> str:
        return state.load()["sites"][cls.slug] + path

    @classmethod
    def key(cls):
        return state.folder() / "sp.key"

    def setUp(self):
        self.state = state.load()
        self.idp = f"{self.state['url']}/saml2/{self.slug}/metadata"

    def told(self, answer) -> dict:
        """What the SP's page says of the person."""
        raise NotImplementedError

    def signed_in(self, visitor) -> bool:
        """Whether the SP has a session of this browser, asked without signing anybody on."""
        raise NotImplementedError

    def check(self, visitor, in_response_to: str | None) -> dict:
        """The last Response, and what the SP made of it."""
        carried = visitor.last("Response")
        root = checks.response(
            self, carried.going, slug=self.slug, entity_id=self.at(self.entity_id), acs=self.at(self.acs),
            in_response_to=in_response_to, idp=self.idp, sealed=self.key())
        name_id = saml_xml.one(root, "//saml:Subject/saml:NameID")
        self.assertEqual(name_id.get("Format"), self.name_id_format)
        return {"name_id": name_id.text,
                "session_index": saml_xml.one(root, "//saml:AuthnStatement").get("SessionIndex")}

    def person(self, answer, sent: dict) -> None:
        self.assertNotIsInstance(answer, Shown, answer)
        self.assertEqual(answer.status_code, 200, f"{answer.url}: {answer.text[:2000]}")
        told, maya = self.told(answer), self.state["maya"]
        self.assertEqual(told["name_id"], sent["name_id"])
        found = told["attributes"]
        self.assertEqual(found["email"], [maya["email"]])
        self.assertEqual(found["displayName"], [maya["display_name"]])
        self.assertEqual(found["department"], [maya["department"]])
        self.assertEqual(sorted(found["memberOf"]), maya["groups"])

    def signed_on(self, visitor=None) -> tuple[Visitor, dict]:
        visitor = visitor or Visitor()
        answer = visitor.open(self.at(self.page))
        self.assertEqual(visitor.kinds()[-2:], ["AuthnRequest", "Response"], answer)
        request = visitor.last("AuthnRequest")
        self.assertTrue(request.is_signed)
        sent = self.check(visitor, request.root.get("ID"))
        self.assertEqual(urlsplit(answer.url).path, urlsplit(self.at(self.page)).path, "where the person wanted to go")
        self.person(answer, sent)
        return visitor, sent

    def test_request_signed_and_assertion_encrypted(self):
        visitor, _ = self.signed_on()
        self.assertTrue(self.signed_in(visitor))
        self.assertEqual(visitor.gateway.passwords_typed, 1)

    def test_started_by_the_identity_provider(self):
        visitor = Visitor()
        visitor.arrive(visitor.gateway.get(f"/launch/{self.slug}"))
        self.assertEqual(visitor.kinds(), ["Response"])
        sent = self.check(visitor, None)
        self.person(visitor.open(self.at(self.page)), sent)
        self.assertEqual(visitor.kinds(), ["Response"], "it asked again for what it was told")

    def test_what_it_refuses(self):
        # The valid twin of each is the journey above: the same message as it was sent.
        changes = {"a changed sealed part": saml_xml.resealed,
                   "another recipient":
                       lambda sent: saml_xml.with_root_attribute(sent, "Destination", "https://x.example/")}
        if self.wants_both_signatures:
            changes["signatures taken away"] = saml_xml.without_signatures
        for what, change in changes.items():
            with self.subTest(what):
                visitor = Visitor()
                posted = visitor.gateway.get(f"/launch/{self.slug}")
                self.assertIsInstance(posted, Posted, posted)
                changed = {**posted.fields, "SAMLResponse": change(posted.fields["SAMLResponse"])}
                visitor.arrive(Posted(posted.action, changed))
                self.assertFalse(self.signed_in(visitor))

    def test_logged_out_by_the_app(self):
        visitor, _ = self.signed_on()
        shown = visitor.open(self.at(self.logout))
        if self.is_asynchronous:
            request = visitor.carried[-1]
            self.assertEqual(request.kind, "LogoutRequest")
            saml_xml.one(request.root, "/samlp:LogoutRequest/samlp:Extensions/*[local-name()='Asynchronous']")
            self.assertIsInstance(shown, Shown)
            self.assertIn("signed out", shown.page.heading, shown)
            self.over(visitor)
            return
        if self.logs_out_by_soap:
            self.assertEqual(visitor.kinds()[-1], "Response", "its server told ours, not the browser")
            self.over(visitor)
            return
        self.assertEqual(visitor.kinds()[-2:], ["LogoutRequest", "LogoutResponse"])
        request = visitor.last("LogoutRequest")
        self.assertTrue(request.is_signed)
        checks_logout.response(self, visitor.last("LogoutResponse"), idp=self.idp,
                               in_response_to=request.root.get("ID"))
        self.over(visitor)

    def test_logged_out_by_the_identity_provider(self):
        visitor, sent = self.signed_on()
        shown = visitor.arrive(visitor.gateway.sign_out())
        self.assertIsInstance(shown, Shown, shown)
        if self.front_channel:
            self.assertEqual(visitor.kinds()[-2:], ["LogoutRequest", "LogoutResponse"], shown)
            checks_logout.request(self, visitor.last("LogoutRequest"), idp=self.idp, name_id=sent["name_id"],
                                  session_index=sent["session_index"])
        else:
            self.assertEqual(visitor.kinds()[-1], "Response", "the app's server was told, not the browser")
        self.assertIn(self.label, shown.page.text.partition("signed out of these apps too")[2], shown)
        self.over(visitor)

    def over(self, visitor) -> None:
        """Both sessions are: the app's, and the gateway's, which asks for the password again."""
        self.assertFalse(self.signed_in(visitor))
        typed = visitor.gateway.passwords_typed
        self.signed_on(visitor)
        self.assertEqual(visitor.gateway.passwords_typed, typed + 1)
