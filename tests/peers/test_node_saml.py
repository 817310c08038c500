"""node-saml as an SP with signed requests, encrypted assertions and single logout. The journeys are those of
support/library_journeys.py.
"""

import unittest

from support import library_journeys
from support.node_peers import NodeSaml


class SignOnAndOut(library_journeys.Journeys, unittest.TestCase):
    peer_class = NodeSaml
    label = "node-saml"
