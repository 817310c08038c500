"""Authlib as the RP: discovery, code flow with PKCE, its own ID token checks, refresh, revocation.

Does not own what the page of the sign-on looks like (support.browser).
"""

import secrets
import unittest

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from support import state
from support.browser import Browser, Left

SECONDS = 20


class Authlib(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = state.load()
        cls.redirect = f"{cls.state['sp_base']}/oidc-post/callback"
        cls.metadata = requests.get(f"{cls.state['url']}/.well-known/openid-configuration", timeout=SECONDS).json()

    def session(self, **more) -> OAuth2Session:
        session = OAuth2Session("peer-post", self.state["post_secret"], scope="openid profile email offline_access",
                                redirect_uri=self.redirect, token_endpoint_auth_method="client_secret_post",
                                revocation_endpoint_auth_method="client_secret_post",
                                code_challenge_method="S256", **more)
        session.trust_env = False
        return session

    def sign_on(self, browser: Browser | None = None):
        session, verifier, nonce = self.session(), secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        address, sent = session.create_authorization_url(self.metadata["authorization_endpoint"],
                                                         code_verifier=verifier, nonce=nonce)
        left = (browser or Browser()).get(address)
        self.assertIsInstance(left, Left)
        self.assertTrue(left.url.startswith(f"{self.redirect}?"), left.url)
        token = session.fetch_token(self.metadata["token_endpoint"], authorization_response=left.url,
                                    state=sent, code_verifier=verifier, timeout=SECONDS)
        return session, token, nonce

    def claims(self, id_token: str, nonce: str | None):
        keys = KeySet.import_key_set(requests.get(self.metadata["jwks_uri"], timeout=SECONDS).json())
        decoded = jwt.decode(id_token, keys, algorithms=self.metadata["id_token_signing_alg_values_supported"])
        wanted = {"iss": {"essential": True, "value": self.state["url"]},
                  "aud": {"essential": True, "value": "peer-post"}, "sub": {"essential": True},
                  "exp": {"essential": True}, "iat": {"essential": True}}
        if nonce:
            wanted["nonce"] = {"essential": True, "value": nonce}
        jwt.JWTClaimsRegistry(**wanted).validate(decoded.claims)
        return decoded.claims

    def test_signs_on_and_reads_userinfo(self):
        session, token, nonce = self.sign_on()
        claims = self.claims(token["id_token"], nonce)
        info = session.get(self.metadata["userinfo_endpoint"], timeout=SECONDS).json()
        self.assertEqual(info["sub"], claims["sub"])
        self.assertEqual(info["email"], self.state["maya"]["email"])
        self.assertEqual(info["name"], self.state["maya"]["display_name"])

    def test_refreshes_and_revokes(self):
        session, token, _ = self.sign_on()
        before = self.claims(token["id_token"], None)
        renewed = session.refresh_token(self.metadata["token_endpoint"], timeout=SECONDS)
        self.assertNotEqual(renewed["refresh_token"], token["refresh_token"])
        after = self.claims(renewed["id_token"], None)
        self.assertEqual((before["sub"], before["auth_time"]), (after["sub"], after["auth_time"]))
        answer = session.revoke_token(self.metadata["revocation_endpoint"], token=renewed["refresh_token"],
                                      token_type_hint="refresh_token", timeout=SECONDS)
        self.assertEqual(answer.status_code, 200)
        gone = session.get(self.metadata["userinfo_endpoint"], timeout=SECONDS)
        self.assertEqual(gone.status_code, 401)

    def test_a_state_of_another_sign_on_is_refused_by_the_library(self):
        session, verifier = self.session(), secrets.token_urlsafe(48)
        address, _ = session.create_authorization_url(self.metadata["authorization_endpoint"], code_verifier=verifier)
        left = Browser().get(address)
        with self.assertRaises(Exception) as refused:
            session.fetch_token(self.metadata["token_endpoint"], authorization_response=left.url,
                                state="another", code_verifier=verifier, timeout=SECONDS)
        self.assertIn("state", str(refused.exception).lower())


if __name__ == "__main__":
    unittest.main()
