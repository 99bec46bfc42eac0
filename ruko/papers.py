"""Papers that people hand in with a request: what each is, its content alone says.

A photo is written anew, so it tells no place and no camera; documents are kept as they are, and are
only ever handed out as downloads.
"""

import logging
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from io import BytesIO

from ruko.bookings.attachments import LARGEST_FILE
from ruko.errors import N_, Invalid
from ruko.pictures import BEGINNINGS, TooLarge, as_paper

log = logging.getLogger(__name__)

FIELD = "papers"
LONGEST_NAME = 120
MOST_PARTS = 4000
MOST_UNPACKED = 200 * 1024 * 1024
"""A document of ten megabytes that claims more is made to fill a memory."""
LARGEST_INDEX = 1024 * 1024

_MAIN_PARTS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_OPEN_DOCUMENTS = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}
_MACROS = re.compile(
    r"vbaproject|vbadata|(^|/)activex/|(^|/)macrosheets/|^basic/|^scripts/", re.IGNORECASE
)
_OTHER_KINDS = {
    b"MZ": "EXE",
    b"\x7fELF": "ELF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "GZ",
    b"{\\rtf": "RTF",
    b"PK\x05\x06": "ZIP",
}
_PHOTO_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that was found good: its name with the ending of its kind, and what to keep."""

    name: str
    kind: str
    content: bytes


def read_paper(name: str, content: bytes) -> Paper:
    """Look into a paper; raises `Invalid` at `papers` with what is wrong and what to do."""
    if not content:
        raise Invalid(FIELD, N_("This file is empty. Please choose it again, or another one."))
    if len(content) > LARGEST_FILE:
        raise TooLarge(
            FIELD,
            N_("This file is larger than %(megabytes)d MB. Please send a smaller one."),
            megabytes=LARGEST_FILE // 1024**2,
        )
    if content.startswith(BEGINNINGS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return Paper(clean_name(name, "jpg"), "image/jpeg", as_paper(content, field=FIELD))
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise _damaged()
        return Paper(clean_name(name, "pdf"), "application/pdf", content)
    if content.startswith(b"PK\x03\x04"):
        kind, ending = _document_kind(content)
        return Paper(clean_name(name, ending), kind, content)
    raise _of_another_kind(content)


def clean_name(name: str, ending: str) -> str:
    """The name without folders, hidden characters and other endings, so that it tells no lies."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    shown = "".join(" " if c.isspace() else c for c in name if c.isspace() or _visible(c))
    stem = re.sub(r"\.[^.\s]{1,8}$", "", " ".join(shown.split()))
    while stem.lower().endswith(f".{ending}"):
        stem = stem[: -len(ending) - 1]
    stem = stem.strip(" .")[: LONGEST_NAME - len(ending) - 1].strip(" .")
    return f"{stem or 'lampiran'}.{ending}"


def _visible(character: str) -> bool:
    return not unicodedata.category(character).startswith("C")


# ── Documents that are ZIP archives ───────────────────────────────────────────────────────────


def _document_kind(content: bytes) -> tuple[str, str]:
    """The media type and the ending of a Word, Excel or OpenDocument file, read to its end."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _look_into(archive)
    except Invalid:
        raise
    except Exception as error:  # whatever a hostile archive makes the reader stumble over
        log.info("a document could not be read: %s", type(error).__name__)
        raise _damaged() from error


def _look_into(archive: zipfile.ZipFile) -> tuple[str, str]:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise _locked()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Invalid(
            FIELD, N_("This file unpacks to far too much. Please save it anew, or send it as PDF.")
        )
    if any(_MACROS.search(part.filename.replace("\\", "/")) for part in parts):
        raise _with_macros()
    kind = _kind_of(archive)
    for part in parts:
        _read_part(archive, part)
    return kind


def _kind_of(archive: zipfile.ZipFile) -> tuple[str, str]:
    names = set(archive.namelist())
    if "[Content_Types].xml" in names:
        index = _index(archive, "[Content_Types].xml")
        if "macroEnabled" in index:
            raise _with_macros()
        for kind, ending in _MAIN_PARTS.items():
            if f"{kind}.main+xml" in index:
                return kind, ending
    elif "mimetype" in names:
        kind = _index(archive, "mimetype").strip()
        if kind in _OPEN_DOCUMENTS:
            manifest = "META-INF/manifest.xml"
            if manifest in names and "encryption-data" in _index(archive, manifest):
                raise _locked()
            return kind, _OPEN_DOCUMENTS[kind]
    raise _unknown("ZIP, PowerPoint")


def _index(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as part:
        return part.read(LARGEST_INDEX).decode("utf-8", "replace")


def _read_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read it to its end, which proves its checksum; one that fetches a template is refused."""
    if part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _damaged()
    with archive.open(part) as opened:
        if part.filename.endswith(".rels"):
            text = opened.read(LARGEST_INDEX)
            if b"attachedTemplate" in text and b"External" in text:
                raise _with_macros()
        while opened.read(1 << 20):
            pass


# ── What is wrong, and what to do ─────────────────────────────────────────────────────────────


def _of_another_kind(content: bytes) -> Invalid:
    start = content[:1024].lstrip().lower()
    if content[4:8] == b"ftyp":
        if content[8:12] in _PHOTO_BRANDS:
            return Invalid(
                FIELD,
                N_(
                    "This is a HEIC photo of an iPhone, which few computers can open. Please send a"
                    " screenshot of it, or choose under Camera, Formats, “Most Compatible” and take it again."
                ),
            )
        return _unknown("video")
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Invalid(
            FIELD,
            N_(
                "This is an old Word or Excel file, or one with a password. Please save it as .docx,"
                " .xlsx or PDF without a password."
            ),
        )
    kind = next((k for first, k in _OTHER_KINDS.items() if content.startswith(first)), None)
    if b"<svg" in start:
        kind = "SVG"
    elif start.startswith((b"<!doctype html", b"<html")):
        kind = "HTML"
    return _unknown(kind)


def _unknown(kind: str | None) -> Invalid:
    if kind is None:
        return Invalid(
            FIELD,
            N_("This kind of file cannot be read here. Please send a PDF, a photo, Word or Excel."),
        )
    return Invalid(
        FIELD,
        N_("This is a file of another kind (%(kind)s). Please send a PDF, a photo, Word or Excel."),
        kind=kind,
    )


def _damaged() -> Invalid:
    return Invalid(
        FIELD, N_("This file is damaged or incomplete. Please save it anew, or choose another.")
    )


def _locked() -> Invalid:
    return Invalid(
        FIELD, N_("This file has a password. Please save it without one, or send it as PDF.")
    )


def _with_macros() -> Invalid:
    return Invalid(
        FIELD,
        N_("This file holds macros, which may do harm. Please save it without them, or as PDF."),
    )
