"""Owns the life of the Django app and its metadata. Does not own the app (django_app.py)."""

import os
import subprocess
import sys

from support import state
from support.sites.process import Server

MODULE = "support.sites.django_app"


def metadata() -> str:
    """As the app writes it: `manage.py`'s own settings, without an identity provider."""
    done = subprocess.run([sys.executable, "-m", MODULE, "metadata"], check=True, stdout=subprocess.PIPE, text=True,
                          timeout=60, env=os.environ)
    return done.stdout


def start() -> Server:
    folder = state.folder()
    subprocess.run([sys.executable, "-m", MODULE, "migrate", "--verbosity", "0"], check=True, timeout=60,
                   env=os.environ)
    base = state.load()["sites"]["djangosaml2"]
    return Server([sys.executable, "-m", MODULE, "runserver", "--noreload", base.removeprefix("http://")], base,
                  folder / "djangosaml2.log")
