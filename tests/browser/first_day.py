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


SET_UP = """
import io, os, sys
from ruko.app import main

for words in (
    "init",
    "user reset-password admin --password-stdin",
    "user add operator --role operator --password-stdin",
):
    if os.fork() == 0:  # loading the program takes longer than each of these
        sys.argv, sys.stdin = ["ruko", *words.split()], io.StringIO(sys.argv[1])
        main()
    assert os.wait()[1] == 0, words
"""


@contextmanager
def first_day(folder: Path) -> Iterator[Server]:
    """A server of that office."""
    subprocess.run(
        [sys.executable, "-c", SET_UP, PASSWORD],
        env=os.environ | {"RUKO_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    with serving(folder, command="serve") as server:
        yield server


def give_password(page: Page, server: Server, name: str, password: str = PASSWORD) -> None:
    """Type name and password on the sign-in page."""
    page.goto(f"{server.home}/login")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: not url.endswith("/login"))
