"""Owns AuthnRequests written by hand, for what no library sends. Does not own what must come of them."""

import base64
import uuid
import zlib
from datetime import datetime, timezone
from urllib.parse import urlencode
from xml.sax.saxutils import quoteattr

from support import service_providers, state

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def authn_request(slug: str, *, inside: str = "", issuer_attributes: str = "", issuer: str | None = None,
                  prefix: str = "samlp", **changed: str | None) -> str:
    """A valid request of an SP, with the parts that a test changes; an attribute that is None is left out."""
    attributes = {
        "ID": f"_{uuid.uuid4().hex}",
        "Version": "2.0",
        "IssueInstant": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Destination": f"{state.load()['url']}/saml2/{slug}",
        "AssertionConsumerServiceURL": service_providers.acs(slug),
        "ProtocolBinding": POST,
        **changed,
    }
    written = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items() if value is not None)
    name = service_providers.entity_id(slug) if issuer is None else issuer
    return (f'<{prefix}:AuthnRequest xmlns:{prefix}="{PROTOCOL}" xmlns:saml="{ASSERTION}" {written}>'
            f"<saml:Issuer{issuer_attributes}>{name}</saml:Issuer>{inside}</{prefix}:AuthnRequest>")


def redirect(slug: str, xml: str | bytes, **more: str) -> str:
    """The HTTP-Redirect address of a request (Bindings §3.4.4.1)."""
    raw = xml.encode() if isinstance(xml, str) else xml
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = base64.b64encode(deflate.compress(raw) + deflate.flush()).decode()
    return f"/saml2/{slug}?" + urlencode({"SAMLRequest": packed, **more})
