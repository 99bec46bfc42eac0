"""Every clip that a call of the office may need: its name, and the words it speaks."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from ruko.db import db
from ruko.errors import N_
from ruko.offices import Bidang, Office, all_counters
from ruko.voice.spelling import DIGITS, LETTERS, as_spoken

Group = Literal["phrases", "letters", "digits", "places", "bidang"]
CHIME = "chime"
_PHRASES = {
    "nomor-antrean": "Nomor antrean",
    "panggilan-ulang": "Panggilan ulang",
    "panggilan-terakhir": "Panggilan terakhir",
    "silakan-menuju": "Silakan menuju",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One clip of the catalogue."""

    name: str
    """As in the board's `speech`."""
    group: Group
    label: str
    """What people call it; the chime's is a message id, the others are the office's own words."""
    spoken: str
    """What a voice says; nothing for the chime."""
    required: bool = True
    """Whether a call of today may need it; the letters of no bidang may be recorded all the same."""


def catalogue(office: Office) -> dict[str, Wanted]:
    """The clips of the office by name, in the order in which a person records them."""
    everyone = list(
        db.session.scalars(
            select(Bidang).filter_by(office_id=office.id).order_by(Bidang.position, Bidang.id)
        )
    )
    in_use = {bidang.letter.lower() for bidang in everyone if bidang.active}
    wanted = [
        Wanted(CHIME, "phrases", N_("Chime"), ""),
        *(Wanted(name, "phrases", text, text) for name, text in _PHRASES.items()),
        *(
            Wanted(letter, "letters", letter.upper(), spoken, required=letter in in_use)
            for letter, spoken in LETTERS.items()
        ),
        *(Wanted(str(digit), "digits", str(digit), word) for digit, word in enumerate(DIGITS)),
        *(
            Wanted(f"place-{place.id}", "places", place.name, as_spoken(place.name))
            for place in all_counters(office)
        ),
        *(
            Wanted(
                f"bidang-{bidang.code}",
                "bidang",
                bidang.name,
                as_spoken(bidang.spoken_name),
                required=bidang.active,  # a number of a closed bidang may still be called today
            )
            for bidang in everyone
        ),
    ]
    return {clip.name: clip for clip in wanted}
