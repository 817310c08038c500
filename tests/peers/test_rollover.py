"""A certificate rollover while people sign on, seen by SPs that know only what they last fetched of the metadata.

Owns the schedule and the count. The steps are those of an administrator in the console: the next certificate is made,
the SPs fetch the metadata with both, it is switched to, and the old one is removed. Does not own the SPs
(library_peers.py, node_peers.py).
"""

import threading
import time
import unittest
from collections import Counter

from support import saml_xml, state
from support.browser import Browser, Posted, idp_metadata
from support.library_peers import RollingPython3Saml
from support.node_peers import RollingNodeSaml
from support.visitor import Carried

SLUG = "rollover"
# How often an SP fetches the metadata; a step waits for every SP to have fetched what the step before it changed.
REFRESH = 4
STEP = 18
CERTIFICATE = f"/admin/apps/{SLUG}/certificate"


def certificates() -> list[str]:
    root = saml_xml.parse(idp_metadata(SLUG).content)
    return ["".join(each.text.split()) for each in saml_xml.every(root, "//md:IDPSSODescriptor//ds:X509Certificate")]


class Worker(threading.Thread):
    """An SP with one person, who signs on by it again and again: in turn from the SP and from the portal."""

    def __init__(self, peer_class, ended: threading.Event):
        super().__init__(daemon=True)
        self.peer_class = peer_class
        self.ended = ended
        self.signed_by = Counter()
        self.fetched = Counter()
        self.failures: list[str] = []

    def run(self):
        browser, peer, fetched_at, turn = Browser(keeps_messages=False), None, 0.0, 0
        while not self.ended.is_set():
            if time.monotonic() - fetched_at > REFRESH:
                if hasattr(peer, "close"):
                    peer.close()
                fetched_at, document = time.monotonic(), idp_metadata(SLUG).text
                self.fetched[document.count("<ds:X509Certificate>")] += 1
                peer = self.peer_class(document)
            turn += 1
            try:
                self.signed_by[self._sign_on(browser, peer, turn)] += 1
            except Exception as failure:  # each is counted, whatever it is
                self.failures.append(f"{self.peer_class.__name__}, turn {turn}: {failure!r}")
        if hasattr(peer, "close"):
            peer.close()

    @staticmethod
    def _sign_on(browser, peer, turn) -> str:
        """Answers the certificate that the message came with."""
        request_id = None
        if turn % 2:
            going, request_id = peer.start("redirect", f"turn-{turn}")
            posted = browser.deliver(going)
        else:
            posted = browser.get(f"/launch/{SLUG}")
        assert isinstance(posted, Posted), posted
        person = peer.accept(posted.fields, request_id)
        assert person["name_id"] == state.load()["maya"]["email"], person
        root = Carried(posted, False).root
        return "".join(saml_xml.one(root, "/samlp:Response/ds:Signature//ds:X509Certificate").text.split())


class Rollover(unittest.TestCase):
    def step(self, action: str) -> None:
        """An administrator's step in the console; the gateway says no in a page that is no 200."""
        admin = Browser("rivera")
        admin.sign_in()
        shown = admin.press(CERTIFICATE, lambda form: form.value("action") == action)
        self.assertEqual(shown.status, 200, shown)

    def test_nobody_fails_while_the_certificate_is_rolled_over(self):
        ended = threading.Event()
        workers = [Worker(peer, ended) for peer in (RollingPython3Saml, RollingNodeSaml) * 2]
        began = time.monotonic()
        (old,) = certificates()
        for worker in workers:
            worker.start()
        try:
            time.sleep(STEP / 2)
            self.step("make")
            both = certificates()
            self.assertEqual((len(both), both[0]), (2, old), "the one in use stands first")
            time.sleep(STEP)
            self.step("switch")
            self.assertEqual(certificates(), both[::-1], "both stay")
            time.sleep(STEP)
            self.step("remove")
            self.assertEqual(certificates(), both[1:])
            time.sleep(STEP)
        finally:
            ended.set()
            for worker in workers:
                worker.join(timeout=60)
        signed_by = sum((worker.signed_by for worker in workers), Counter())
        fetched = sum((worker.fetched for worker in workers), Counter())
        failures = [failure for worker in workers for failure in worker.failures]
        print(f"rollover: {sum(signed_by.values())} sign-ons in {time.monotonic() - began:.0f} s by {len(workers)} "
              f"workers, {signed_by[old]} with the old certificate, {signed_by[both[1]]} with the new, "
              f"{sum(fetched.values())} fetches of the metadata, {len(failures)} failures")
        self.assertEqual(failures, [])
        self.assertEqual(set(signed_by), set(both))
        # There was traffic of each kind by everybody, on either side of the switch.
        for worker in workers:
            self.assertFalse(worker.is_alive())
            self.assertGreater(min(worker.signed_by[old], worker.signed_by[both[1]]), 5, worker.peer_class)
            self.assertGreater(min(worker.fetched[1], worker.fetched[2]), 1, worker.fetched)
        self.assertGreater(time.monotonic() - began, 60)
