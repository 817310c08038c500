"""Owns the SAML libraries of Node as SPs, in the shape of library_peers.py. Does not own their settings and calls (node/)."""

import json
import os
import subprocess
from pathlib import Path

from support import saml_xml, service_providers
from support.browser import SECONDS, Left, Posted, idp_metadata
from support.library_peers import Refused, form, slo
from support.service_providers import NAME_ID
from support.visitor import Carried

NODE = Path(__file__).resolve().parent / "node"


class Node:
    """A library of Node, which runs in a process of its own as long as this object lives."""

    library = ""
    slug = ""
    reads_envelope = True
    bindings = ("redirect", "post")
    name_id_format = NAME_ID + "emailAddress"

    def __init__(self, idp: str | None = None):
        metadata = idp or idp_metadata(self.slug).text
        root = saml_xml.parse(metadata.encode())
        location = lambda service: saml_xml.every(  # noqa: E731
            root, f"//md:{service}[contains(@Binding, 'HTTP-Redirect')]/@Location")[0]
        settings = self._settings() | {
            "idp": root.get("entityID"),
            "idp_metadata": metadata,
            "idp_certificates": ["".join(each.text.split()) for each in saml_xml.every(root, "//ds:X509Certificate")],
            "sso_url": location("SingleSignOnService"),
            "slo_url": location("SingleLogoutService"),
        }
        self.process = subprocess.Popen(
            ["node", str(NODE / "serve.mjs"), self.library, "serve"], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PEER_SETTINGS": json.dumps(settings)})

    @classmethod
    def _settings(cls) -> dict:
        return {"entity_id": service_providers.entity_id(cls.slug), "acs": service_providers.acs(cls.slug),
                "slo": slo(cls.slug), "key": service_providers.read("sp.key"),
                "certificate": service_providers.read("sp.crt"), "name_id_format": cls.name_id_format}

    @classmethod
    def metadata(cls) -> str:
        done = subprocess.run(["node", str(NODE / "serve.mjs"), cls.library, "metadata"], text=True, check=True,
                              stdout=subprocess.PIPE, timeout=SECONDS,
                              env=os.environ | {"PEER_SETTINGS": json.dumps(cls._settings())})
        return done.stdout

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=SECONDS)
        self.process.stdout.close()

    def _call(self, name: str, *arguments):
        self.process.stdin.write(json.dumps({"call": name, "args": arguments}) + "\n")
        line = self.process.stdout.readline()
        assert line, f"{self.library} ended by itself"
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["value"]

    @staticmethod
    def _going(made: dict) -> Left | Posted:
        if "html" in made:
            return form(made["html"])
        return Left(made["url"]) if "url" in made else Posted(made["action"], made["fields"])

    @staticmethod
    def _told(going: Left | Posted) -> dict:
        return {"url": going.url} if isinstance(going, Left) else {"action": going.action, "fields": going.fields}

    def start(self, binding: str, relay_state: str):
        going = self._going(self._call("start", binding, relay_state))
        return going, Carried(going, True).root.get("ID")

    def accept(self, fields: dict, request_id: str | None) -> dict:
        person = self._call("accept", fields)
        if person["in_response_to"] != request_id:
            raise Refused(f"it answers {person['in_response_to']}, not {request_id}")
        attributes = person["attributes"]
        person["attributes"] = {name: value if isinstance(value, list) else [value]
                                for name, value in attributes.items()}
        return person

    def logout(self, person: dict, relay_state: str):
        going = self._going(self._call("logout", person, relay_state))
        return going, Carried(going, True).root.get("ID")

    def logged_out(self, going: Left | Posted, request_id: str) -> None:
        if not self._call("loggedOut", self._told(going)):
            raise Refused("the logout was not confirmed")

    def asked(self, going: Left | Posted):
        answer = self._call("asked", self._told(going))
        return answer["name_id"], self._going(answer)


class NodeSaml(Node):
    library = "node_saml"
    slug = "node-saml"


class Samlify(Node):
    """It is content with the assertion's signature, and does not look at Destination or Recipient."""

    library = "samlify"
    slug = "samlify"
    reads_envelope = False


class RollingNodeSaml(NodeSaml):
    """The same SP in another language: it has the same names and keys."""

    slug = "rollover"
