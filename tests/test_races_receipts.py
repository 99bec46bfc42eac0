"""Several screens tell of the same call at the same moment, in real threads on the engine under test."""

from collections.abc import Callable

import pytest
from flask import Flask

from ruko import tickets
from ruko.audit import SYSTEM
from ruko.db import db
from ruko.devices import all_devices, revoke_device, touch
from ruko.offices import Office, get_office
from ruko.receipts import note_announced
from ruko.tickets import Turn
from tests.conftest import SLUG
from tests.people import at_once, successes
from tests.test_races import Inside, after, before, done, no_screens, stage
from tests.test_receipts import NOW, SECOND, calls, kept, screen

__all__ = ["after", "before", "no_screens", "stage"]  # fixtures

THRICE = range(3)


@pytest.mark.parametrize("_round", THRICE)
def test_eight_words_about_one_call_are_one_receipt(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    device_id = screen(before).id
    calls(before)
    done()

    def tell(n: int, ready: Callable[[], None]) -> bool:
        ready()
        office = get_office(SLUG)
        return note_announced(
            office.id, device_id, 1, spoken=n % 2 == 1, now=NOW + (n + 1) * SECOND
        )

    answers = at_once(app, 8, tell)

    after()
    assert 1 <= sum(successes(answers)) <= 2, "shown once, spoken once"
    ((_seq, shown, spoken),) = kept()
    assert spoken in {2, 4, 6, 8}
    assert shown in range(1, 9)


@pytest.mark.parametrize("_round", THRICE)
def test_three_screens_and_their_minute_do_not_stand_in_each_others_way(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    """Receipts while the desk moves on and the screens are noted as seen."""
    devices = [screen(before, name).id for name in ("Satu", "Dua", "Tiga")]
    turn_id = calls(before, 3)[0].id
    done()

    def tell(n: int, ready: Callable[[], None]) -> int:
        ready()
        office = get_office(SLUG)
        if n == 9:
            touch(*reversed(devices), now=NOW)
        elif n == 10:
            touch(*devices, now=NOW)
        elif n == 11:
            tickets.start(
                office, db.session.get_one(Turn, turn_id), by=SYSTEM, now=NOW + 5 * SECOND
            )
        else:
            note_announced(office.id, devices[n % 3], n // 3 + 1, spoken=True, now=NOW)
        return n

    answers = at_once(app, 12, tell)

    assert len(successes(answers)) == 12
    after()
    assert [row[0] for row in kept()] == [1, 1, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("_round", THRICE)
def test_a_revoked_screen_and_its_last_word(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    device_id = screen(before).id
    calls(before)
    done()

    def act(n: int, ready: Callable[[], None]) -> int:
        ready()
        office = get_office(SLUG)
        if n:
            revoke_device(office, device_id, by=SYSTEM, now=NOW)
        else:
            note_announced(office.id, device_id, 1, spoken=True, now=NOW)
        return n

    assert len(successes(at_once(app, 2, act))) == 2
    office = after()
    assert all_devices(office) == []
    assert len(kept()) <= 1
