"""A slip as ESC/POS: text in the printer's own letters, a QR that the printer draws itself, a cut."""

import textwrap
import unicodedata

import qrcode
from escpos.constants import QR_ECLEVEL_M
from escpos.escpos import Escpos
from escpos.printer import Dummy
from qrcode.constants import ERROR_CORRECT_M

from ruko.slips import Slip

DOTS_PER_MM = 8
LETTER_DOTS = 12
"""Width of a letter of font A."""
LARGEST = 8
"""How many times a printer enlarges a letter at most."""
DOTS = {58: 384, 80: 576}
"""What a line holds: the printable 48 and 72 mm."""
QR_MM = {58: 28, 80: 38}
TYPOGRAPHY = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "·": "-",
        "×": "x",
        "…": "...",
        "’": "'",
        "“": '"',
        "”": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{NON-BREAKING HYPHEN}": "-",
    }
)


def receipt(slip: Slip) -> bytes:
    """The bytes that make a printer print the slip."""
    printer = Dummy()
    draw(printer, slip)
    return bytes(printer.output)


def draw(printer: Escpos, slip: Slip) -> None:
    """Print the slip on any of python-escpos's printers."""
    dots = DOTS[slip.width]
    columns = dots // LETTER_DOTS
    rule = "-" * columns
    printer.hw("INIT")
    printer.set(
        align="center", bold=True, double_width=True, double_height=True, normal_textsize=False
    )
    _lines(printer, slip.house, columns // 2)
    printer.set(align="center", bold=False, normal_textsize=True)
    _lines(printer, slip.office, columns)
    printer.ln()
    _lines(printer, slip.heading, columns)
    size = min(LARGEST, columns // len(slip.code))
    printer.set(align="center", bold=True, custom_size=True, width=size, height=size)
    printer.textln(plain(slip.code))
    printer.set(align="center", bold=True, normal_textsize=True)
    _lines(printer, slip.bidang, columns)
    printer.set(align="center", bold=False)
    if slip.place:
        _lines(printer, slip.place, columns)
    printer.ln()
    printer.qr(slip.url, ec=QR_ECLEVEL_M, size=module_dots(slip), native=True)
    printer.ln()
    _lines(printer, slip.invitation, columns)
    printer.set(align="left")
    printer.textln(rule)
    for label, value in slip.facts:
        for line in fact_lines(plain(label), plain(value), columns):
            printer.textln(line)
    printer.textln(rule)
    printer.set(align="center")
    for text in (slip.moment, *slip.closing):
        _lines(printer, text, columns)
    printer.cut(mode="PART")


def module_dots(slip: Slip) -> int:
    """How many dots make the QR's smallest square: the code as large as asked, if the paper is."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(slip.url)
    code.make(fit=True)
    modules = code.modules_count
    wanted = -(-QR_MM[slip.width] * DOTS_PER_MM // modules)
    return max(1, min(wanted, DOTS[slip.width] // modules, 16))


def fact_lines(label: str, value: str, columns: int) -> list[str]:
    """The label at the left, its value at the right edge, on more lines where one is too short."""
    room = columns - len(label) - 1
    if room < columns // 3:
        return [
            *textwrap.wrap(label, columns),
            *(v.rjust(columns) for v in textwrap.wrap(value, columns)),
        ]
    first, *rest = textwrap.wrap(value, room) or [""]
    return [f"{label} {first.rjust(room)}", *(line.rjust(columns) for line in rest)]


def plain(text: str) -> str:
    """The text in the letters that every printer has; what has no likeness among them is left out."""
    spelled = unicodedata.normalize("NFKD", text.translate(TYPOGRAPHY))
    return "".join(c for c in spelled if c.isascii() and c.isprintable())


def _lines(printer: Escpos, text: str, columns: int) -> None:
    for line in textwrap.wrap(plain(text), columns):
        printer.textln(line)
