"""python3-saml in strict mode as the SP. Owns its sign-ons; refusals are in test_refusals.py."""

import unittest
from urllib.parse import urlsplit

from support import checks, saml_xml, service_providers, state
from support.browser import Browser, Posted, idp_metadata
from support.service_providers import NAME_ID, NAME_ID_2

PASSWORD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


class Peer(unittest.TestCase):
    """The two halves of a sign-on as the SP sees them."""

    def setUp(self):
        self.state = state.load()

    def settings(self, slug, **options):
        return service_providers.python3_saml_settings(slug, idp_metadata=idp_metadata(slug).text, **options)

    def start(self, settings, return_to, **options):
        """The request of the SP: its address and its ID."""
        auth = service_providers.python3_saml(settings)
        address = auth.login(return_to=return_to, **options)
        self.assertEqual(urlsplit(address)[:2], urlsplit(self.state["url"])[:2])
        return address, auth.get_last_request_id()

    def finish(self, settings, posted, request_id):
        """The SP's verdict at its ACS."""
        auth = service_providers.python3_saml(settings, post=posted.fields)
        auth.process_response(request_id=request_id)
        self.assertEqual(auth.get_errors(), [], auth.get_last_error_reason())
        self.assertTrue(auth.is_authenticated())
        self.assertTrue(auth.get_session_index())
        return auth

    def attributes(self, auth):
        maya = self.state["maya"]
        found = auth.get_attributes()
        self.assertEqual(found["email"], [maya["email"]])
        self.assertEqual(found["displayName"], [maya["display_name"]])
        self.assertEqual(found["department"], [maya["department"]])
        self.assertEqual(found["plan"], ["enterprise & <more>"])
        return found

    def complete(self, slug, settings, browser, relay_state, signed=(True, True), **login):
        address, request_id = self.start(settings, relay_state, **login)
        posted = browser.get(address)
        self.assertIsInstance(posted, Posted)
        self.assertEqual(posted.fields.get("RelayState"), relay_state)
        root = checks.response(
            self, posted, slug=slug, entity_id=settings["sp"]["entityId"],
            acs=settings["sp"]["assertionConsumerService"]["url"], in_response_to=request_id,
            idp=settings["idp"]["entityId"], assertion_signed=signed[0], response_signed=signed[1])
        return self.finish(settings, posted, request_id), root, posted


