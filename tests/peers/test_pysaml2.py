"""pysaml2 as the SP, with xmlsec1 verifying. Owns its sign-ons and what it refuses of them."""

import re
import unittest
from html import unescape

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.response import StatusError

from support import checks, saml_xml, service_providers, state
from support.browser import Browser, Posted, idp_metadata
from support.service_providers import NAME_ID


class Peer(unittest.TestCase):
    """The two halves of a sign-on as the SP sees them."""

    def setUp(self):
        self.state = state.load()

    def client(self, slug, **options):
        return service_providers.pysaml2(slug, idp_metadata(slug).text, **options)

    def request(self, client, slug, browser, binding, relay_state, **options):
        """Sends the SP's request by its binding; gives the request's ID and what came of it."""
        request_id, _, info = client.prepare_for_negotiated_authenticate(
            entityid=idp_entity_id(client), relay_state=relay_state, binding=binding,
            # The library's own defaults are SHA-1.
            sigalg=service_providers.RSA_SHA256, digest_alg=service_providers.SHA256, **options)
        if binding == BINDING_HTTP_REDIRECT:
            return request_id, browser.get(dict(info["headers"])["Location"])
        fields = dict(re.findall(r'name="(SAMLRequest|RelayState)" value="([^"]*)"', info["data"]))
        self.assertEqual(info["url"], f"{self.state['url']}/saml2/{slug}")
        return request_id, browser.post(info["url"], {name: unescape(value) for name, value in fields.items()})

    def complete(self, slug, browser, binding, relay_state="/back?x=1&y=\"2\"", **options):
        client = self.client(slug)
        request_id, posted = self.request(client, slug, browser, binding, relay_state, **options)
        self.assertIsInstance(posted, Posted)
        self.assertEqual(posted.fields.get("RelayState"), relay_state)
        checks.response(self, posted, slug=slug, entity_id=service_providers.entity_id(slug),
                        acs=service_providers.acs(slug), in_response_to=request_id, idp=idp_entity_id(client))
        answer = client.parse_authn_request_response(
            posted.fields["SAMLResponse"], BINDING_HTTP_POST, {request_id: relay_state})
        self.assertIsNotNone(answer)
        self.assertEqual(answer.in_response_to, request_id)
        self.person(answer)
        return client, request_id, posted

    def person(self, answer):
        maya = self.state["maya"]
        subject = answer.get_subject()
        self.assertEqual(subject.text, maya["email"])
        self.assertEqual(subject.format, NAME_ID + "emailAddress")
        self.assertTrue(answer.session_info()["session_index"])
        self.assertEqual(answer.ava["email"], [maya["email"]])
        self.assertEqual(answer.ava["displayName"], [maya["display_name"]])
        self.assertEqual(answer.ava["department"], [maya["department"]])
        self.assertEqual(sorted(answer.ava["memberOf"]), maya["groups"])


class SignOn(Peer):
    def test_request_signed_and_posted(self):
        self.complete("pysaml2-post", Browser(), BINDING_HTTP_POST, sign=True)

    def test_request_posted_when_already_signed_in(self):
        browser = Browser()
        browser.sign_in()
        self.complete("pysaml2-post", browser, BINDING_HTTP_POST, sign=True)
        self.assertEqual(browser.passwords_typed, 1)

    def test_request_signed_and_redirected(self):
        self.complete("pysaml2-post", Browser(), BINDING_HTTP_REDIRECT, sign=True)

    def test_request_unsigned_and_redirected(self):
        self.complete("pysaml2-plain", Browser(), BINDING_HTTP_REDIRECT, sign=False)

    def test_request_unsigned_and_posted(self):
        self.complete("pysaml2-plain", Browser(), BINDING_HTTP_POST, sign=False)

    def test_started_by_the_identity_provider(self):
        slug = "pysaml2-plain"
        posted = Browser().get(f"/launch/{slug}")
        self.assertIsInstance(posted, Posted)
        client = self.client(slug, unsolicited=True)
        answer = client.parse_authn_request_response(posted.fields["SAMLResponse"], BINDING_HTTP_POST, {})
        self.person(answer)
        self.assertFalse(answer.in_response_to)

    def test_passive_without_a_session(self):
        client = self.client("pysaml2-post")
        request_id, posted = self.request(
            client, "pysaml2-post", Browser(), BINDING_HTTP_POST, "r", sign=True, is_passive="true")
        self.assertIsInstance(posted, Posted)
        root = saml_xml.decode(posted.fields["SAMLResponse"])
        self.assertEqual(saml_xml.status_codes(root), ["Responder", "NoPassive"])
        # The SP wants responses signed, and a refusal is one.
        saml_xml.one(root, "/samlp:Response/ds:Signature")
        with self.assertRaises(StatusError):
            client.parse_authn_request_response(posted.fields["SAMLResponse"], BINDING_HTTP_POST, {request_id: "r"})

    def test_tampered_responses_are_refused(self):
        client, request_id, posted = self.complete("pysaml2-post", Browser(), BINDING_HTTP_POST, sign=True)
        sent = posted.fields["SAMLResponse"]
        for name, changed in (("a changed attribute", saml_xml.tampered_value(sent)),
                              ("signatures taken away", saml_xml.without_signatures(sent))):
            with self.subTest(name):
                # The twin: a fresh client takes the message as it was sent.
                twin = self.client("pysaml2-post")
                self.assertIsNotNone(twin.parse_authn_request_response(sent, BINDING_HTTP_POST, {request_id: "r"}))
                self.assertTrue(refuses(self.client("pysaml2-post"), changed, {request_id: "r"}))
        with self.subTest("another request"):
            self.assertTrue(refuses(self.client("pysaml2-post"), sent, {"_another": "r"}))

    def test_unsolicited_is_refused_by_an_sp_that_does_not_allow_it(self):
        posted = Browser().get("/launch/pysaml2-plain")
        self.assertTrue(refuses(self.client("pysaml2-plain"), posted.fields["SAMLResponse"], {}))


def idp_entity_id(client) -> str:
    (found,) = client.metadata.keys()
    return found


def refuses(client, message, outstanding) -> bool:
    """pysaml2 says no by raising one of many errors, or by giving nothing back."""
    try:
        return client.parse_authn_request_response(message, BINDING_HTTP_POST, outstanding) is None
    except Exception as refusal:  # any refusal is one; a bug of this test would fail in the twin too
        print(f"  refused: {type(refusal).__name__}: {str(refusal)[:100]}")
        return True
