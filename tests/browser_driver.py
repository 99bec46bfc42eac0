"""The system's own Chromium, driven by Playwright; no browser is ever downloaded.

`python -m tests.browser_driver` prints which one it is, or exits with 1.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserType, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",  # root may not have one
    "--disable-dev-shm-usage",  # containers have a small /dev/shm
    "--disable-gpu",
    "--no-first-run",
    # nothing but the pages under test:
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


START_MS = 180_000


class BrowserMissing(Exception):
    """No Chromium on this machine."""


def find_chromium() -> str:
    for name in NAMES:
        if path := shutil.which(name) or shutil.which(name, path="/usr/bin"):
            return path
    raise BrowserMissing("Chromium is not installed (Debian: apt install chromium).")


def started(chromium: BrowserType, *arguments: str) -> Browser:
    """A headless Chromium, with those arguments too; a busy computer may take its time."""
    return chromium.launch(
        executable_path=find_chromium(), args=[*ARGUMENTS, *arguments], timeout=START_MS
    )


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start one; each test opens contexts of its own in it."""
    with sync_playwright() as playwright:
        browser = started(playwright.chromium)
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_chromium()}\n")
    except BrowserMissing as missing:
        sys.exit(str(missing))
