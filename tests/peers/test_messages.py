"""Every SAML message and metadata document of the run, judged by xmlsec1 and the OASIS XSDs.

Runs last: the messages are those that the other suites received. Does not own their meaning.
"""

import base64
import os
import subprocess
import textwrap
import unittest
from concurrent.futures import ThreadPoolExecutor

import requests

from support import saml_xml, state
from support.browser import SECONDS, idp_metadata

SCHEMAS = "/usr/share/xml/opensaml/saml-schema-{}-2.0.xsd"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
UNSIGNED = ("py3saml-plain", "assertion-only", "response-only", "no-attributes", "pysaml2-plain")
# Those that sign every request.
SIGNED = ("py3saml-signed", "pysaml2-post", "py3saml-sealed", "pysaml2-sealed", "node-saml", "samlify", "djangosaml2",
          "simplesamlphp", "mellon", "shibboleth")
SLUGS = UNSIGNED + SIGNED


def certificates(metadata: bytes) -> list[bytes]:
    """The signing certificates of a metadata document, as PEM."""
    found = saml_xml.every(
        saml_xml.parse(metadata),
        "//md:IDPSSODescriptor/md:KeyDescriptor[not(@use) or @use='signing']//ds:X509Certificate")
    pems = []
    for each in found:
        body = "\n".join(textwrap.wrap("".join(each.text.split()), 64))
        pems.append(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode())
    return pems


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=30)


def signature_holds(message, element: str, certificate) -> subprocess.CompletedProcess:
    """xmlsec1's verdict with the metadata's certificate as the only trusted key; KeyInfo isn't looked at."""
    return run("xmlsec1", "--verify", "--enabled-reference-uris", "empty,same-doc",
               "--enabled-key-data", "raw-x509-cert", "--pubkey-cert-pem", certificate,
               "--id-attr:ID", f"{PROTOCOL}:Response", "--id-attr:ID", f"{ASSERTION}:Assertion",
               "--node-xpath", f"//*[local-name()='{element}']/*[local-name()='Signature']", message)


class Messages(unittest.TestCase):
    def setUp(self):
        self.folder = state.folder()
        self.messages = sorted((self.folder / "messages").glob("*.xml"))
        # Fewer would mean that the suites before this one received next to nothing.
        self.assertGreater(len(self.messages), 30)

    def certificate(self, slug):
        path = self.folder / f"{slug}.idp.pem"
        if not path.exists():
            (pem,) = certificates(idp_metadata(slug).content)
            path.write_bytes(pem)
        return path

    def test_every_message_is_valid_by_the_protocol_schema(self):
        # One process, as reading the schemas is most of its work; it says of each document what it thinks of it.
        verdict = run("xmllint", "--nonet", "--noout", "--schema", SCHEMAS.format("protocol"), *self.messages)
        said = verdict.stderr.splitlines()
        for message in self.messages:
            with self.subTest(message.name):
                self.assertIn(f"{message} validates", said, message.read_text(encoding="utf-8"))
        self.assertEqual(verdict.returncode, 0, verdict.stderr)

    def test_every_signature_holds(self):
        signed, parts = set(), []
        for message in self.messages:
            slug = message.stem.split("-", 2)[2]
            root = saml_xml.parse(message.read_bytes())
            for element in ("Response", "Assertion"):
                if not saml_xml.every(root, f"//*[local-name()='{element}']/ds:Signature"):
                    continue
                parts.append((message, element, self.certificate(slug)))
                signed.add((slug, element, saml_xml.status_codes(root)[0]))
        # A process for each: as many at once as there are processors.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            verdicts = list(pool.map(lambda part: signature_holds(*part), parts))
        for (message, element, _), verdict in zip(parts, verdicts, strict=True):
            with self.subTest(message.name, element=element):
                self.assertEqual(verdict.returncode, 0, verdict.stderr)
        for wanted in (("py3saml-signed", "Response", "Success"), ("py3saml-signed", "Assertion", "Success"),
                       ("py3saml-signed", "Response", "Responder"), ("assertion-only", "Assertion", "Success"),
                       ("response-only", "Response", "Success"), ("pysaml2-post", "Assertion", "Success")):
            self.assertIn(wanted, signed)
        self.assertNotIn(("assertion-only", "Response", "Success"), signed)
        self.assertNotIn(("response-only", "Assertion", "Success"), signed)

    def test_a_changed_message_and_another_key_are_noticed(self):
        message = next(path for path in self.messages if path.stem.endswith("py3saml-signed")
                       and b"AttributeValue" in path.read_bytes())
        certificate = self.certificate("py3saml-signed")
        self.assertEqual(signature_holds(message, "Assertion", certificate).returncode, 0)
        self.assertNotEqual(signature_holds(message, "Assertion", self.folder / "stranger.crt").returncode, 0)
        changed = self.folder / "changed.xml"
        changed.write_bytes(base64.b64decode(
            saml_xml.tampered_value(base64.b64encode(message.read_bytes()).decode())))
        self.assertNotEqual(signature_holds(changed, "Assertion", certificate).returncode, 0)
        self.assertNotEqual(signature_holds(changed, "Response", certificate).returncode, 0)

    def test_each_app_has_a_key_of_its_own(self):
        pems = {self.certificate(slug).read_bytes() for slug in SLUGS}
        self.assertEqual(len(pems), len(SLUGS))


class Metadata(unittest.TestCase):
    def test_every_document_is_valid_by_the_metadata_schema(self):
        for slug in SLUGS:
            with self.subTest(slug):
                answer = idp_metadata(slug)
                path = state.folder() / f"{slug}.idp.xml"
                path.write_bytes(answer.content)
                verdict = run("xmllint", "--nonet", "--noout", "--schema", SCHEMAS.format("metadata"), path)
                self.assertEqual(verdict.returncode, 0, verdict.stderr)
                self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/samlmetadata+xml")
                self.assertIn(f"Gatehouse-{slug}-metadata.xml", answer.headers["Content-Disposition"])

    def test_what_a_document_says(self):
        url = state.load()["url"]
        for slug in SLUGS:
            with self.subTest(slug):
                root = saml_xml.parse(idp_metadata(slug).content)
                self.assertEqual(root.get("entityID"), f"{url}/saml2/{slug}/metadata")
                for binding in ("HTTP-Redirect", "HTTP-POST"):
                    service = saml_xml.one(root, "//md:SingleSignOnService"
                                           f"[@Binding='urn:oasis:names:tc:SAML:2.0:bindings:{binding}']")
                    self.assertEqual(service.get("Location"), f"{url}/saml2/{slug}")
                # XS-50: it agrees with what the SP was registered with.
                wants = saml_xml.one(root, "//md:IDPSSODescriptor").get("WantAuthnRequestsSigned", "false")
                self.assertEqual(wants in ("true", "1"), slug in SIGNED)

    def test_the_certificate_file_is_the_one_in_the_document(self):
        for slug in SLUGS:
            with self.subTest(slug):
                answer = requests.get(f"{state.load()['url']}/saml2/{slug}/certificate.pem", timeout=SECONDS)
                self.assertEqual(answer.status_code, 200)
                self.assertIn("certificate.pem", answer.headers["Content-Disposition"])
                (pem,) = certificates(idp_metadata(slug).content)
                self.assertEqual("".join(answer.text.split()), "".join(pem.decode().split()))
                self.assertNotIn("PRIVATE", answer.text)
