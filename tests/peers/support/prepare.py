"""Owns the files that one run starts from: configuration, organisation, SP keys and SP metadata.

Does not own the gateway's life, nor any test. Nothing here is kept: keys and passwords are
made anew for each run.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from string import Template

from support import service_providers, sites
from support.library_peers import Pysaml2, Python3Saml, RollingPython3Saml
from support.node_peers import NodeSaml, Samlify

HERE = Path(__file__).resolve().parent.parent

# Values that break a careless escape: markup, both quotes, an entity look-alike, and letters
# outside ASCII and outside the basic plane.
MAYA_NAME = "Maya \"M\" O'Kafor & <Sønner> 木村 𝒢"
MAYA_DEPARTMENT = "R&D <core> \"Ops\" 'x' &amp; Ümlaut"
GROUP_PLAIN = "Product analytics"
GROUP_MARKUP = "R&D <core>"
GROUP_UMLAUT = "Führung \"A\" 'B'"

SAML_ATTRIBUTES = [
    {"name": "email", "source": "email"},
    {"name": "displayName", "source": "display_name"},
    {"name": "department", "source": "department"},
    {"name": "plan", "constant": "enterprise & <more>"},
]


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago; all are held until the last is known."""
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def key_pair(folder: Path, name: str) -> None:
    """An SP's own RSA key with a self-signed certificate."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")],
        check=True, capture_output=True, timeout=30,
    )


def main(database_url: str, folder: Path) -> None:
    listen_port, sp_port, back_port, apache_port, spa_port, *hub_ports = free_ports(8 + len(sites.NAMES))
    hub_ports, site_ports = hub_ports[:3], hub_ports[3:]
    url = f"http://127.0.0.1:{listen_port}"
    sp_base = f"http://127.0.0.1:{sp_port}"
    state = {
        "url": url,
        "sp_base": sp_base,
        "folder": str(folder),
        "passwords": {name: secrets.token_urlsafe(18) for name in ("maya", "omar", "ines", "rivera")},
        "basic_secret": secrets.token_urlsafe(33),
        "post_secret": secrets.token_urlsafe(33),
        "back_secret": secrets.token_urlsafe(33),
        "apache_secret": secrets.token_urlsafe(33),
        "hub_secret": secrets.token_urlsafe(33),
        "back_channel": f"http://127.0.0.1:{back_port}/backchannel",
        "apache": f"http://127.0.0.1:{apache_port}",
        "spa": f"http://127.0.0.1:{spa_port}",
        "hub": {
            **{name: f"http://127.0.0.1:{port}" for name, port in zip(("url", "inner", "proxy_api"), hub_ports)},
            "api_token": secrets.token_urlsafe(33),
            "admin_group": GROUP_UMLAUT,
            "allowed_group": "Elsewhere",
        },
        "maya": {
            "email": "maya.okafor@fernhill.example",
            "display_name": MAYA_NAME,
            "department": MAYA_DEPARTMENT,
            "groups": sorted([GROUP_PLAIN, GROUP_MARKUP, GROUP_UMLAUT]),
        },
        # What an address starts with whose app has another first part of the path than its slug.
        "homes": {},
        "plain_relay_state": f"{sp_base}/start?from=portal&x=\"1\"",
    }
    for name in ("sp", "stranger"):
        key_pair(folder, name)
    sites.plan(state, dict(zip(sites.NAMES, site_ports)))

    (folder / "gatehouse.toml").write_text(
        f'[http]\nlisten = "127.0.0.1:{listen_port}"\npublic_url = "{url}"\n\n'
        f'[database]\nurl = "{database_url}"\n\n'
        f'[secrets]\nmaster_key_file = "{folder}/master.key"\n\n'
        "[outbound]\nallow_private_networks = true\n",
        encoding="utf-8",
    )
    os.environ["PEERS_STATE"] = str(folder)
    (folder / "state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
    (folder / "url").write_text(url, encoding="utf-8")

    for slug in ("py3saml-signed",):
        (folder / f"{slug}.xml").write_bytes(service_providers.python3_saml_metadata(slug))
    for slug in ("pysaml2-post", "pysaml2-plain"):
        (folder / f"{slug}.xml").write_text(service_providers.pysaml2_metadata(slug), encoding="utf-8")
    for library in (Python3Saml, Pysaml2, NodeSaml, Samlify, RollingPython3Saml):
        (folder / f"{library.slug}.xml").write_text(library.metadata(), encoding="utf-8")
    for slug, metadata in sites.prepare():
        (folder / f"{slug}.xml").write_text(metadata, encoding="utf-8")

    # JSON strings are YAML strings too, so quoting is the encoder's affair.
    quoted = {
        "MAYA_NAME": MAYA_NAME,
        "MAYA_DEPARTMENT": MAYA_DEPARTMENT,
        "MAYA_PASSWORD": state["passwords"]["maya"],
        "OMAR_PASSWORD": state["passwords"]["omar"],
        "INES_PASSWORD": state["passwords"]["ines"],
        "OWNER_PASSWORD": state["passwords"]["rivera"],
        "GROUP_PLAIN": GROUP_PLAIN,
        "GROUP_MARKUP": GROUP_MARKUP,
        "GROUP_UMLAUT": GROUP_UMLAUT,
        "SAML_ATTRIBUTES": SAML_ATTRIBUTES,
        "PLAIN_ENTITY_ID": service_providers.entity_id("py3saml-plain"),
        "PLAIN_ACS": service_providers.acs("py3saml-plain"),
        "PLAIN_RELAY_STATE": state["plain_relay_state"],
        "BASIC_SECRET": state["basic_secret"],
        "POST_SECRET": state["post_secret"],
        "BACK_SECRET": state["back_secret"],
        "APACHE_SECRET": state["apache_secret"],
        "HUB_SECRET": state["hub_secret"],
        "BACK_CHANNEL": state["back_channel"],
    }
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in quoted.items()}
    values["SP_BASE"] = sp_base
    values["APACHE"] = state["apache"]
    values["SPA"] = state["spa"]
    values["HUB"] = state["hub"]["url"]
    organisation = Template((HERE / "org.template.yaml").read_text(encoding="utf-8")).substitute(values)
    (folder / "org.yaml").write_text(organisation, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
