"""The settings of a Django app that signs people in by djangosaml2, and its command line.

Usage: django_app.py metadata | any command of manage.py. Does not own its pages (django_urls.py).
"""

import sys

import django
from django.conf import settings
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT

from support import state
from support.service_providers import NAME_ID_2, RSA_SHA256, SHA256

SLUG = "djangosaml2"


def saml_config(with_idp: bool) -> dict:
    base, folder = state.load()["sites"][SLUG], state.folder()
    key, certificate = str(folder / "sp.key"), str(folder / "sp.crt")
    config = {
        "entityid": f"{base}/saml2/metadata/",
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
                "assertion_consumer_service": [(f"{base}/saml2/acs/", BINDING_HTTP_POST)],
                "single_logout_service": [(f"{base}/saml2/ls/", BINDING_HTTP_REDIRECT),
                                          (f"{base}/saml2/ls/post/", BINDING_HTTP_POST)],
            },
            "authn_requests_signed": True,
            "logout_requests_signed": True,
            "logout_responses_signed": True,
            "want_response_signed": True,
            "want_assertions_signed": True,
            "allow_unsolicited": True,
            "name_id_policy_format": NAME_ID_2 + "transient",
            "signing_algorithm": RSA_SHA256,
            "digest_algorithm": SHA256,
        }},
    }
    if with_idp:
        config["metadata"] = {"local": [str(folder / f"{SLUG}.idp.xml")]}
    return config


def configure(with_idp: bool) -> None:
    folder = state.folder()
    settings.configure(
        # Made for the run, like every secret of it.
        SECRET_KEY=state.load()["basic_secret"],
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="support.sites.django_urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / f"{SLUG}.db")}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "djangosaml2"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                    "django.middleware.csrf.CsrfViewMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware",
                    "djangosaml2.middleware.SamlSessionMiddleware"],
        AUTHENTICATION_BACKENDS=["djangosaml2.backends.Saml2Backend"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        LOGIN_URL="/saml2/login/",
        LOGIN_REDIRECT_URL="/me",
        LOGOUT_REDIRECT_URL="/",
        SAML_CONFIG=saml_config(with_idp),
        SAML_DEFAULT_BINDING=BINDING_HTTP_REDIRECT,
        SAML_CREATE_UNKNOWN_USER=True,
        SAML_DJANGO_USER_MAIN_ATTRIBUTE="email",
        SAML_ATTRIBUTE_MAPPING={"email": ("email", "username")},
        LOGGING={"version": 1, "handlers": {"all": {"class": "logging.StreamHandler"}},
                 "root": {"handlers": ["all"], "level": "INFO"}},
    )
    django.setup()


if __name__ == "__main__":
    only_metadata = sys.argv[1:] == ["metadata"]
    configure(with_idp=not only_metadata)
    if only_metadata:
        from saml2.config import SPConfig
        from saml2.metadata import entity_descriptor

        print(entity_descriptor(SPConfig().load(saml_config(with_idp=False))))
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
