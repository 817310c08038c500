"""python3-saml as an SP with signed requests, encrypted assertions and single logout. The journeys are those of
support/library_journeys.py.
"""

import unittest

from support import library_journeys
from support.library_peers import Python3Saml


class SignOnAndOut(library_journeys.Journeys, unittest.TestCase):
    peer_class = Python3Saml
    label = "python3-saml, sealed"
