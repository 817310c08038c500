"""Owns looking into a SAML message and tampering with it. Does not own verification, which the peers do."""

import base64
from pathlib import Path

import xmlsec
from lxml import etree

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}


def parse(raw: bytes) -> etree._Element:
    """Strict: no network, no entities, and a DOCTYPE is a failure (interop XS-13)."""
    root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.getroottree().docinfo.doctype == "", "the message has a DOCTYPE"
    return root


def decode(saml_response: str) -> etree._Element:
    return parse(base64.b64decode(saml_response, validate=True))


def open_assertion(root: etree._Element, key: Path) -> None:
    """Decrypts the only EncryptedAssertion in its place, with an SP's key."""
    sealed = one(root, "/samlp:Response/saml:EncryptedAssertion/xenc:EncryptedData")
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_file(str(key), xmlsec.constants.KeyDataFormatPem))
    xmlsec.EncryptionContext(manager).decrypt(sealed)


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


def tampered_name(saml_request: str) -> str:
    """The NameID of a LogoutRequest changed."""
    root = decode(saml_request)
    one(root, "//saml:NameID").text += "x"
    return encode(root)


def with_root_attribute(message: str, name: str, value: str) -> str:
    root = decode(message)
    root.set(name, value)
    return encode(root)


def resealed(saml_response: str) -> str:
    """One octet of the encrypted assertion changed."""
    root = decode(saml_response)
    cipher = one(root, "/samlp:Response/saml:EncryptedAssertion/xenc:EncryptedData/xenc:CipherData/xenc:CipherValue")
    raw = bytearray(base64.b64decode(cipher.text))
    raw[len(raw) // 2] ^= 1
    cipher.text = base64.b64encode(raw).decode("ascii")
    return encode(root)


def status_codes(root: etree._Element) -> list[str]:
    """Top-level and second-level status, without the URN prefix."""
    return [code.rsplit(":", 1)[1] for code in every(root, "/samlp:Response/samlp:Status//samlp:StatusCode/@Value")]
