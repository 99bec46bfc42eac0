"""Pictures that people hand in: what comes out is upright, of the screen's size, and only pixels."""

import random

import pytest
from PIL import Image, features

from ruko.errors import Invalid
from ruko.pictures import MOST_BYTES, for_screen, media_type
from tests.pictures import GPS, colour_at, encoded, photo, poster, seen

pytestmark = pytest.mark.once


def refusal(content: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        for_screen(content)
    assert caught.value.field == "picture"
    return caught.value


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_large_one_fits_the_screen(kind: str) -> None:
    made = for_screen(encoded(poster(4000, 3000), kind))

    shown = seen(made)
    assert (shown.format, shown.size) == ("WEBP", (1440, 1080))
    assert media_type(made) == "image/webp"
    assert colour_at(shown, 0.05, 0.05) == "blue"
    assert colour_at(shown, 0.9, 0.9) == "green"


def test_a_small_one_is_not_blown_up() -> None:
    assert seen(for_screen(encoded(poster(64, 36)))).size == (64, 36)


def test_a_photo_stands_upright_and_tells_nothing_but_its_pixels() -> None:
    sent = photo(width=4000, height=2000)
    assert seen(sent).getexif().get_ifd(GPS), "the test itself"
    made = for_screen(sent)

    shown = seen(made)
    assert shown.size == (540, 1080)
    assert colour_at(shown, 0.95, 0.02) == "blue", "what was at the left is at the top"
    assert not shown.getexif()
    assert not {"exif", "xmp", "icc_profile"} & set(shown.info)
    assert b"Telepon" not in made


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied(orientation: int) -> None:
    corners = {
        1: (0, 0),
        2: (1, 0),
        3: (1, 1),
        4: (0, 1),
        5: (0, 0),
        6: (1, 0),
        7: (1, 1),
        8: (0, 1),
    }
    shown = seen(for_screen(photo(orientation)))
    x, y = corners[orientation]
    assert colour_at(shown, 0.05 + 0.9 * x, 0.05 + 0.9 * y) == "blue"
    assert shown.size == ((640, 360) if orientation < 5 else (360, 640))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    assert seen(for_screen(encoded(Image.new(mode, (300, 200))))).mode == "RGB"


def test_what_is_transparent_is_white() -> None:
    clear = encoded(Image.new("RGBA", (100, 100), (0, 0, 0, 0)))
    one_colour = encoded(Image.new("RGB", (100, 100), "blue"), transparency=(0, 0, 255))
    for sent in (clear, one_colour):
        assert colour_at(seen(for_screen(sent)), 0.5, 0.5) == "white"


def test_sixteen_bits_of_grey_stay_grey() -> None:
    made = seen(for_screen(encoded(Image.new("I;16", (100, 100), 40_000))))
    assert made.convert("L").getpixel((50, 50)) == pytest.approx(156, abs=2)


def test_ink_on_paper_is_shown_as_light() -> None:
    made = for_screen(encoded(Image.new("CMYK", (100, 100), (0, 255, 255, 0)), "JPEG"))
    assert colour_at(seen(made), 0.5, 0.5) == "red"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_one_the_first_picture_is_shown(kind: str) -> None:
    first, second = (Image.new("RGB", (80, 60), colour) for colour in ("red", "blue"))
    made = for_screen(encoded(first, kind, save_all=True, append_images=[second]))
    shown = seen(made)
    assert getattr(shown, "n_frames", 1) == 1
    assert colour_at(shown, 0.5, 0.5) == "red"


@pytest.mark.skipif(not features.check("webp"), reason="this Pillow knows no WebP")
def test_where_webp_cannot_be_made_it_is_a_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda _name: False)
    made = for_screen(photo())
    assert seen(made).format == "JPEG"
    assert media_type(made) == "image/jpeg"
    assert not seen(made).getexif()


# ── What is refused ───────────────────────────────────────────────────────────────────────────


def test_nothing_at_all() -> None:
    assert "empty" in str(refusal(b""))


def test_too_many_bytes() -> None:
    error = refusal(encoded(poster()) + b"\0" * MOST_BYTES)
    assert error.status == 413
    assert "8 MB" in str(error)
    for_screen(encoded(poster(40, 20)).ljust(MOST_BYTES, b"\0"))


@pytest.mark.parametrize("side", [7072, 10_000, 20_000])
def test_a_small_file_that_would_fill_the_memory(side: int) -> None:
    bomb = encoded(Image.new("1", (side, side)))
    assert len(bomb) < 100_000
    assert "50 million" in str(refusal(bomb))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_one_that_breaks_off(kind: str, part: float) -> None:
    whole = encoded(Image.effect_noise((400, 300), 60).convert("RGB"), kind)
    assert "damaged" in str(refusal(whole[: int(len(whole) * part)]))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (encoded(poster(), "GIF"), "GIF"),
        (encoded(poster(), "BMP"), "BMP"),
        (encoded(poster(), "TIFF"), "TIFF"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04 [Content_Types].xml", "PowerPoint"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "SVG"),
        (b"\n<!DOCTYPE html><img src=x onerror=alert(1)>", "HTML"),
    ],
)
def test_a_file_of_another_kind_is_named(content: bytes, kind: str) -> None:
    error = refusal(content)
    assert kind in str(error)
    assert "PNG, JPEG or WebP" in str(error)


@pytest.mark.parametrize("content", [b"halo", b"\0" * 5000, b"\x89PNG", b"\xff\xd8"])
def test_what_is_no_picture(content: bytes) -> None:
    assert "no picture" in str(refusal(content)) or "damaged" in str(refusal(content))


def test_whatever_is_wrong_with_it_is_said_in_a_sentence() -> None:
    dice = random.Random(1)
    whole = [
        photo(width=120, height=80),
        encoded(poster(120, 80)),
        encoded(poster(120, 80), "WEBP"),
    ]
    for _ in range(300):
        content = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 9)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        try:
            made = for_screen(
                bytes(content[: dice.randrange(len(content))])
                if dice.random() < 0.2
                else bytes(content)
            )
        except Invalid:
            continue
        assert max(seen(made).size) <= 1920
