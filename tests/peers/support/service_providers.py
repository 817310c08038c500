"""Owns the settings of each SAML service provider library. Does not own what is asserted about sign-on."""

import copy

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from saml2 import BINDING_HTTP_POST
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from urllib.parse import urlsplit

from support import state

NAME_ID = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
NAME_ID_2 = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def entity_id(slug: str) -> str:
    return f"{state.load()['sp_base']}/{slug}"


def acs(slug: str) -> str:
    return f"{state.load()['sp_base']}/{slug}/acs"


def read(name: str) -> str:
    return (state.folder() / name).read_text(encoding="utf-8")


def python3_saml_settings(slug: str, *, signed: bool, idp_metadata: str | None = None, key: str = "sp",
                          want_assertion: bool = True, want_response: bool = True, want_attributes: bool = True,
                          name_id: str = NAME_ID + "unspecified", context: bool | list = True) -> dict:
    """Strict settings; only what a caller names is relaxed."""
    settings = {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": entity_id(slug),
            "assertionConsumerService": {
                "url": acs(slug), "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            },
            "NameIDFormat": name_id,
            "x509cert": read(f"{key}.crt") if signed else "",
            "privateKey": read(f"{key}.key") if signed else "",
        },
        "security": {
            "authnRequestsSigned": signed,
            "wantAssertionsSigned": want_assertion,
            "wantMessagesSigned": want_response,
            "wantAttributeStatement": want_attributes,
            "wantNameId": True,
            "requestedAuthnContext": context,
            "signatureAlgorithm": RSA_SHA256,
            "digestAlgorithm": SHA256,
            "rejectDeprecatedAlgorithm": True,
            "rejectUnsolicitedResponsesWithInResponseTo": True,
        },
        # Placeholders until the gateway's metadata is merged in.
        "idp": {"entityId": "https://idp.invalid", "singleSignOnService": {"url": "https://idp.invalid"},
                "x509cert": "MIIB"},
    }
    if idp_metadata is None:
        return settings
    parsed = OneLogin_Saml2_IdPMetadataParser.parse(idp_metadata)
    settings["idp"] = parsed["idp"]
    return settings


def python3_saml(settings: dict, *, post: dict | None = None) -> OneLogin_Saml2_Auth:
    """The library as it stands at the ACS, or before sign-on when nothing was posted."""
    where = urlsplit(settings["sp"]["assertionConsumerService"]["url"])
    request = {
        "https": "off",
        "http_host": where.netloc,
        "script_name": where.path,
        "get_data": {},
        "post_data": post or {},
    }
    return OneLogin_Saml2_Auth(request, copy.deepcopy(settings))


def python3_saml_metadata(slug: str) -> bytes:
    """The SP's own metadata, with AuthnRequestsSigned."""
    settings = OneLogin_Saml2_Settings(python3_saml_settings(slug, signed=True), sp_validation_only=True)
    metadata = settings.get_sp_metadata()
    errors = settings.validate_metadata(metadata)
    if errors:
        raise ValueError(f"python3-saml refuses its own metadata: {errors}")
    return metadata if isinstance(metadata, bytes) else metadata.encode()


def pysaml2_config(slug: str, *, idp_metadata: str | None = None, unsolicited: bool = False,
                   key: str = "sp") -> SPConfig:
    signed = slug == "pysaml2-post"
    folder = state.folder()
    settings = {
        "entityid": entity_id(slug),
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "key_file": str(folder / f"{key}.key"),
        "cert_file": str(folder / f"{key}.crt"),
        "allow_unknown_attributes": True,
        "accepted_time_diff": 0,
        "service": {
            "sp": {
                "endpoints": {"assertion_consumer_service": [(acs(slug), BINDING_HTTP_POST)]},
                "want_response_signed": True,
                "want_assertions_signed": True,
                "authn_requests_signed": signed,
                "allow_unsolicited": unsolicited,
                "name_id_format": [NAME_ID + "emailAddress"],
            },
        },
    }
    if idp_metadata is not None:
        settings["metadata"] = {"inline": [idp_metadata]}
    return SPConfig().load(settings)


def pysaml2(slug: str, idp_metadata: str, **options) -> Saml2Client:
    return Saml2Client(config=pysaml2_config(slug, idp_metadata=idp_metadata, **options))


def pysaml2_metadata(slug: str) -> str:
    return str(entity_descriptor(pysaml2_config(slug)))
