"""Owns the SAML libraries of Python as SPs that sign their requests, read encrypted assertions and log out: one shape for
all, so that the same journeys are made with each (library_journeys.py). Does not own those of Node (node_peers.py), nor what
is expected.
"""

from html import unescape
from urllib.parse import parse_qs, urlsplit

from onelogin.saml2.settings import OneLogin_Saml2_Settings
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NameID

from support import saml_xml, service_providers, state
from support.browser import Left, Posted, idp_metadata
from support.page import Page
from support.service_providers import NAME_ID, NAME_ID_2, RSA_SHA256, SHA256

BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}


class Refused(Exception):
    """What a peer says of a message that it does not take."""


def slo(slug: str) -> str:
    return f"{service_providers.entity_id(slug)}/slo"


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


class Python3Saml:
    """python3-saml, strict, by HTTP-Redirect; names are transient."""

    slug = "py3saml-sealed"
    reads_envelope = True
    bindings = ("redirect",)
    name_id_format = NAME_ID_2 + "transient"

    def __init__(self, idp: str | None = None):
        self.settings = self._settings(idp or idp_metadata(self.slug).text)

    @classmethod
    def _settings(cls, idp: str | None):
        settings = service_providers.python3_saml_settings(
            cls.slug, signed=True, idp_metadata=idp, name_id=cls.name_id_format)
        settings["sp"]["singleLogoutService"] = {"url": slo(cls.slug), "binding": BINDING_HTTP_REDIRECT}
        settings["security"] |= {"wantAssertionsEncrypted": True, "logoutRequestSigned": True,
                                 "logoutResponseSigned": True}
        return settings

    @classmethod
    def metadata(cls) -> str:
        settings = OneLogin_Saml2_Settings(cls._settings(None), sp_validation_only=True)
        metadata = settings.get_sp_metadata()
        return metadata.decode() if isinstance(metadata, bytes) else metadata

    def _at(self, address: str, get: dict | None = None, post: dict | None = None):
        auth = service_providers.python3_saml(self.settings, post=post)
        if get:
            # The signed octets: the library cannot guess how each value was escaped.
            data = {"https": "off", "http_host": urlsplit(address).netloc, "script_name": urlsplit(address).path,
                    "get_data": get, "post_data": {}, "query_string": urlsplit(address).query,
                    "validate_signature_from_qs": True}
            auth = type(auth)(data, self.settings)
        return auth

    def start(self, binding: str, relay_state: str):
        auth = self._at(service_providers.acs(self.slug))
        return Left(auth.login(return_to=relay_state)), auth.get_last_request_id()

    def accept(self, fields: dict, request_id: str | None) -> dict:
        try:
            auth = self._at(service_providers.acs(self.slug), post=fields)
            auth.process_response(request_id=request_id)
        except Exception as refusal:  # what can't be decrypted has a kind of its own
            raise Refused(str(refusal)) from refusal
        if auth.get_errors() or not auth.is_authenticated():
            raise Refused(auth.get_last_error_reason())
        return {"name_id": auth.get_nameid(), "format": auth.get_nameid_format(), "attributes": auth.get_attributes(),
                "session_index": auth.get_session_index(), "qualifiers": (auth.get_nameid_nq(), auth.get_nameid_spnq())}

    def logout(self, person: dict, relay_state: str):
        auth = self._at(slo(self.slug))
        qualifier, sp_qualifier = person["qualifiers"]
        url = auth.logout(return_to=relay_state, name_id=person["name_id"], session_index=person["session_index"],
                          nq=qualifier, spnq=sp_qualifier, name_id_format=person["format"])
        return Left(url), auth.get_last_request_id()

    def logged_out(self, going: Left, request_id: str) -> None:
        auth = self._at(going.url, get=query(going.url))
        auth.process_slo(keep_local_session=True, request_id=request_id)
        if auth.get_errors():
            raise Refused(auth.get_last_error_reason())

    def asked(self, going: Left):
        try:
            auth = self._at(going.url, get=query(going.url))
            url = auth.process_slo(keep_local_session=True)
        except Exception as refusal:  # nor has what is no XML
            raise Refused(str(refusal)) from refusal
        if auth.get_errors():
            raise Refused(auth.get_last_error_reason())
        root = saml_xml.parse(auth.get_last_request_xml().encode())
        return saml_xml.one(root, "//saml:NameID").text, Left(url)


