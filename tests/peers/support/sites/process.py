"""Owns the start and stop of one server process on loopback. Does not own its settings."""

import os
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests

START_SECONDS = 30
STOP_SECONDS = 10


class Server:
    """A server that listens on the port of `base`, or is `ready` by another sign, until it is stopped; what it says
    goes to `log`."""

    def __init__(self, command: list[str], base: str, log: Path, environment: dict | None = None,
                 cwd: Path | None = None, ready=None):
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
                                            env=os.environ | (environment or {}))
        self._until(ready or (lambda: listens(base)))

    def _until(self, ready) -> None:
        ends = time.monotonic() + START_SECONDS
        while not ready():
            if self.process.poll() is not None or time.monotonic() > ends:
                self.stop()
                raise RuntimeError(f"{self.process.args[0]} did not start:\n{self.words()}")
            time.sleep(0.1)

    def words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=STOP_SECONDS)


def listens(base: str) -> bool:
    address = urlsplit(base)
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex((address.hostname, address.port)) == 0


def answers(address: str) -> bool:
    """Whether what is at this address answers that it is well."""
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False
