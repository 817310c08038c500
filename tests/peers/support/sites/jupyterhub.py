"""Owns the life of the hub and its proxy. Does not own the hub's settings (jupyterhub_config.py)."""

import sys
from pathlib import Path

from support import state
from support.sites.process import Server, answers

CONFIG = Path(__file__).with_name("jupyterhub_config.py")


def start() -> Server:
    """The hub starts its proxy itself, and ends it with itself."""
    folder = state.folder() / "jupyterhub"
    folder.mkdir(mode=0o700, exist_ok=True)
    base = state.load()["hub"]["url"]
    return Server([sys.executable, "-m", "jupyterhub", "--config", str(CONFIG)], base, folder / "hub.log", cwd=folder,
                  ready=lambda: answers(f"{base}/hub/health"))
