"""An office on its first day: installed, with an administrator and an operator, and no village yet."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import ROOT, Server, serving

PASSWORD = "rahasia-hari-pertama"
OWN_PASSWORD = "tiga kata mudah"


@contextmanager
def first_day(folder: Path) -> Iterator[Server]:
    """A server of that office."""

    def ruko(*words: str) -> None:
        subprocess.run(
            [sys.executable, "-c", "from ruko.app import main; main()", *words],
            env=os.environ | {"RUKO_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)},
            input=f"{PASSWORD}\n",
            check=True,
            capture_output=True,
            text=True,
        )

    ruko("init")
    ruko("user", "reset-password", "admin", "--password-stdin")
    ruko("user", "add", "operator", "--role", "operator", "--password-stdin")
    with serving(folder, command="serve") as server:
        yield server


def give_password(page: Page, server: Server, name: str, password: str = PASSWORD) -> None:
    """Type name and password on the sign-in page."""
    page.goto(f"{server.home}/login")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: not url.endswith("/login"))
