"""What a screen of the waiting room shows now: the same for the board and for the light page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from display.picture import board_words
from ruko import clock, words
from ruko.board import last_call_of, recent
from ruko.displays import DisplaySettings, settings_of
from ruko.offices import Office
from ruko.web import current_device, current_office


@dataclass(frozen=True, slots=True)
class Screen:
    """One look at the board by one screen; unpaired ones have the usual settings."""

    office: Office
    now: datetime
    paired: bool
    settings: DisplaySettings
    board: dict[str, Any]
    say: dict[str, Any]


def this_screen() -> Screen:
    """The board as the asking screen shows it at this moment."""
    office, now = current_office(), clock.now()
    device = current_device()
    paired = device is not None and device.serves(office, "display")
    settings = settings_of(device.id)[device.id] if device and paired else DisplaySettings()
    board = recent(office, now=now).as_json(words.board_sentence)
    if settings.zone:
        board["last_call"] = last_call_of(office, settings.zone, now=now)
    return Screen(office, now, paired, settings, board, board_words())
