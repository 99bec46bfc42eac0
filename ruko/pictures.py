"""Pictures that people hand in, made into what is shown: upright, not too large, nothing but pixels.

What a file is, its content alone says; its name and its declared type are not asked.
"""

import logging
import threading
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError, features

from ruko.errors import N_, Invalid

log = logging.getLogger(__name__)

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000
"""As the largest cameras of phones take; a small file may claim far more and fill the memory."""
SCREEN = (1920, 1080)
PAPER = (3000, 3000)
"""A photographed page stays legible."""
QUALITY = 85
FORMATS = ("PNG", "JPEG", "WEBP")
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
OTHER_KINDS = {
    b"%PDF": "PDF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"PK\x03\x04": "Word, PowerPoint, ZIP",
}
"""What people take for a picture, by how it begins."""
ORIENTATION = 0x0112
LYING = {5, 6, 7, 8}
"""Orientations that swap width and height."""

_one_at_a_time = threading.Lock()
"""A large picture needs a few hundred megabytes while it is read."""


class TooLarge(Invalid):
    """More bytes than a picture for a screen needs."""

    code = "too_large"
    status = 413


def for_screen(content: bytes, *, field: str = "picture") -> bytes:
    """The picture as WebP (or JPEG, where WebP cannot be made); raises `Invalid` with what is wrong."""
    if not content:
        raise Invalid(field, N_("This file is empty. Please choose a picture."))
    if len(content) > MOST_BYTES:
        raise TooLarge(
            field,
            N_("This file is larger than %(megabytes)d MB. Please choose a smaller picture."),
            megabytes=MOST_BYTES // 1024**2,
        )
    kind = "WEBP" if features.check("webp") else "JPEG"
    with _one_at_a_time:
        return _save(_fit(_open(content, field), field, SCREEN), kind)


def as_paper(content: bytes, *, field: str) -> bytes:
    """The picture as JPEG, which every office can open; raises `Invalid` with what is wrong."""
    with _one_at_a_time:
        return _save(_fit(_open(content, field), field, PAPER), "JPEG")


def _open(content: bytes, field: str) -> Image.Image:
    """Read what it says about itself, no pixel yet."""
    try:
        picture = Image.open(BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        if content.startswith(BEGINNINGS):
            raise _damaged(error, field) from error
        raise _of_another_kind(content, field) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(field) from None
    except Exception as error:
        raise _damaged(error, field) from error
    if picture.width * picture.height > MOST_PIXELS:
        raise _too_many_pixels(field)
    return picture


def _fit(picture: Image.Image, field: str, most: tuple[int, int]) -> Image.Image:
    """Decode it at that size at most, upright, on white where it is transparent."""
    try:
        lying = picture.getexif().get(ORIENTATION) in LYING
        size = most[::-1] if lying else most
        picture.draft(None, size)  # a JPEG is decoded at about that size at once
        picture.load()
        if picture.mode.startswith("I"):  # 16 bits of grey, which a plain conversion makes white
            picture = picture.point(lambda level: level / 256).convert("L")
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        if picture.mode != mode:
            picture = picture.convert(mode)
        picture.thumbnail(size, Image.Resampling.LANCZOS)
        picture = ImageOps.exif_transpose(picture)
    except Exception as error:
        raise _damaged(error, field) from error
    clean = Image.new("RGB", picture.size, "white")  # pixels alone: no place, no camera, no name
    clean.paste(picture, mask=picture if picture.mode == "RGBA" else None)
    return clean


def _save(picture: Image.Image, kind: str) -> bytes:
    written = BytesIO()
    picture.save(written, kind, quality=QUALITY)
    return written.getvalue()


def media_type(content: bytes) -> str:
    """What `for_screen` made, told by how it begins."""
    return "image/webp" if content.startswith(b"RIFF") else "image/jpeg"


def _of_another_kind(content: bytes, field: str) -> Invalid:
    start = content[:1024].lstrip().lower()
    kind = next((k for first, k in OTHER_KINDS.items() if content.startswith(first)), None)
    if content[4:8] == b"ftyp":
        kind = "HEIC"
    elif b"<svg" in start:
        kind = "SVG"
    elif start.startswith((b"<!doctype html", b"<html")):
        kind = "HTML"
    if kind:
        return Invalid(
            field,
            N_(
                "This is a file of another kind (%(kind)s). Please choose a PNG, JPEG or WebP picture."
            ),
            kind=kind,
        )
    return Invalid(field, N_("This file is no picture. Please choose a PNG, JPEG or WebP picture."))


def _too_many_pixels(field: str) -> Invalid:
    return Invalid(
        field,
        N_("This picture has more than %(millions)d million pixels. Please choose a smaller one."),
        millions=MOST_PIXELS // 1_000_000,
    )


def _damaged(error: Exception, field: str) -> Invalid:
    log.info("a picture could not be read: %s", type(error).__name__)
    return Invalid(
        field, N_("This picture is damaged or incomplete. Please save it anew, or choose another.")
    )
