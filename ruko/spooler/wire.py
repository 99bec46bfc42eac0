"""The way to a printer: by network, cable or file; asks for paper first, and never waits for long."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from escpos.constants import RT_MASK_NOPAPER, RT_MASK_ONLINE, RT_STATUS_ONLINE, RT_STATUS_PAPER
from escpos.escpos import Escpos
from escpos.exceptions import Error
from escpos.printer import File, Network, Usb

from ruko.printing import Address
from ruko.spooler.trouble import AWAY, BROKE_OFF, NO_PAPER, NOT_READY, RAN_OUT, Trouble

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 1.0
"""On a network of one house; a printer that says nothing by then never says anything."""


class Wire(Network):  # type: ignore[misc]  # python-escpos has no types
    """python-escpos's network printer; also over IPv6, and without leaving a refused socket open."""

    def open(self, raise_not_found: bool = True) -> None:
        self.device = socket.create_connection((self.host, self.port), CONNECT_SECONDS)
        self.device.settimeout(ANSWER_SECONDS)


def send(address: Address, data: bytes) -> None:
    """Have the printer print `data`; raises `Trouble`, which says whether to try again."""
    with _printer(address) as printer:
        _require_ready(printer)
        try:
            printer._raw(data)  # noqa: SLF001 – all at once: half a slip is worse than none
            if isinstance(printer, File):
                printer.flush()
            paper = _ask(printer, RT_STATUS_PAPER)
        except (OSError, Error):
            raise Trouble(BROKE_OFF, again=False) from None
        if _is_out(paper):
            raise Trouble(RAN_OUT, again=False)


def probe(address: Address) -> None:
    """Ask the printer whether it could print; raises `Trouble`."""
    with _printer(address) as printer:
        _require_ready(printer)


@contextmanager
def _printer(address: Address) -> Iterator[Escpos]:
    printer = _made(address)
    try:
        printer.open()
    except (OSError, Error, RuntimeError, ValueError):  # also: no USB library on this system
        raise Trouble(AWAY) from None
    try:
        yield printer
    finally:
        with suppress(OSError, RuntimeError):  # what was sent was sent
            printer.close()


def _made(address: Address) -> Escpos:
    match address.way:
        case "tcp":
            return Wire(address.host, address.port)
        case "usb":
            return Usb(address.vendor, address.product, timeout=int(CONNECT_SECONDS * 1000))
        case _:
            if not Path(address.path).exists():  # opening would make a file of that name
                raise Trouble(AWAY)
            return File(address.path, auto_flush=False)


def _require_ready(printer: Escpos) -> None:
    try:
        paper = _ask(printer, RT_STATUS_PAPER)
        if paper is None:
            return
        if _is_out(paper):
            raise Trouble(NO_PAPER)
        state = _ask(printer, RT_STATUS_ONLINE)
    except (OSError, Error):
        raise Trouble(AWAY) from None
    if state is not None and state & RT_MASK_ONLINE:
        raise Trouble(NOT_READY)


def _is_out(paper: int | None) -> bool:
    return paper is not None and paper & RT_MASK_NOPAPER == RT_MASK_NOPAPER


def _ask(printer: Escpos, question: bytes) -> int | None:
    """The printer's answer, None where it gives none; raises OSError when it hangs up."""
    if isinstance(printer, File):
        return None
    try:
        answer = printer.query_status(question)
    except TimeoutError:
        return None
    except OSError:
        if isinstance(printer, Usb):  # many have nothing to read from
            return None
        raise
    if not answer:
        raise ConnectionResetError
    return int(answer[-1])
