"""What the gateway refuses of SAML requests, each beside the valid twin. Does not own what peers refuse."""

import base64
import unittest
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from saml2 import BINDING_HTTP_POST

import test_pysaml2
from support import checks, saml_xml, service_providers
from support.authn_requests import authn_request, redirect
from support.browser import Browser, Posted, Shown, idp_metadata

class RequestCase(unittest.TestCase):
    """The two verdicts."""

    def taken(self, address, browser=None):
        posted = (browser or Browser()).get(address)
        self.assertIsInstance(posted, Posted, posted)
        self.assertEqual(saml_xml.status_codes(saml_xml.decode(posted.fields["SAMLResponse"])), ["Success"])

    def refused(self, address, what):
        """Refused before and after the person signs in: no page asks for a password first."""
        checks.refused(self, Browser(username=None).get(address), what)
        signed_in = Browser()
        signed_in.sign_in()
        checks.refused(self, signed_in.get(address), what)


class Requests(RequestCase):
    """Unsigned requests to an SP that may send them."""

    slug = "py3saml-plain"

    def test_valid_twin(self):
        self.taken(redirect(self.slug, authn_request(self.slug)))

    def test_reply_address_that_is_not_on_the_list(self):
        good = service_providers.acs(self.slug)
        for acs in (f"{good}/", f"{good}?x", good.upper(), good.replace("127.0.0.1", "localhost"),
                    "https://attacker.example/acs", good + "/../evil", "javascript:alert(1)"):
            with self.subTest(acs):
                self.refused(redirect(self.slug, authn_request(self.slug, AssertionConsumerServiceURL=acs)), acs)

    def test_another_issuer(self):
        for issuer in ("https://stranger.example", service_providers.entity_id("assertion-only"), ""):
            with self.subTest(issuer):
                self.refused(redirect(self.slug, authn_request(self.slug, issuer=issuer)), issuer)

    def test_another_destination(self):
        destination = "https://idp.elsewhere.example/saml2/py3saml-plain"
        self.refused(redirect(self.slug, authn_request(self.slug, Destination=destination)), "destination")

    def test_an_old_request_and_one_from_the_future(self):
        for minutes in (-60, 60):
            at = (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
            for person in (None, "maya"):
                with self.subTest(minutes=minutes, person=person):
                    outcome = Browser(person).get(redirect(self.slug, authn_request(self.slug, IssueInstant=at)))
                    checks.not_granted(self, outcome, f"{minutes} min")

    def test_a_replayed_request(self):
        address = redirect(self.slug, authn_request(self.slug))
        self.taken(address)
        self.refused(address, "a request used twice")

    def test_documents_that_are_no_requests(self):
        doctype = '<!DOCTYPE x [<!ENTITY e "v">]>' + authn_request(self.slug)
        for what, xml in (("not XML", "hello"), ("cut short", authn_request(self.slug)[:200]),
                          ("DOCTYPE", doctype), ("empty", ""), ("another root", "<x/>"),
                          ("bomb", "<!--" + "a" * 50_000_000 + "-->")):
            with self.subTest(what):
                self.refused(redirect(self.slug, xml), what)

    def test_a_parameter_that_is_no_message(self):
        for value in ("%%%", "AAAA", "<xml/>"):
            with self.subTest(value):
                self.refused(f"/saml2/{self.slug}?SAMLRequest={quote(value)}", value)

    def test_an_app_that_does_not_exist(self):
        checks.refused(self, Browser().get("/saml2/nobody"), "unknown app")

    def test_a_person_without_the_app(self):
        """Implicit deny, whichever side starts. After verification the SP may be told by a status."""
        for address in (f"/launch/{self.slug}", redirect(self.slug, authn_request(self.slug))):
            with self.subTest(address[:30]):
                outcome = Browser("omar").get(address)
                checks.not_granted(self, outcome, "a person without the app")


class SignedRequests(RequestCase):
    """An SP whose metadata says that it signs its requests."""

    slug = "py3saml-signed"

    def signed(self, key="sp", algorithm=service_providers.RSA_SHA256):
        settings = service_providers.python3_saml_settings(
            self.slug, signed=True, key=key, idp_metadata=idp_metadata(self.slug).text)
        settings["security"]["signatureAlgorithm"] = algorithm
        return service_providers.python3_saml(settings).login(return_to="r")

    def test_valid_twin(self):
        self.taken(self.signed())

    def test_a_request_without_a_signature(self):
        self.refused(redirect(self.slug, authn_request(self.slug)), "unsigned")

    def test_signature_parameters_taken_away(self):
        for gone in ("Signature", "SigAlg"):
            with self.subTest(gone):
                parts = urlsplit(self.signed())
                kept = [(name, value) for name, value in parse_qsl(parts.query) if name != gone]
                self.refused(f"{parts.path}?{urlencode(kept)}", f"without {gone}")

    def test_signed_by_another_key(self):
        self.refused(self.signed(key="stranger"), "a stranger's key")

    def test_changed_after_signing(self):
        self.refused(self.signed().replace("RelayState=r", "RelayState=s"), "RelayState changed")

    def test_a_sha1_signature(self):
        self.refused(self.signed(algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"), "SHA-1")


class PostedRequests(test_pysaml2.Peer):
    """The HTTP-POST binding with an enveloped signature."""

    def posted(self, change):
        client = self.client("pysaml2-post")
        _, message = client.create_authn_request(
            f"{self.state['url']}/saml2/pysaml2-post", binding=BINDING_HTTP_POST, sign=True,
            sign_alg=service_providers.RSA_SHA256, digest_alg=service_providers.SHA256)
        raw = change(str(message).encode())
        return Browser(username=None).post(
            "/saml2/pysaml2-post", {"SAMLRequest": base64.b64encode(raw).decode(), "RelayState": "r"})

    def test_changed_after_signing(self):
        twin = self.posted(lambda raw: raw)
        self.assertIsInstance(twin, Shown)
        self.assertEqual(twin.status, 200, "the valid twin asks who it is")
        acs = service_providers.acs("pysaml2-post").encode()
        changed = self.posted(lambda raw: raw.replace(acs, acs + b"/evil"))
        checks.refused(self, changed, "ACS changed after signing")

    def test_signature_taken_away(self):
        def strip(raw):
            root = saml_xml.parse(raw)
            for signature in saml_xml.every(root, "ds:Signature"):
                root.remove(signature)
            return saml_xml.etree.tostring(root)

        checks.refused(self, self.posted(strip), "signature taken away")
