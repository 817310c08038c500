"""SimpleSAMLphp as an SP. The journeys are those of support/site_journeys.py."""

import unittest

from support import site_journeys
from support.service_providers import NAME_ID_2
from support.sites import simplesamlphp


def setUpModule():
    site_journeys.keep_idp_metadata("simplesamlphp")
    unittest.addModuleCleanup(simplesamlphp.start().stop)


class SignOnAndOut(site_journeys.Journeys, unittest.TestCase):
    slug = "simplesamlphp"
    label = "SimpleSAMLphp"
    entity_id = "/simplesamlphp"
    acs = "/simplesaml/module.php/saml/sp/saml2-acs.php/gatehouse"
    page = "/page.php"
    logout = "/page.php?logout"
    name_id_format = NAME_ID_2 + "persistent"

    def told(self, answer):
        return answer.json()

    def signed_in(self, visitor):
        return visitor.open(self.at("/page.php?peek")).json()["signed_in"]
