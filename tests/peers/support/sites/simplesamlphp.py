"""Owns SimpleSAMLphp (Debian's) under PHP's built-in server: its settings, metadata and life."""

import secrets
from pathlib import Path
from string import Template

import requests

from support import state
from support.browser import SECONDS
from support.sites.process import Server

HERE = Path(__file__).resolve().parent
SLUG = "simplesamlphp"
SOURCE = "gatehouse"


def home() -> Path:
    return state.folder() / SLUG


def start() -> Server:
    base = state.load()["sites"][SLUG]
    return Server(["php", "-S", base.removeprefix("http://"), "-t", str(home() / "www")], base,
                  state.folder() / f"{SLUG}.log",
                  {"SIMPLESAMLPHP_CONFIG_DIR": str(home() / "config")}, cwd=home())


def metadata() -> str:
    """Writes the settings, and asks the running program for its metadata."""
    run = state.load()
    for name in ("config", "www", "log", "data", "tmp", "cert", "sessions"):
        (home() / name).mkdir(parents=True, exist_ok=True)
    (home() / "www" / "simplesaml").symlink_to("/usr/share/simplesamlphp/www")
    values = {
        "HOME": str(home()), "BASE": run["sites"][SLUG], "KEY": str(state.folder() / "sp.key"),
        "CERTIFICATE": str(state.folder() / "sp.crt"), "SALT": secrets.token_urlsafe(32),
        "ENTITY_ID": f"{run['sites'][SLUG]}/{SLUG}", "IDP": f"{run['url']}/saml2/{SLUG}/metadata",
        "IDP_METADATA": str(state.folder() / f"{SLUG}.idp.xml"),
    }
    for name, folder in (("config.php", "config"), ("authsources.php", "config"), ("page.php", "www")):
        text = Template((HERE / "php" / name).read_text(encoding="utf-8")).substitute(values)
        (home() / folder / name).write_text(text, encoding="utf-8")
    server = start()
    try:
        answer = requests.get(f"{run['sites'][SLUG]}/simplesaml/module.php/saml/sp/metadata.php/{SOURCE}",
                              timeout=SECONDS)
        answer.raise_for_status()
        return answer.text
    finally:
        server.stop()