class SignOn(Peer):
    def test_signed_request_with_everything_signed(self):
        settings = self.settings("py3saml-signed", signed=True, name_id=NAME_ID + "emailAddress")
        # XS-16: a RelayState is echoed byte for byte, whatever it holds.
        relay_state = f"{self.state['sp_base']}/où?a=1&b=\"<x>\"+%2B 'y'"
        auth, _, _ = self.complete("py3saml-signed", settings, Browser(), relay_state)
        self.assertEqual(auth.get_nameid(), self.state["maya"]["email"])
        self.assertEqual(auth.get_nameid_format(), NAME_ID + "emailAddress")
        self.assertEqual(auth.get_last_authn_contexts(), [PASSWORD_CONTEXT])
        found = self.attributes(auth)
        self.assertEqual(sorted(found["memberOf"]), self.state["maya"]["groups"])

    def test_signing_in_by_email_address(self):
        settings = self.settings("py3saml-signed", signed=True)
        auth, _, _ = self.complete("py3saml-signed", settings, Browser(by_email=True), "handle-1")
        self.assertEqual(auth.get_nameid(), self.state["maya"]["email"])

    def test_an_existing_session_needs_no_password(self):
        settings = self.settings("py3saml-signed", signed=True)
        browser = Browser()
        first, _, _ = self.complete("py3saml-signed", settings, browser, "one")
        typed = browser.passwords_typed
        self.assertEqual(typed, 1)
        second, _, _ = self.complete("py3saml-signed", settings, browser, "two")
        self.assertEqual(browser.passwords_typed, typed)
        # XS-14
        self.assertNotEqual(first.get_last_assertion_id(), second.get_last_assertion_id())
        self.assertNotEqual(first.get_last_message_id(), second.get_last_message_id())

    def test_force_authn_asks_for_the_password_again(self):
        settings = self.settings("py3saml-signed", signed=True)
        browser = Browser()
        self.complete("py3saml-signed", settings, browser, "one")
        self.complete("py3saml-signed", settings, browser, "two", force_authn=True)
        self.assertEqual(browser.passwords_typed, 2)

    def test_unsigned_request_and_a_persistent_name(self):
        settings = self.settings("py3saml-plain", signed=False, name_id=NAME_ID_2 + "persistent", context=False)
        browser = Browser()
        first, _, _ = self.complete("py3saml-plain", settings, browser, "a b")
        self.assertEqual(first.get_nameid_format(), NAME_ID_2 + "persistent")
        # IIP-IDP21: letters of one case only, so that no two names differ by their case alone.
        self.assertRegex(first.get_nameid(), r"\A[a-z2-7]{32}\Z")
        second, _, _ = self.complete("py3saml-plain", settings, Browser(), "c")
        self.assertEqual(first.get_nameid(), second.get_nameid())
        self.assertEqual(sorted(self.attributes(second)["memberOf"]), self.state["maya"]["groups"])

    def test_started_by_the_identity_provider(self):
        slug = "py3saml-plain"
        settings = self.settings(slug, signed=False, name_id=NAME_ID_2 + "persistent", context=False)
        for start in (f"/launch/{slug}", f"/saml2/{slug}"):
            with self.subTest(start=start):
                posted = Browser().get(start)
                self.assertIsInstance(posted, Posted)
                self.assertEqual(posted.fields.get("RelayState"), self.state["plain_relay_state"])
                checks.response(self, posted, slug=slug, entity_id=settings["sp"]["entityId"],
                                acs=settings["sp"]["assertionConsumerService"]["url"], in_response_to=None,
                                idp=settings["idp"]["entityId"])
                self.attributes(self.finish(settings, posted, None))

    def test_started_by_the_identity_provider_for_an_sp_that_signs(self):
        slug = "py3saml-signed"
        settings = self.settings(slug, signed=True)
        posted = Browser().get(f"/launch/{slug}")
        self.assertIsInstance(posted, Posted)
        self.assertNotIn("RelayState", posted.fields)
        self.attributes(self.finish(settings, posted, None))

    def test_only_the_assertion_signed(self):
        settings = self.settings("assertion-only", signed=False, want_response=False)
        auth, _, posted = self.complete("assertion-only", settings, Browser(), "r", signed=(True, False))
        self.assertEqual(auth.get_nameid_format(), NAME_ID + "unspecified")
        self.attributes(auth)
        strict = service_providers.python3_saml(
            self.settings("assertion-only", signed=False), post=posted.fields)
        strict.process_response(request_id=auth.get_last_response_in_response_to())
        self.assertIn("invalid_response", strict.get_errors())

    def test_only_the_response_signed(self):
        settings = self.settings("response-only", signed=False, want_assertion=False)
        auth, _, posted = self.complete("response-only", settings, Browser(), "r", signed=(False, True))
        self.attributes(auth)
        strict = service_providers.python3_saml(
            self.settings("response-only", signed=False), post=posted.fields)
        strict.process_response(request_id=auth.get_last_response_in_response_to())
        self.assertIn("invalid_response", strict.get_errors())

    def test_no_attributes_and_a_transient_name(self):
        settings = self.settings("no-attributes", signed=False, want_attributes=False,
                                 name_id=NAME_ID_2 + "transient", context=False)
        browser = Browser()
        first, root, _ = self.complete("no-attributes", settings, browser, "r")
        self.assertEqual(saml_xml.every(root, "//saml:AttributeStatement"), [])
        self.assertEqual(first.get_nameid_format(), NAME_ID_2 + "transient")
        second, _, _ = self.complete("no-attributes", settings, browser, "r")
        # Core §8.3.8: a transient identifier is not to be matched across sign-ons.
        self.assertNotEqual(first.get_nameid(), second.get_nameid())

    def test_passive_without_a_session_is_told_so(self):
        for slug, signed in (("py3saml-signed", True), ("py3saml-plain", False)):
            with self.subTest(slug=slug):
                name_id = NAME_ID + "unspecified" if signed else NAME_ID_2 + "persistent"
                settings = self.settings(slug, signed=signed, name_id=name_id)
                address, request_id = self.start(settings, "passive & quiet", is_passive=True)
                posted = Browser().get(address)
                self.assertIsInstance(posted, Posted)
                self.assertEqual(posted.fields.get("RelayState"), "passive & quiet")
                root = saml_xml.decode(posted.fields["SAMLResponse"])
                # Core §3.4.1: the second-level code is NoPassive. §3.2.2.2: Responder, the fault is not the sender's.
                self.assertEqual(saml_xml.status_codes(root), ["Responder", "NoPassive"])
                self.assertEqual(root.get("InResponseTo"), request_id)
                self.assertEqual(root.get("Destination"), posted.action)
                self.assertEqual(saml_xml.every(root, "//saml:Assertion"), [])
                auth = service_providers.python3_saml(settings, post=posted.fields)
                auth.process_response(request_id=request_id)
                self.assertFalse(auth.is_authenticated())
                self.assertIn("NoPassive", auth.get_last_error_reason())

    def test_passive_with_a_session_succeeds(self):
        settings = self.settings("py3saml-signed", signed=True)
        browser = Browser()
        browser.sign_in()
        self.complete("py3saml-signed", settings, browser, "r", is_passive=True)


class Refusals(Peer):
    """The valid twin of each is above: the same peer, the same message, one thing changed."""

    def setUp(self):
        super().setUp()
        self.settings_ = self.settings("py3saml-signed", signed=True)
        address, self.request_id = self.start(self.settings_, "r")
        self.posted = Browser().get(address)
        self.finish(self.settings_, self.posted, self.request_id)

    def refuses(self, settings, fields, request_id):
        auth = service_providers.python3_saml(settings, post=fields)
        auth.process_response(request_id=request_id)
        self.assertIn("invalid_response", auth.get_errors())
        self.assertFalse(auth.is_authenticated())

    def test_a_changed_attribute(self):
        changed = saml_xml.tampered_value(self.posted.fields["SAMLResponse"])
        self.refuses(self.settings_, {"SAMLResponse": changed}, self.request_id)

    def test_signatures_taken_away(self):
        changed = saml_xml.without_signatures(self.posted.fields["SAMLResponse"])
        self.refuses(self.settings_, {"SAMLResponse": changed}, self.request_id)

    def test_another_certificate(self):
        self.settings_["idp"]["x509cert"] = service_providers.read("stranger.crt")
        self.settings_["idp"].pop("x509certMulti", None)
        self.refuses(self.settings_, self.posted.fields, self.request_id)

    def test_another_request(self):
        self.refuses(self.settings_, self.posted.fields, "_another")

    def test_another_audience(self):
        self.settings_["sp"]["entityId"] += "/other"
        self.refuses(self.settings_, self.posted.fields, self.request_id)

