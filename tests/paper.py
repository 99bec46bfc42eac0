"""What stands on the slips of accounts, as somebody reads and scans them."""

import re
import sys

import pytest


def links_drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the QR pictures of slips say, in their order, from now on."""
    said: list[str] = []

    def draw(text: str) -> str:
        said.append(text.removeprefix("http://localhost"))
        return "<svg></svg>"

    monkeypatch.setattr(sys.modules["desk.slips"], "draw_qr", draw)  # desk.slips is its blueprint
    return said


def passwords_on(page: str) -> dict[str, str]:
    """Account name → one-time password."""
    found = re.findall(
        r"Nama akun</dt>\s*<dd>\s*(\S+)\s*</dd>.*?class=\"pw\">\s*(\S+)", page, re.DOTALL
    )
    return dict(found)
