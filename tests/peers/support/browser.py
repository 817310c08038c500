"""Owns a plain HTTP client that signs a person on as a browser without script would.

Does not own what is sent to an SP: it stops there and hands over what would have been posted
or where the browser would have gone.
"""

import base64
import os
import re
import zlib
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from support import state
from support.page import Page

STEPS = 20
SECONDS = 20
# A reference as the hand-over page shows it, such as 7KQ2-M4XA.
REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@dataclass
class Posted:
    """A form that the page would have posted to another origin."""

    action: str
    fields: dict[str, str]


@dataclass
class Left:
    """A redirect or link to another origin."""

    url: str


@dataclass(repr=False)
class Shown:
    """A page of the gateway that asks for nothing the client knows."""

    status: int
    url: str
    page: Page
    headers: dict

    def __str__(self) -> str:
        return f"{self.status} at {self.url}: {' '.join(self.page.text.split())[:400]!r}"

    __repr__ = __str__

    def reference(self) -> str | None:
        found = REFERENCE.search(self.page.text)
        return found.group(0) if found else None


Outcome = Posted | Left | Shown
_messages = 0


class Browser:
    """One person's browser: a cookie jar and what they would type."""

    def __init__(self, username: str | None = "maya", by_email: bool = False, keeps_messages: bool = True):
        self.state = state.load()
        self.keeps_messages = keeps_messages
        self.base = self.state["url"]
        self.username = username
        self.typed_name = self.state["maya"]["email"] if by_email else username
        self.http = requests.Session()
        self.http.trust_env = False
        self.passwords_typed = 0

    def get(self, path: str) -> Outcome:
        return self._follow(self._send("GET", urljoin(self.base, path)))

    def post(self, path: str, fields: dict) -> Outcome:
        """A cross-site post, as an SP's page makes it: `SameSite=Lax` cookies stay at home."""
        kept, self.http.cookies = self.http.cookies, requests.cookies.RequestsCookieJar()
        try:
            headers = {"Origin": self.state["sp_base"], "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
            answer = self.http.post(urljoin(self.base, path), data=fields, headers=headers,
                                    allow_redirects=False, timeout=SECONDS)
        finally:
            kept.update(self.http.cookies)
            self.http.cookies = kept
        assert answer.status_code < 500, f"POST {path} gave {answer.status_code}:\n{answer.text[:2000]}"
        if answer.is_redirect:
            answer = self._send("GET", urljoin(answer.url, answer.headers["Location"]))
        return self._follow(answer)

    def sign_in(self) -> Shown:
        shown = self.get("/")
        assert isinstance(shown, Shown) and shown.status == 200, f"the portal did not open: {shown}"
        return shown

    def deliver(self, going: Left | Posted) -> Outcome:
        """Takes what an SP gave the browser to the gateway."""
        return self.get(going.url) if isinstance(going, Left) else self.post(going.action, going.fields)

    def sign_out(self) -> Outcome:
        """The person signs out at the portal, and presses the button of the page that asks."""
        return self.press("/logout", lambda form: form.action == "/logout")

    def press(self, path: str, is_meant) -> Outcome:
        """Opens a page of the gateway and sends the first form of it that `is_meant`, as it stands."""
        answer = self._send("GET", urljoin(self.base, path))
        form = next(form for form in Page(answer.text).forms if is_meant(form))
        return self._follow(self._submit(form, answer.url))

    def _send(self, method: str, url: str, **options) -> requests.Response | Left:
        """Sends, and follows redirects that stay on the gateway.

        A form's whole redirect chain is under `form-action 'self'`, so a chain that began
        with a POST of ours must not leave the origin.
        """
        for _ in range(STEPS):
            request = self.http.prepare_request(requests.Request(method, url, **options))
            # The library would write some escapes anew, and a detached signature covers them as sent.
            request.url = url
            answer = self.http.send(request, allow_redirects=False, timeout=SECONDS)
            assert answer.status_code < 500, f"{method} {url} gave {answer.status_code}:\n{answer.text[:2000]}"
            if answer.status_code not in (301, 302, 303, 307, 308):
                return answer
            url = urljoin(url, answer.headers["Location"])
            if urlsplit(url)[:2] != urlsplit(self.base)[:2]:
                assert not options.get("headers", {}).get("X-Form"), \
                    f"a form's redirects leave for {url}: the browser's form-action would stop it"
                return Left(url)
            assert answer.status_code not in (307, 308) or method == "GET", "a form must not be posted again"
            method = "GET"
            options = {"headers": options.get("headers", {})}
        raise AssertionError(f"more than {STEPS} redirects, last to {url}")

    def _submit(self, form, at: str, **typed: str) -> requests.Response | Left:
        action = urljoin(at, form.action)
        assert form.method == "post", f"the form at {at} is sent by {form.method}"
        # The origin and the marker are what a form post of the page itself carries.
        headers = {"Origin": self.base, "Referer": at, "Sec-Fetch-Site": "same-origin", "X-Form": "1"}
        return self._send("POST", action, data=form.fields(**typed), headers=headers)

    def _follow(self, answer: requests.Response | Left) -> Outcome:
        for _ in range(STEPS):
            if isinstance(answer, Left):
                return self._left(answer.url)
            page = Page(answer.text)
            posted = self._auto_post(page, answer)
            if posted:
                return posted
            again = next((form for form in page.forms if form.names() & {"SAMLRequest", "SAMLResponse"}), None)
            if again:
                # A message posted by another site comes without our cookies; the gateway has the
                # browser post it once more from a page of its own.
                answer = self._submit(again, answer.url)
                continue
            username = next((form for form in page.forms if "username" in form.names()), None)
            password = next((form for form in page.forms if "password" in form.names()), None)
            if password and self.username:
                self.passwords_typed += 1
                assert self.passwords_typed < 5, "the password is asked for again and again"
                secret = self.state["passwords"][self.username]
                extra = {"username": self.typed_name} if "username" in password.names() else {}
                answer = self._submit(password, answer.url, password=secret, **extra)
            elif username and not password and self.username:
                answer = self._submit(username, answer.url, username=self.typed_name)
            elif page.continue_href:
                assert page.refresh == page.continue_href, \
                    f"the refresh goes to {page.refresh}, the link to {page.continue_href}"
                target = urljoin(answer.url, page.continue_href)
                if urlsplit(target)[:2] != urlsplit(self.base)[:2]:
                    return self._left(target)
                answer = self._send("GET", target)
            else:
                return Shown(answer.status_code, answer.url, page, dict(answer.headers))
        raise AssertionError(f"no end after {STEPS} pages, last {answer.url}")

    def _auto_post(self, page: Page, answer: requests.Response) -> Posted | None:
        for form in page.forms:
            if urlsplit(urljoin(answer.url, form.action))[:2] == urlsplit(self.base)[:2]:
                continue
            assert answer.status_code == 200 and form.method == "post" and form.has_submit, \
                "a page that posts to an app is a 200 with a button for browsers without script"
            policy = answer.headers.get("Content-Security-Policy", "")
            targets = [part.split()[1:] for part in policy.split(";") if part.split()[:1] == ["form-action"]]
            assert all("'self'" not in target and "'none'" not in target for target in targets), \
                f"form-action would stop the post: {policy}"
            assert "no-store" in answer.headers.get("Cache-Control", ""), "a message for an app may be stored"
            names = [name for name, _, _ in form.inputs]
            assert len(names) == len(set(names)), f"a field is posted twice: {names}"
            posted = Posted(urljoin(answer.url, form.action), dict(form.fields()))
            self._keep(posted)
            return posted
        return None

    def _keep(self, posted: Posted) -> None:
        """Keeps each SAML message for the schema and signature tests."""
        for name in ("SAMLResponse", "SAMLRequest"):
            if self.keeps_messages and name in posted.fields:
                keep(posted.action, base64.b64decode(posted.fields[name], validate=True))

    def _left(self, url: str) -> Left:
        query = parse_qs(urlsplit(url).query)
        for name in ("SAMLResponse", "SAMLRequest"):
            if self.keeps_messages and name in query:
                keep(url, inflate(query[name][0]))
        return Left(url)


def keep(address: str, raw: bytes) -> None:
    """Writes a message down under the slug of the app it went to."""
    global _messages
    _messages += 1
    homes = state.load()["homes"].items()
    slug = next((slug for slug, home in homes if address.startswith(home)), urlsplit(address).path.split("/")[1])
    (state.folder() / "messages" / f"{os.getpid()}-{_messages:03}-{slug}.xml").write_bytes(raw)


def inflate(value: str) -> bytes:
    """A message of the HTTP-Redirect binding (Bindings §3.4.4.1)."""
    return zlib.decompress(base64.b64decode(value, validate=True), -15)


def idp_metadata(slug: str) -> requests.Response:
    """The gateway's metadata document for one app."""
    answer = requests.get(f"{state.load()['url']}/saml2/{slug}/metadata", timeout=SECONDS)
    answer.raise_for_status()
    return answer
