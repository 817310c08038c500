"""The many shapes of a valid AuthnRequest that SPs send (interop XQ-01 to XQ-07), and those that are
valid but can't be met. Does not own requests that are refused as wrong (test_refusals.py).
"""

import unittest

from support import checks, saml_xml, service_providers
from support.authn_requests import authn_request, redirect
from support.browser import Browser, Posted
from support.service_providers import NAME_ID, NAME_ID_2

SLUG = "py3saml-plain"
CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"


def policy(attributes: str) -> str:
    return f"<samlp:NameIDPolicy {attributes}/>"


def context(comparison: str, *classes: str) -> str:
    refs = "".join(f"<saml:AuthnContextClassRef>{CLASSES}{name}</saml:AuthnContextClassRef>" for name in classes)
    return f"<samlp:RequestedAuthnContext{comparison}>{refs}</samlp:RequestedAuthnContext>"


class Shapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.browser.sign_in()

    def answer(self, xml, **more):
        posted = self.browser.get(redirect(SLUG, xml, **more))
        self.assertIsInstance(posted, Posted, posted)
        return posted, saml_xml.decode(posted.fields["SAMLResponse"])

    def test_shapes_that_are_taken(self):
        declared = '<?xml version="1.0" encoding="UTF-8"?>\n'
        no_acs = {"AssertionConsumerServiceURL": None, "ProtocolBinding": None}
        shapes = {
            "no NameIDPolicy (XQ-04)": authn_request(SLUG),
            "NameIDPolicy without Format": authn_request(SLUG, inside=policy('AllowCreate="true"')),
            "NameIDPolicy unspecified": authn_request(SLUG, inside=policy(f'Format="{NAME_ID}unspecified"')),
            "NameIDPolicy persistent": authn_request(
                SLUG, inside=policy(f'Format="{NAME_ID_2}persistent" AllowCreate="false"')),
            "Issuer with Format entity (XQ-05)": authn_request(
                SLUG, issuer_attributes=f' Format="{NAME_ID_2}entity"'),
            "no ACS: the default of the SP": authn_request(SLUG, **no_acs),
            "ACS by index": authn_request(SLUG, **no_acs, AssertionConsumerServiceIndex="0"),
            "no Destination on an unsigned request": authn_request(SLUG, Destination=None),
            "another prefix": authn_request(SLUG, prefix="saml2p"),
            "an XML declaration": declared + authn_request(SLUG),
            "a BOM": "\ufeff" + authn_request(SLUG),
            "white space between elements": authn_request(SLUG, inside="\n  "),
            "a ProviderName": authn_request(SLUG, ProviderName="R&D <app>"),
            "milliseconds in IssueInstant": authn_request(SLUG).replace("Z\"", ".123Z\"", 1),
            "RequestedAuthnContext it can meet": authn_request(
                SLUG, inside=context(' Comparison="exact"', "PasswordProtectedTransport")),
            "one of several contexts": authn_request(SLUG, inside=context("", "X509", "PasswordProtectedTransport")),
            "at least a password": authn_request(SLUG, inside=context(' Comparison="minimum"', "Password")),
            "Scoping": authn_request(SLUG, inside='<samlp:Scoping ProxyCount="0"/>'),
            "Extensions": authn_request(
                SLUG, inside='<samlp:Extensions><x:y xmlns:x="urn:x">1</x:y></samlp:Extensions>'),
        }
        for what, xml in shapes.items():
            with self.subTest(what):
                posted, root = self.answer(xml)
                self.assertEqual(saml_xml.status_codes(root), ["Success"])
                self.assertEqual(posted.action, service_providers.acs(SLUG))

    def test_relay_states_that_are_echoed(self):
        """XQ-06, XS-16: a URL, a path, an opaque handle, and longer than the 80 bytes that Bindings §3.4.3 allows."""
        for relay_state in ("/", "ss:mem:0f3a", "https://sp.example/a?b=c&d=%20+e#f", "'\"<&>\t", "日本語 𝒢", "x" * 512):
            with self.subTest(relay_state[:20]):
                posted, _ = self.answer(authn_request(SLUG), RelayState=relay_state)
                self.assertEqual(posted.fields.get("RelayState"), relay_state)
        posted, _ = self.answer(authn_request(SLUG))
        self.assertNotIn("RelayState", posted.fields)

    def test_what_cannot_be_met_is_told_by_a_status(self):
        """Core §3.2.2.2 and §3.4.1.1: the second-level code says what could not be met."""
        wishes = {
            "InvalidNameIDPolicy": authn_request(SLUG, inside=policy(f'Format="{NAME_ID_2}kerberos"')),
            "NoAuthnContext": authn_request(SLUG, inside=context(' Comparison="exact"', "X509")),
        }
        for code, xml in wishes.items():
            with self.subTest(code):
                _, root = self.answer(xml, RelayState="r")
                self.assertEqual(saml_xml.status_codes(root)[1:], [code])
                self.assertEqual(saml_xml.every(root, "//saml:Assertion"), [])

    def test_someone_else_is_asked_for(self):
        """Core §3.4.1.4: a Subject that isn't the person who signed in is never answered with an assertion."""
        subject = f'<saml:Subject><saml:NameID Format="{NAME_ID}emailAddress">omar.haddad@fernhill.example' \
                  "</saml:NameID></saml:Subject>"
        outcome = self.browser.get(redirect(SLUG, authn_request(SLUG, inside=subject)))
        checks.not_granted(self, outcome, "a Subject")

    def test_an_issuer_cut_by_a_comment(self):
        """XQ-08: the text around a comment is one value, here another SP's name."""
        name = service_providers.entity_id(SLUG)
        for issuer in (f"{name}<!-- -->.attacker.example", f"<!-- -->{name}/x"):
            with self.subTest(issuer):
                checks.refused(self, self.browser.get(redirect(SLUG, authn_request(SLUG, issuer=issuer))), issuer)
