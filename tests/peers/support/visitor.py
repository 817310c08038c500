"""Owns the way of one browser between an SP's own server and the gateway, and what it carried.

Does not own what must be in the messages (checks.py), nor the gateway's pages (browser.py).
"""

import base64
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from support import saml_xml
from support.browser import SECONDS, STEPS, Browser, Left, Outcome, Posted, Shown, inflate
from support.page import Page

NAMES = ("SAMLRequest", "SAMLResponse")


@dataclass
class Carried:
    """A SAML message on its way; it stands whole, so that a test can read and change it."""

    going: Left | Posted
    to_gateway: bool

    @property
    def fields(self) -> dict[str, str]:
        if isinstance(self.going, Posted):
            return self.going.fields
        query = parse_qs(urlsplit(self.going.url).query, keep_blank_values=True)
        return {name: values[0] for name, values in query.items()}

    @property
    def root(self):
        value = next(self.fields[name] for name in NAMES if name in self.fields)
        return saml_xml.parse(base64.b64decode(value) if isinstance(self.going, Posted) else inflate(value))

    @property
    def kind(self) -> str:
        """AuthnRequest, Response, LogoutRequest or LogoutResponse."""
        return self.root.tag.rpartition("}")[2]

    @property
    def address(self) -> str:
        return self.going.action if isinstance(self.going, Posted) else self.going.url.partition("?")[0]

    @property
    def is_signed(self) -> bool:
        """By the query, or inside; whether it holds is the receiver's affair."""
        if isinstance(self.going, Left):
            return "Signature" in self.fields
        return bool(saml_xml.every(self.root, "/*/ds:Signature"))


class Visitor:
    """One person's browser at an SP and at the gateway."""

    def __init__(self, username: str | None = "maya"):
        self.gateway = Browser(username)
        self.site = requests.Session()
        self.site.trust_env = False
        self.carried: list[Carried] = []

    def open(self, address: str) -> requests.Response | Shown:
        """Opens a page of the SP and goes wherever it leads."""
        return self._at_site(self.ask("GET", address))

    def arrive(self, outcome: Outcome) -> requests.Response | Shown:
        """Goes on from where the gateway sent the browser."""
        if isinstance(outcome, Shown):
            return outcome
        self._note(outcome, to_gateway=False)
        if isinstance(outcome, Left):
            return self._at_site(self.ask("GET", outcome.url))
        return self._at_site(self.ask("POST", outcome.action, data=outcome.fields))

    def last(self, kind: str) -> Carried:
        return next(one for one in reversed(self.carried) if one.kind == kind)

    def kinds(self) -> list[str]:
        return [one.kind for one in self.carried]

    def _note(self, going: Left | Posted, *, to_gateway: bool) -> None:
        carried = Carried(going, to_gateway)
        if carried.fields.keys() & set(NAMES):
            self.carried.append(carried)

    def ask(self, method: str, url: str, **options) -> requests.Response:
        """One answer of the SP, not followed."""
        request = self.site.prepare_request(requests.Request(method, url, **options))
        # A detached signature covers the query as sent.
        request.url = url
        return self.site.send(request, allow_redirects=False, timeout=SECONDS)

    def _is_gateway(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self.gateway.base)[:2]

    def _at_site(self, answer: requests.Response) -> requests.Response | Shown:
        for _ in range(STEPS):
            going = None
            if answer.is_redirect:
                url = urljoin(answer.url, answer.headers["Location"])
                if not self._is_gateway(url):
                    answer = self.ask("GET", url)
                    continue
                going = Left(url)
            elif "html" in answer.headers.get("Content-Type", ""):
                going = self._form(answer)
            if going is None:
                return answer
            self._note(going, to_gateway=True)
            return self.arrive(self.gateway.deliver(going))
        raise AssertionError(f"no end after {STEPS} pages, last {answer.url}")

    @staticmethod
    def _form(answer: requests.Response) -> Posted | None:
        """The form of a page that an SP has its script submit."""
        for form in Page(answer.text).forms:
            if form.names() & set(NAMES):
                return Posted(urljoin(answer.url, form.action), dict(form.fields()))
        return None
