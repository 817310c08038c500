"""Owns the reading of a run's state file. Does not own its making (prepare.py)."""

import json
import os
from pathlib import Path


def folder() -> Path:
    """The working folder of the run, from PEERS_STATE."""
    return Path(os.environ["PEERS_STATE"])


def load() -> dict:
    """Addresses, passwords, secrets and expected values of the run."""
    return json.loads((folder() / "state.json").read_text(encoding="utf-8"))
