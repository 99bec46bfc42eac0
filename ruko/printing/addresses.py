"""Where a printer is: on the network, on a cable, or in the kiosk's own browser."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ruko.errors import N_, Invalid

USUAL_PORT = 9100
BROWSER = "browser"
"""The address of a printer that Chrome prints on, started with --kiosk-printing."""
USB = re.compile(r"usb://([0-9a-f]{4}):([0-9a-f]{4})", re.IGNORECASE)
BAD = N_(
    "A printer's address is tcp://HOST:PORT, usb://VENDOR:PRODUCT (as lsusb shows them),"
    " file:///dev/usb/lp0, or browser for Chrome on the kiosk itself."
)


@dataclass(frozen=True, slots=True)
class Address:
    """A printer's address, taken apart."""

    way: Literal["tcp", "usb", "file", "browser"]
    host: str = ""
    port: int = USUAL_PORT
    vendor: int = 0
    product: int = 0
    path: str = ""


def read_address(text: str) -> Address:
    """The address in `text`; raises `Invalid`."""
    if text == BROWSER:
        return Address("browser")
    if found := USB.fullmatch(text):
        return Address("usb", vendor=int(found[1], 16), product=int(found[2], 16))
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Invalid("address", BAD) from None
    whole = text.isprintable() and len(text) <= 200 and not (parts.query or parts.fragment)
    if whole and parts.scheme == "tcp" and host and port != 0 and parts.path in {"", "/"}:
        return Address("tcp", host=host, port=USUAL_PORT if port is None else port)
    if whole and parts.scheme == "file" and not parts.netloc and len(parts.path) > 1:
        return Address("file", path=parts.path)
    raise Invalid("address", BAD)
