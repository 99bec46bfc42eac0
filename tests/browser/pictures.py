"""What a page looks like: kept for whoever looks later, or read by a phone's camera."""

import io
import time
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

ARTIFACTS = Path(__file__).parent.parent.parent / "artifacts" / "screens"
TRIES = 5


def captured(view: Page | Locator, **options: Any) -> bytes:
    """The picture of it, a PNG.

    A browser short of a processor may have no frame to give just then, and says so. That is about
    the machine and not the page, so it is asked again.
    """
    for _ in range(TRIES - 1):
        try:
            return view.screenshot(**options)
        except PlaywrightError as refused:
            if "Unable to capture screenshot" not in str(refused):
                raise
            time.sleep(1)
    return view.screenshot(**options)


def keep_picture(view: Page | Locator, name: str, **options: Any) -> bytes:
    """The picture, kept in artifacts/screens too."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    return captured(view, path=ARTIFACTS / f"{name}.png", **options)


def scanned(view: Locator) -> str:
    """What a phone's camera reads there: the one QR code."""
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(captured(view))))
    return str(code.text)
