"""Put the README's pictures together from what the browser tests left in artifacts/screens.

`make pictures` runs the browser tests, then this.
"""

from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
SCREENS = HERE.parent / "artifacts" / "screens"
COLOURS = 256
WIDEST = 1280

PICTURES = {
    "sign-in": "sign-in-phone",
    "booking": "booking-2-date",
    "booking-form": "booking-4-people",
    "booking-confirmation": "main-1-booked",
    "kiosk-start": "kios-1-mulai-datar",
    "kiosk-bidang": "kios-4-bidang-datar",
    "kiosk-ticket": "main-3-number",
    "ticket-phone": "main-5-phone-called",
    "desk": "desk-called",
    "approvals": "approvals",
    "office": "office",
    "week": "week-1440",
    "meeting": "meeting-history",
    "my-booking": "my-booking-proposal",
    "display": "display-new",
}
"""The README's name of a picture → the browser test's."""


def main() -> None:
    (HERE / "pictures").mkdir(exist_ok=True)
    for name, source in PICTURES.items():
        screen = Image.open(SCREENS / f"{source}.png").convert("RGB")
        screen.thumbnail((WIDEST, 4 * WIDEST))
        # The usual way gives a small red button the brown of its surroundings; this one alone
        # turns a large warm surface grey.
        small = screen.quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
        )
        small.save(HERE / "pictures" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
