"""What the gateway wrote to its log during the run: no fault of its own, and no secret.

Does not own the log's format beyond one JSON object a line.
"""

import json
import unittest

from support import state


class Log(unittest.TestCase):
    def setUp(self):
        self.text = (state.folder() / "serve.log").read_text(encoding="utf-8", errors="strict")
        self.lines = [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]
        self.assertGreater(len(self.lines), 50)

    def test_no_line_is_an_error(self):
        """Every refusal of the run was the other side's doing."""
        self.assertEqual([line for line in self.lines if line["level"] == "ERROR"], [])

    def test_no_secret_is_written(self):
        known = state.load()
        secrets = [*known["passwords"].values(), *(value for name, value in known.items() if name.endswith("_secret")),
                   (state.folder() / "master.key").read_bytes().decode("latin-1").strip()]
        for secret in secrets:
            self.assertNotIn(secret, self.text)
        for word in ("SAMLResponse=", "code_verifier=", "refresh_token=", "PRIVATE KEY", "client_secret=", "Bearer "):
            self.assertNotIn(word, self.text)
