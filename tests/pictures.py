"""Pictures as people hand them in."""

from io import BytesIO
from typing import Any

from PIL import Image

PLACE = {1: "S", 2: (2.0, 24.0, 30.0), 3: "E", 4: (115.0, 29.0, 0.0)}
GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    written = BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def poster(width: int = 640, height: int = 360, colour: str = "green") -> Image.Image:
    """One colour, with a blue square at its upper left."""
    made = Image.new("RGB", (width, height), colour)
    made.paste("blue", (0, 0, width // 4, height // 4))
    return made


def photo(orientation: int = 6, width: int = 640, height: int = 360) -> bytes:
    """A phone's: turned by a mark only, and telling where it was taken."""
    about = Image.Exif()
    about[ORIENTATION], about[MAKER], about[GPS] = orientation, "Telepon", PLACE
    return encoded(poster(width, height), "JPEG", exif=about)


def seen(content: bytes) -> Image.Image:
    shown = Image.open(BytesIO(content))
    shown.load()
    return shown


def colour_at(picture: Image.Image, x: float, y: float) -> str:
    """The nearest plain colour there; `x` and `y` are parts of the width and the height."""
    at = int(x * (picture.width - 1)), int(y * (picture.height - 1))
    found = picture.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    named = {"green": (0, 128, 0), "blue": (0, 0, 255), "white": (255,) * 3, "red": (255, 0, 0)}
    return min(
        named, key=lambda name: sum(abs(a - b) for a, b in zip(named[name], found, strict=True))
    )
