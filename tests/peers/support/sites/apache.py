"""Owns Apache with mod_auth_mellon and mod_shib, and shibd beside it: settings, metadata, lives."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from string import Template

from support import state
from support.sites.process import Server

HERE = Path(__file__).resolve().parent / "apache_conf"
USER = "www-data"


def as_user(*command: str) -> list[str]:
    """Apache would change to another user, and shibd's socket must be its."""
    return ["runuser", "-u", USER, "--", *command] if os.geteuid() == 0 else list(command)


def mellon_metadata() -> str:
    """The key pair and the document that mod_auth_mellon's own tool makes."""
    folder = state.folder() / "mellon"
    folder.mkdir()
    base = state.load()["sites"]["mellon"]
    subprocess.run(["mellon_create_metadata", f"{base}/metadata", f"{base}/saml"], check=True, cwd=folder,
                   stdout=subprocess.DEVNULL, timeout=30)
    for ending in ("key", "cert", "xml"):
        (made,) = folder.glob(f"*.{ending}")
        made.rename(folder / f"sp.{ending}")
    return (folder / "sp.xml").read_text(encoding="utf-8")


def shibboleth_metadata() -> str:
    """The document that the SP's own tool writes; it leaves the host's scheme to a switch."""
    base = state.load()["sites"]["shibboleth"]
    done = subprocess.run(["shib-metagen", "-2", "-L", "-c", str(state.folder() / "sp.crt"),
                           "-n", base.removeprefix("http://"), "-e", f"{base}/shibboleth"],
                          check=True, stdout=subprocess.PIPE, text=True, timeout=30)
    return done.stdout


class Servers:
    """Apache and shibd, with the settings of this run, in a folder that is theirs."""

    def __init__(self, idp_metadata: dict[str, bytes]):
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-peers-apache."))
        self.running: list[Server] = []
        try:
            self._write(idp_metadata)
            self._start()
        except BaseException:
            self.stop()
            raise

    def _write(self, idp_metadata: dict[str, bytes]) -> None:
        run, folder = state.load(), self.folder
        base = run["sites"]["shibboleth"]
        for name in ("run", "log", "cache"):
            (folder / name).mkdir()
        for place in ("mellon", "mellon/private", "shibboleth", "shibboleth/private"):
            (folder / "www" / place).mkdir(parents=True)
            (folder / "www" / place / "index.html").write_text("<!doctype html><title>App</title>", encoding="utf-8")
        for slug, document in idp_metadata.items():
            (folder / f"{slug}.idp.xml").write_bytes(document)
        for name in ("key", "cert", "xml"):
            shutil.copy(state.folder() / "mellon" / f"sp.{name}", folder / f"mellon.{name}")
        shutil.copy(state.folder() / "sp.key", folder / "shibboleth.key")
        shutil.copy(state.folder() / "sp.crt", folder / "shibboleth.cert")
        values = {"FOLDER": str(folder), "BASE": base, "LISTEN": base.removeprefix("http://"),
                  "IDP": f"{run['url']}/saml2/shibboleth/metadata"}
        for name in ("httpd.conf", "shibboleth2.xml", "attribute-map.xml", "logger"):
            text = Template((HERE / name).read_text(encoding="utf-8")).substitute(values)
            (folder / name).write_text(text, encoding="utf-8")
        if os.geteuid() == 0:
            account = pwd.getpwnam(USER)
            for each in (folder, *folder.rglob("*")):
                os.chown(each, account.pw_uid, account.pw_gid)

    def _start(self) -> None:
        base = state.load()["sites"]["shibboleth"]
        environment = {"SHIBSP_CONFIG": str(self.folder / "shibboleth2.xml"), "SHIBSP_LOGDIR": str(self.folder / "log"),
                       "SHIBSP_RUNDIR": str(self.folder / "run"), "SHIBSP_CACHEDIR": str(self.folder / "cache")}
        checked = subprocess.run(as_user("shibd", "-t", "-c", str(self.folder / "shibboleth2.xml")), timeout=60,
                                 capture_output=True, text=True, env=os.environ | environment)
        if checked.returncode != 0:
            raise RuntimeError(f"shibd refuses its settings:\n{checked.stdout}{checked.stderr}")
        self.running.append(Server(
            as_user("shibd", "-F", "-f", "-c", str(self.folder / "shibboleth2.xml"),
                    "-p", str(self.folder / "run/shibd.pid")),
            base, state.folder() / "shibd.log", environment, ready=(self.folder / "run/shibd.sock").exists))
        self.running.append(Server(as_user("apache2", "-DFOREGROUND", "-f", str(self.folder / "httpd.conf")),
                                   base, state.folder() / "apache.log", environment))

    def stop(self) -> None:
        for server in reversed(self.running):
            server.stop()
        for log in (self.folder / "log").glob("*"):
            shutil.copy(log, state.folder() / f"apache-{log.name}.log")
        shutil.rmtree(self.folder, ignore_errors=True)
