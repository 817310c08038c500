"""Owns the running of one test module and the count run.sh adds up. Does not own any test."""

import os
import sys
import unittest
from pathlib import Path


def main(module: str) -> int:
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    passed = result.testsRun - failed - len(result.skipped) - len(result.expectedFailures)
    # A failing setUpClass runs no test, yet it is a failure.
    Path(os.environ["PEERS_COUNTS"]).write_text(f"{max(passed, 0)} {failed}\n", encoding="ascii")
    return 0 if result.wasSuccessful() and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
