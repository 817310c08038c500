"""JupyterHub with oauthenticator's GenericOAuthenticator: sign-on with PKCE, groups that decide, logout.

Does not own the hub's settings and life (support.sites). Nobody's notebook is started.
"""

import unittest
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import requests

from support import state
from support.browser import SECONDS, Left, Shown
from support.page import Page
from support.sites import jupyterhub
from support.visitor import Visitor


class JupyterHub(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = state.load()
        cls.hub = cls.state["hub"]
        cls.base = cls.hub["url"]
        cls.server = jupyterhub.start()
        cls.addClassCleanup(cls.server.stop)

    def set_out(self, person: Visitor) -> Left:
        """The hub sends the person's browser to the gateway."""
        asked = person.ask("GET", f"{self.base}/hub/oauth_login?next=%2Fhub%2Fhome")
        self.assertEqual(asked.status_code, 302, self.server.words())
        self.assertTrue(asked.headers["Location"].startswith(f"{self.state['url']}/oauth2/authorize?"))
        return Left(asked.headers["Location"])

    def come_back(self, person: Visitor) -> Left:
        """Where the gateway sends the browser once the person has signed in there."""
        back = person.gateway.deliver(self.set_out(person))
        self.assertIsInstance(back, Left, str(back))
        self.assertTrue(back.url.startswith(f"{self.base}/hub/oauth_callback?"), back.url)
        return back

    def sign_on(self, person: Visitor) -> None:
        home = person.arrive(self.come_back(person))
        self.assertEqual((home.status_code, home.url), (200, f"{self.base}/hub/home"),
                         self.server.words())
        self.assertIn(person.gateway.username, Page(home.text).text.split())

    def asks_to_sign_in(self, person: Visitor) -> bool:
        answer = person.ask("GET", f"{self.base}/hub/home")
        return answer.is_redirect and urlsplit(answer.headers["Location"]).path == "/hub/login"

    def known(self, username: str) -> dict | None:
        """What the hub itself holds of a person."""
        answer = requests.get(f"{self.base}/hub/api/users/{username}", timeout=SECONDS,
                              headers={"Authorization": f"token {self.hub['api_token']}"})
        if answer.status_code == 404:
            return None
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def test_signs_on_with_pkce(self):
        sent = parse_qs(urlsplit(self.set_out(Visitor()).url).query)
        self.assertEqual((sent["code_challenge_method"], len(sent["code_challenge"][0])), (["S256"], 43))
        self.sign_on(Visitor())

    def test_a_member_of_the_administrators_group_becomes_one_and_brings_every_group(self):
        self.sign_on(Visitor())
        maya = self.known("maya")
        self.assertEqual((maya["admin"], sorted(maya["groups"])), (True, self.state["maya"]["groups"]))

    def test_a_member_of_the_allowed_group_comes_in_and_is_no_administrator(self):
        self.sign_on(Visitor("omar"))
        omar = self.known("omar")
        self.assertEqual((omar["admin"], omar["groups"]), (False, [self.hub["allowed_group"]]))

    def test_a_person_with_neither_group_is_turned_away_by_the_hub(self):
        person = Visitor("ines")
        answer = person.arrive(self.come_back(person))
        self.assertEqual(answer.status_code, 403, self.server.words())
        self.assertTrue(self.asks_to_sign_in(person))
        self.assertIsNone(self.known("ines"))

    def test_a_person_without_the_app_is_turned_away_by_the_gateway(self):
        person = Visitor("rivera")
        refused = person.gateway.deliver(self.set_out(person))
        self.assertIsInstance(refused, Shown, str(refused))
        self.assertEqual(refused.status, 403, str(refused))
        self.assertTrue(self.asks_to_sign_in(person))

    def test_a_state_of_another_sign_on_is_refused_by_it(self):
        mine, theirs = Visitor(), Visitor("omar")
        back, other = self.come_back(mine), self.come_back(theirs)
        self.assertEqual(mine.arrive(other).status_code, 400, self.server.words())
        self.assertTrue(self.asks_to_sign_in(mine))
        self.assertEqual(theirs.arrive(other).url, f"{self.base}/hub/home", "its own browser still may")
        self.assertNotEqual(back.url, other.url)

    def test_a_code_of_another_sign_on_does_not_fit_its_verifier(self):
        """RFC 7636 §4.6: the gateway compares the hub's verifier with the challenge that the code came of."""
        mine, theirs = Visitor(), Visitor("omar")
        back, other = urlsplit(self.come_back(mine).url), urlsplit(self.come_back(theirs).url)
        query = dict(parse_qsl(back.query)) | {"code": parse_qs(other.query)["code"][0]}
        answer = mine.arrive(Left(back._replace(query=urlencode(query)).geturl()))
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertIn("invalid_grant", self.server.words())
        self.assertTrue(self.asks_to_sign_in(mine))

    def test_signing_out_at_the_hub_leads_to_the_gateway_and_ends_both_sessions(self):
        person = Visitor()
        self.sign_on(person)
        left = person.ask("GET", f"{self.base}/hub/logout")
        self.assertEqual((left.status_code, left.headers["Location"]), (302, f"{self.state['url']}/oauth2/logout"))
        # Without an ID token's hint the gateway asks (RP-Initiated Logout 1.0 §2).
        shown = person.gateway.press(left.headers["Location"], lambda form: "logout" in form.action)
        self.assertIsInstance(shown, Shown)
        self.assertTrue(self.asks_to_sign_in(person))
        typed = person.gateway.passwords_typed
        self.sign_on(person)
        self.assertEqual(person.gateway.passwords_typed, typed + 1, "the gateway asks anew")


if __name__ == "__main__":
    unittest.main()
