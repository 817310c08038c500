"""mod_auth_mellon, and mod_shib with shibd, in one Apache. The journeys are those of support/site_journeys.py."""

import base64
import re
import unittest
from html import unescape

from support import site_journeys, state
from support.service_providers import NAME_ID_2
from support.sites import apache


def setUpModule():
    documents = {slug: site_journeys.keep_idp_metadata(slug) for slug in ("mellon", "shibboleth")}
    unittest.addModuleCleanup(apache.Servers(documents).stop)


class Site(site_journeys.Journeys):
    """What both modules tell in the same headers; each joins several values in its own way."""

    def told(self, answer):
        said = {name: base64.b64decode(answer.headers[f"X-{name}"]).decode()
                for name in ("Name-Id", "User", "Email", "DisplayName", "Department", "MemberOf")}
        self.assertEqual(said["User"], self.state["maya"]["email"])
        names = {"email": "Email", "displayName": "DisplayName", "department": "Department", "memberOf": "MemberOf"}
        return {"name_id": said["Name-Id"],
                "attributes": {name: self.values(said[header]) for name, header in names.items()}}

    def signed_in(self, visitor):
        # Not followed: a session that isn't there would be asked for at once.
        return visitor.ask("GET", self.at(self.page)).status_code == 200


class Mellon(Site, unittest.TestCase):
    slug = "mellon"
    label = "mod_auth_mellon"
    entity_id = "/metadata"
    acs = "/saml/postResponse"
    page = "/private/"
    logout = "/saml/logout?ReturnTo=/mellon/"
    name_id_format = NAME_ID_2 + "transient"

    @classmethod
    def key(cls):
        return state.folder() / "mellon" / "sp.key"

    @staticmethod
    def values(text):
        # It hands on the markup of a value.
        return [unescape(one) for one in text.split("|")]


class Shibboleth(Site, unittest.TestCase):
    slug = "shibboleth"
    label = "Shibboleth SP"
    entity_id = "/shibboleth"
    acs = "/Shibboleth.sso/SAML2/POST"
    page = "/shibboleth/private/"
    logout = "/Shibboleth.sso/Logout"
    name_id_format = NAME_ID_2 + "transient"
    front_channel = False
    is_asynchronous = True

    @staticmethod
    def values(text):
        return [one.replace("\\;", ";") for one in re.split(r"(?<!\\);", text)]
