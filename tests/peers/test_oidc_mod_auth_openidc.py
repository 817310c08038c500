"""mod_auth_openidc in Apache as the RP: sign-on, and a logout at the gateway that ends its session by a logout token.

Does not own Apache's installation: without the module (Debian's libapache2-mod-auth-openidc) the tests are skipped.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import requests

from support import state
from support.browser import Browser, Left, Shown

SECONDS = 20
MODULES = Path("/usr/lib/apache2/modules")
NEEDED = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir", "env"]

CONFIG = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
LogLevel warn auth_openidc:info
DefaultRuntimeDir {folder}
{modules}
DocumentRoot {folder}/htdocs
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID peer-apache
OIDCClientSecret {secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI http://127.0.0.1:{port}/protected/callback
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid email"
OIDCPKCEMethod S256
OIDCRemoteUserClaim email
OIDCSSLValidateServer Off
OIDCCacheType file
OIDCCacheDir {folder}/cache
OIDCDefaultLoggedOutURL http://127.0.0.1:{port}/
<Location /protected>
    AuthType openid-connect
    Require valid-user
</Location>
"""


class ModAuthOpenidc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = state.load()
        cls.base = cls.state["apache"]
        folder = state.folder() / "apache"
        for name in ("htdocs/protected", "cache"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "htdocs/index.html").write_text("outside", encoding="utf-8")
        (folder / "htdocs/protected/index.html").write_text("inside", encoding="utf-8")
        if os.geteuid() == 0:
            # Apache's workers give root up; the folder is theirs then.
            user = "User nobody\nGroup nogroup"
            for path in (folder, folder / "cache", folder / "htdocs", folder / "htdocs/protected"):
                path.chmod(0o755)
            shutil.chown(folder / "cache", "nobody", "nogroup")
            for parent in folder.parents:
                if parent == Path("/tmp"):
                    break
                parent.chmod(parent.stat().st_mode | 0o011)
        else:
            user = ""
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NEEDED) + "\n" + user
        (folder / "apache.conf").write_text(CONFIG.format(
            folder=folder, port=urlsplit(cls.base).port, modules=modules, issuer=cls.state["url"],
            secret=cls.state["apache_secret"], passphrase=secrets.token_urlsafe(24)), encoding="utf-8")
        (folder / "apache.conf").chmod(0o600)
        cls.log = folder / "apache.log"
        cls.server = subprocess.Popen(["apache2", "-D", "FOREGROUND", "-f", str(folder / "apache.conf")],
                                      stdout=subprocess.DEVNULL, stderr=open(folder / "apache.err", "wb"))
        for _ in range(100):
            try:
                requests.get(f"{cls.base}/", timeout=SECONDS)
                return
            except requests.ConnectionError:
                if cls.server.poll() is not None:
                    raise AssertionError((folder / "apache.err").read_text() + cls.log.read_text())
                time.sleep(0.1)
        raise AssertionError("Apache did not start")

    @classmethod
    def tearDownClass(cls):
        if cls.server.poll() is None:
            cls.server.send_signal(signal.SIGTERM)
            try:
                cls.server.wait(10)
            except subprocess.TimeoutExpired:
                cls.server.kill()
                cls.server.wait(5)

    def visit(self, app: requests.Session) -> requests.Response:
        return app.get(f"{self.base}/protected/", allow_redirects=False, timeout=SECONDS)

    def sign_on(self, browser: Browser) -> requests.Session:
        """A session at Apache, got through the gateway."""
        app = requests.Session()
        app.trust_env = False
        asked = self.visit(app)
        self.assertEqual(asked.status_code, 302, self.log.read_text())
        self.assertTrue(asked.headers["Location"].startswith(f"{self.state['url']}/oauth2/authorize?"))
        left = browser.get(asked.headers["Location"])
        self.assertIsInstance(left, Left, str(left))
        back = app.get(left.url, allow_redirects=False, timeout=SECONDS)
        self.assertEqual(back.status_code, 302, f"{back.text}\n{self.log.read_text()}")
        inside = self.visit(app)
        self.assertEqual((inside.status_code, inside.text), (200, "inside"))
        return app

    def test_signs_on(self):
        self.sign_on(Browser())

    def test_signing_out_at_the_gateway_ends_its_session_by_a_logout_token(self):
        browser = Browser()
        app = self.sign_on(browser)
        shown = browser.get("/logout")
        self.assertIsInstance(shown, Shown)
        form = next(form for form in shown.page.forms if form.action.endswith("/logout"))
        browser._follow(browser._submit(form, shown.url))
        self.assertEqual(self.visit(app).status_code, 302, f"it asks again\n{self.log.read_text()}")

    def test_signing_out_at_apache_comes_back_to_it(self):
        browser = Browser()
        app = self.sign_on(browser)
        query = urlencode({"logout": f"{self.base}/"})
        away = app.get(f"{self.base}/protected/callback?{query}", allow_redirects=False, timeout=SECONDS)
        self.assertEqual(away.status_code, 302)
        self.assertTrue(away.headers["Location"].startswith(f"{self.state['url']}/oauth2/logout?"))
        left = browser.get(away.headers["Location"])
        self.assertIsInstance(left, Left, str(left))
        self.assertEqual(left.url, f"{self.base}/")
        again = Browser(username=None)
        again.http = browser.http
        self.assertIsInstance(again.get("/account"), Shown)


if __name__ == "__main__":
    unittest.main()
