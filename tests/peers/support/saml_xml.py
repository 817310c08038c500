"""Owns looking into a SAML message and tampering with it. Does not own verification, which the peers do."""

import base64

from lxml import etree

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}


def parse(raw: bytes) -> etree._Element:
    """Strict: no network, no entities, and a DOCTYPE is a failure (interop XS-13)."""
    root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.getroottree().docinfo.doctype == "", "the message has a DOCTYPE"
    return root


def decode(saml_response: str) -> etree._Element:
    return parse(base64.b64decode(saml_response, validate=True))


def encode(root: etree._Element) -> str:
    return base64.b64encode(etree.tostring(root)).decode("ascii")


def one(root: etree._Element, path: str):
    """The only match of an XPath, else a failure that says how many there were."""
    found = root.xpath(path, namespaces=NS)
    assert len(found) == 1, f"{path} matches {len(found)} times"
    return found[0]


def every(root: etree._Element, path: str) -> list:
    return root.xpath(path, namespaces=NS)


def tampered_value(saml_response: str) -> str:
    """One signed attribute value changed."""
    root = decode(saml_response)
    every(root, "//saml:AttributeValue")[0].text = "owner@elsewhere.example"
    return encode(root)


def without_signatures(saml_response: str) -> str:
    root = decode(saml_response)
    for signature in every(root, "//ds:Signature"):
        signature.getparent().remove(signature)
    return encode(root)


def status_codes(root: etree._Element) -> list[str]:
    """Top-level and second-level status, without the URN prefix."""
    return [code.rsplit(":", 1)[1] for code in every(root, "/samlp:Response/samlp:Status//samlp:StatusCode/@Value")]
