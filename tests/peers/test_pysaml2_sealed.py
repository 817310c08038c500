"""pysaml2 as an SP with signed requests, encrypted assertions and single logout. The journeys are those of
support/library_journeys.py.
"""

import unittest

from support import library_journeys
from support.library_peers import Pysaml2


class SignOnAndOut(library_journeys.Journeys, unittest.TestCase):
    peer_class = Pysaml2
    label = "pysaml2, sealed"
