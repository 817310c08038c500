"""Owns the SPs that are programs of their own: their ports, settings, metadata and lives.

Does not own what is expected of them (site_journeys.py). Apache and shibd run as `www-data` where the tests run as root,
in a folder of their own, as everything else of a run is closed to others.
"""

from collections.abc import Iterator

from support.sites import apache, django, simplesamlphp

NAMES = ("djangosaml2", "simplesamlphp", "apache")


def plan(state: dict, ports: dict[str, int]) -> None:
    """Says in the run's state where each will be."""
    base = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    state["sites"] = {"djangosaml2": base["djangosaml2"], "simplesamlphp": base["simplesamlphp"],
                      "mellon": f"{base['apache']}/mellon", "shibboleth": base["apache"]}
    state["homes"] |= {"djangosaml2": base["djangosaml2"] + "/", "simplesamlphp": base["simplesamlphp"] + "/",
                       "mellon": f"{base['apache']}/mellon/", "shibboleth": f"{base['apache']}/Shibboleth.sso/"}


def prepare() -> Iterator[tuple[str, str]]:
    """Each one's slug and the metadata that it writes of itself."""
    yield "djangosaml2", django.metadata()
    yield "simplesamlphp", simplesamlphp.metadata()
    yield "mellon", apache.mellon_metadata()
    yield "shibboleth", apache.shibboleth_metadata()
