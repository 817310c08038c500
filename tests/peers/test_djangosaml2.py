"""A Django app with djangosaml2. The journeys are those of support/site_journeys.py."""

import unittest

from support import site_journeys
from support.service_providers import NAME_ID_2
from support.sites import django


def setUpModule():
    site_journeys.keep_idp_metadata("djangosaml2")
    unittest.addModuleCleanup(django.start().stop)


class SignOnAndOut(site_journeys.Journeys, unittest.TestCase):
    slug = "djangosaml2"
    label = "djangosaml2"
    entity_id = "/saml2/metadata/"
    acs = "/saml2/acs/"
    page = "/me"
    wants_both_signatures = True
    logs_out_by_soap = True
    logout = "/saml2/logout/"
    name_id_format = NAME_ID_2 + "transient"

    def told(self, answer):
        told = answer.json()
        self.assertEqual(told["user"], self.state["maya"]["email"])
        return told

    def signed_in(self, visitor):
        return visitor.open(self.at("/")).json()["signed_in"]