class Pysaml2:
    """pysaml2 with xmlsec1, by both bindings; names are persistent."""

    slug = "pysaml2-sealed"
    reads_envelope = True
    bindings = ("redirect", "post")
    name_id_format = NAME_ID_2 + "persistent"

    def __init__(self, idp: str | None = None):
        self.client = Saml2Client(config=self._config(idp or idp_metadata(self.slug).text))
        (self.idp,) = self.client.metadata.keys()

    @classmethod
    def _config(cls, idp: str | None) -> SPConfig:
        folder = state.folder()
        key, certificate = str(folder / "sp.key"), str(folder / "sp.crt")
        settings = {
            "entityid": service_providers.entity_id(cls.slug),
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "key_file": key,
            "cert_file": certificate,
            "encryption_keypairs": [{"key_file": key, "cert_file": certificate}],
            "allow_unknown_attributes": True,
            "accepted_time_diff": 0,
            "signing_algorithm": RSA_SHA256,
            "digest_algorithm": SHA256,
            "service": {"sp": {
                "endpoints": {
                    "assertion_consumer_service": [(service_providers.acs(cls.slug), BINDING_HTTP_POST)],
                    "single_logout_service": [(slo(cls.slug), BINDING_HTTP_POST)],
                },
                "want_response_signed": True,
                "want_assertions_signed": True,
                "authn_requests_signed": True,
                "logout_requests_signed": True,
                "logout_responses_signed": True,
                "allow_unsolicited": True,
                "name_id_policy_format": cls.name_id_format,
            }},
        }
        if idp is not None:
            settings["metadata"] = {"inline": [idp]}
        return SPConfig().load(settings)

    @classmethod
    def metadata(cls) -> str:
        return str(entity_descriptor(cls._config(None)))

    @staticmethod
    def _going(info: dict) -> Left | Posted:
        if info["method"] == "GET":
            return Left(dict(info["headers"])["Location"])
        return form(info["data"], info["url"])

    def start(self, binding: str, relay_state: str):
        request_id, _, info = self.client.prepare_for_negotiated_authenticate(
            entityid=self.idp, relay_state=relay_state, binding=BINDINGS[binding], sign=True,
            sigalg=RSA_SHA256, digest_alg=SHA256)
        return self._going(info), request_id

    def accept(self, fields: dict, request_id: str | None) -> dict:
        outstanding = {request_id: "/"} if request_id else {}
        try:
            answer = self.client.parse_authn_request_response(fields["SAMLResponse"], BINDING_HTTP_POST, outstanding)
        except Exception as refusal:  # it has many kinds
            raise Refused(str(refusal)) from refusal
        if answer is None or answer.in_response_to != request_id:
            raise Refused("it does not answer the request")
        subject = answer.get_subject()
        return {"name_id": subject.text, "format": subject.format, "attributes": answer.ava, "subject": subject,
                "session_index": answer.session_info()["session_index"]}

    def logout(self, person: dict, relay_state: str):
        request_id, request = self.client.create_logout_request(
            self._address("single_logout_service"), self.idp, name_id=person["subject"],
            session_indexes=[person["session_index"]], sign=True, sign_alg=RSA_SHA256, digest_alg=SHA256)
        info = self.client.apply_binding(BINDING_HTTP_POST, str(request), self._address("single_logout_service"),
                                         relay_state)
        return self._going(info), request_id

    def _address(self, service: str) -> str:
        found = self.client.metadata.service(self.idp, "idpsso_descriptor", service, BINDING_HTTP_POST)
        return found[0]["location"]

    def logged_out(self, going: Left | Posted, request_id: str) -> None:
        binding = BINDING_HTTP_REDIRECT if isinstance(going, Left) else BINDING_HTTP_POST
        fields = query(going.url) if isinstance(going, Left) else going.fields
        answer = self.client.parse_logout_request_response(fields["SAMLResponse"], binding)
        if answer is None or answer.in_response_to != request_id or not answer.status_ok():
            raise Refused("the logout was not confirmed")

    def asked(self, going: Posted):
        try:
            request = self.client.parse_logout_request(going.fields["SAMLRequest"], BINDING_HTTP_POST)
        except Exception as refusal:
            raise Refused(str(refusal)) from refusal
        name_id: NameID = request.message.name_id
        response = self.client.create_logout_response(
            request.message, [BINDING_HTTP_POST], sign=True, sign_alg=RSA_SHA256, digest_alg=SHA256)
        info = self.client.apply_binding(BINDING_HTTP_POST, str(response), self._address("single_logout_service"),
                                         going.fields.get("RelayState", ""), response=True)
        return name_id.text, self._going(info)


def form(html: str, action: str | None = None) -> Posted:
    """What the form that a library wrote would post."""
    page = next(one for one in Page(html).forms if one.names() & {"SAMLRequest", "SAMLResponse"})
    fields = {name: value for name, value in page.fields() if name in ("SAMLRequest", "SAMLResponse", "RelayState")}
    return Posted(action or unescape(page.action), fields)


class RollingPython3Saml(Python3Saml):
    """The SP of the certificate rollover."""

    slug = "rollover"
    name_id_format = NAME_ID + "emailAddress"
