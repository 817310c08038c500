"""Owns what a Response must say by interop.md, read from the message itself.

A peer that accepts a deviation proves nothing, so these are asserted beside each peer's own verdict.
Does not own signatures.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from support import saml_xml
from support.saml_xml import every, one

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


def instant(text: str) -> datetime:
    assert text.endswith("Z"), f"{text} isn't in UTC"
    return datetime.fromisoformat(text)


def response(case, posted, *, slug: str, entity_id: str, acs: str, in_response_to: str | None, idp: str,
             assertion_signed: bool = True, response_signed: bool = True, sealed: Path | None = None):
    """Asserts the envelope, subject, conditions and statements; gives the root element back. `sealed`: the assertion
    is encrypted for the SP, whose key this is, and nothing of it is to be read without."""
    root = saml_xml.decode(posted.fields["SAMLResponse"])
    if sealed is not None:
        case.assertEqual(every(root, "//saml:Assertion | //saml:Attribute | //saml:NameID"), [], "not sealed")
        saml_xml.open_assertion(root, sealed)
    case.assertEqual(posted.action, acs)
    case.assertEqual(root.tag, "{urn:oasis:names:tc:SAML:2.0:protocol}Response")
    case.assertEqual(saml_xml.status_codes(root), ["Success"])
    # XS-10 to XS-13, XS-17
    case.assertEqual(root.get("Version"), "2.0")
    case.assertEqual(root.get("Destination"), acs)
    case.assertEqual(root.get("InResponseTo"), in_response_to)
    case.assertEqual(one(root, "/samlp:Response/saml:Issuer").text, idp)
    case.assertEqual(one(root, "//saml:Assertion/saml:Issuer").text, idp)
    ids = every(root, "//@ID")
    case.assertEqual(len(ids), len(set(ids)), "an ID is used twice")
    now = datetime.now(timezone.utc)
    case.assertLess(abs(now - instant(root.get("IssueInstant"))), timedelta(seconds=30))
    # XS-04: a Signature comes directly after its Issuer
    for path, wanted in (("/samlp:Response", response_signed), ("//saml:Assertion", assertion_signed)):
        count = len(every(root, f"{path}/ds:Signature"))
        case.assertEqual(count, 1 if wanted else 0, f"signatures of {path}")
        if wanted:
            one(root, f"{path}/saml:Issuer/following-sibling::*[1][self::ds:Signature]")
    # XS-01
    for algorithm in every(root, "//ds:SignatureMethod/@Algorithm"):
        case.assertEqual(algorithm, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    for algorithm in every(root, "//ds:CanonicalizationMethod/@Algorithm"):
        case.assertEqual(algorithm, "http://www.w3.org/2001/10/xml-exc-c14n#")
    _subject(case, root, acs, in_response_to, now)
    _conditions(case, root, entity_id, now)
    # XS-40
    statement = one(root, "//saml:AuthnStatement")
    case.assertTrue(statement.get("SessionIndex"))
    case.assertLess(instant(statement.get("AuthnInstant")), now + timedelta(seconds=1))
    # XS-42, XS-43
    for attributes in every(root, "//saml:AttributeStatement"):
        case.assertTrue(len(attributes), "an empty AttributeStatement")
    names = every(root, "//saml:Attribute/@Name")
    case.assertEqual(len(names), len(set(names)), f"an attribute name is used twice: {names}")
    return root


def _subject(case, root, acs, in_response_to, now):
    """XS-20, XS-21."""
    confirmation = one(root, "//saml:Subject/saml:SubjectConfirmation")
    case.assertEqual(confirmation.get("Method"), BEARER)
    data = one(confirmation, "saml:SubjectConfirmationData")
    case.assertEqual(data.get("Recipient"), acs)
    case.assertEqual(data.get("InResponseTo"), in_response_to)
    case.assertIsNone(data.get("NotBefore"))
    case.assertGreater(instant(data.get("NotOnOrAfter")), now)
    case.assertLess(instant(data.get("NotOnOrAfter")), now + timedelta(minutes=15))


def _conditions(case, root, entity_id, now):
    """XS-30 to XS-33."""
    conditions = one(root, "//saml:Conditions")
    case.assertEqual([audience.text for audience in every(conditions, "saml:AudienceRestriction/saml:Audience")],
                     [entity_id])
    case.assertEqual(every(conditions, "saml:OneTimeUse"), [])
    back_dated = now - instant(conditions.get("NotBefore"))
    case.assertGreater(back_dated, timedelta(seconds=55))
    case.assertLess(back_dated, timedelta(minutes=3, seconds=15))
    case.assertGreater(instant(conditions.get("NotOnOrAfter")), now)


def values(root, name: str) -> list[str]:
    """The values of one attribute as XML gives them."""
    return [value.text or "" for value in every(root, f"//saml:Attribute[@Name='{name}']/saml:AttributeValue")]


def not_granted(case, outcome, what: str, *codes: str):
    """A refusal after verification: the SP is told by a status, or the person by a page; nobody is signed on."""
    from support.browser import Posted

    if not isinstance(outcome, Posted):
        refused(case, outcome, what)
        return
    root = saml_xml.decode(outcome.fields["SAMLResponse"])
    case.assertEqual(every(root, "//saml:Assertion"), [], what)
    case.assertNotEqual(saml_xml.status_codes(root)[0], "Success", what)
    if codes:
        case.assertEqual(saml_xml.status_codes(root), list(codes), what)


def refused(case, outcome, what: str):
    """A refusal before verification: an error page with a reference and nothing for the app."""
    from support.browser import Shown

    case.assertIsInstance(outcome, Shown, f"{what} was not refused: {outcome}")
    case.assertIn(outcome.status, (400, 403, 404), f"{what}: {outcome.page.heading!r}")
    case.assertIsNotNone(outcome.reference(), f"{what}: no reference on the page: {outcome.page.text!r}")
    case.assertTrue(outcome.page.heading.strip(), f"{what}: the page has no heading")
    for word in ("AuthnRequest", "SAMLRequest", "redirect_uri", "panic"):
        case.assertNotIn(word, outcome.page.text, f"{what}: a protocol word is shown to a person")
