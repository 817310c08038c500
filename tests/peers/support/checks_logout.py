"""Owns what the gateway's logout messages must say, read from the message itself. Does not own signatures' verdicts."""

from datetime import datetime, timedelta, timezone

from support import saml_xml
from support.checks import instant
from support.saml_xml import one


def _envelope(case, carried, idp: str):
    root = carried.root
    case.assertEqual(root.get("Version"), "2.0")
    case.assertEqual(root.get("Destination"), carried.address)
    case.assertEqual(one(root, "/*/saml:Issuer").text, idp)
    case.assertLess(abs(datetime.now(timezone.utc) - instant(root.get("IssueInstant"))), timedelta(seconds=30))
    # Profiles §4.4.3.1 and §4.4.3.5: messages by the browser are signed, both ways.
    case.assertTrue(carried.is_signed)
    return root


def request(case, carried, *, idp: str, name_id: str, session_index: str | None = None):
    """A LogoutRequest of the gateway."""
    root = _envelope(case, carried, idp)
    case.assertEqual(root.tag, "{urn:oasis:names:tc:SAML:2.0:protocol}LogoutRequest")
    case.assertEqual(one(root, "/samlp:LogoutRequest/saml:NameID").text, name_id)
    case.assertGreater(instant(root.get("NotOnOrAfter")), datetime.now(timezone.utc))
    if session_index is not None:
        case.assertEqual(one(root, "/samlp:LogoutRequest/samlp:SessionIndex").text, session_index)
    return root


def response(case, carried, *, idp: str, in_response_to: str, codes: tuple[str, ...] = ("Success",)):
    """A LogoutResponse of the gateway."""
    root = _envelope(case, carried, idp)
    case.assertEqual(root.tag, "{urn:oasis:names:tc:SAML:2.0:protocol}LogoutResponse")
    case.assertEqual(root.get("InResponseTo"), in_response_to)
    found = saml_xml.every(root, "/samlp:LogoutResponse/samlp:Status//samlp:StatusCode/@Value")
    case.assertEqual(tuple(code.rsplit(":", 1)[1] for code in found), codes)
    return root
