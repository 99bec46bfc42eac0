"""Receipts: a call is shown and spoken once, and its desk hears when nobody did either."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko import receipts, tickets
from ruko.audit import SYSTEM
from ruko.db import db
from ruko.devices import Device, admit_device, revoke_device
from ruko.displays import set_display
from ruko.offices import Office
from ruko.receipts import CallAnnounced, Receipt, hearings, note_announced
from ruko.tickets import Call, Turn
from ruko.unspoken import unspoken_today
from tests.conftest import wita
from tests.people import bidang_of, call_again, called, take
from tests.statements import statements

NOW = wita(9)
SECOND = timedelta(seconds=1)


def screen(office: Office, name: str = "Ruang tunggu", **settings: Any) -> Device:
    """A paired display; with `zone="PEM SEK"`, `volume=0`, `quiet=(…)` one that is set so."""
    device = admit_device(office, "display", name, token_hash=name, by=SYSTEM, now=NOW)
    if settings:
        usual: dict[str, Any] = {"volume": 80, "repeats": 1, "quiet": None}
        zone = [bidang_of(office, code) for code in settings.pop("zone", "").split()]
        how = usual | settings
        set_display(office, device, zone=zone, by=SYSTEM, now=NOW, **how)
    return device


def calls(office: Office, count: int = 1, code: str = "PEM") -> list[Turn]:
    """So many are called at the same moment, each to a place of its own."""
    made = []
    for n in range(count):
        take(office, NOW, code)
        made.append(called(office, NOW, code, counter=n + 1))
    return made


def says(
    device: Device, seq: int, at: float = 0, *, spoken: bool = False, office: Office | None = None
) -> bool:
    """The screen tells that it showed the call, or spoke it, so many seconds after nine."""
    home = (office or device.office).id
    return note_announced(home, device.id, seq, spoken=spoken, now=NOW + at * SECOND)


def heard(office: Office, turn: Turn, at: float) -> str | None:
    """What its desk sees so many seconds after nine."""
    found = hearings(office, [turn.id], now=NOW + at * SECOND)
    return found[turn.id].state if found else None


def due(office: Office, turn: Turn, at: float) -> float:
    """How many seconds after nine the warning comes, as far as is known."""
    found = hearings(office, [turn.id], now=NOW + at * SECOND)[turn.id]
    return (found.due_at - NOW).total_seconds()


def kept() -> list[tuple[Any, ...]]:
    rows = db.session.execute(
        select(Call.seq, Receipt.shown_at, Receipt.spoken_at)
        .join(Receipt, Receipt.call_id == Call.id)
        .order_by(Call.seq, Receipt.id)
    )
    return [(row.seq, *(_seconds(at) for at in row[1:])) for row in rows]


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else (at - NOW).total_seconds()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the desks will be told after the commit."""
    said: list[Any] = []
    monkeypatch.setattr(receipts, "record", said.append)
    return said


# ── What a screen tells ───────────────────────────────────────────────────────────────────────


def test_a_call_is_shown_and_then_spoken(office: Office, told: list[Any]) -> None:
    tv = screen(office)
    calls(office)

    assert says(tv, 1, 1)
    assert says(tv, 1, 9, spoken=True)

    assert kept() == [(1, 1, 9)]
    assert told == [CallAnnounced(office.id, "PEM")] * 2
    db.session.refresh(tv)
    assert tv.last_seen == tv.last_spoken == NOW + 9 * SECOND


def test_saying_it_again_changes_nothing_and_rings_nobody(office: Office, told: list[Any]) -> None:
    tv = screen(office)
    calls(office)
    says(tv, 1, 1)
    says(tv, 1, 9, spoken=True)
    told.clear()

    assert not says(tv, 1, 20)
    assert not says(tv, 1, 30, spoken=True)

    assert kept() == [(1, 1, 9)]
    assert not told


def test_a_word_that_comes_first_as_spoken_is_both(office: Office) -> None:
    tv = screen(office)
    calls(office)

    assert says(tv, 1, 9, spoken=True)
    assert not says(tv, 1, 10)

    assert kept() == [(1, 9, 9)]


def test_a_second_screen_keeps_its_own_receipt_and_the_desk_is_not_rung_again(
    office: Office, told: list[Any]
) -> None:
    one, two = screen(office, "Depan"), screen(office, "Belakang")
    calls(office)
    says(one, 1, 1)
    says(one, 1, 9, spoken=True)
    told.clear()

    assert says(two, 1, 2)
    assert says(two, 1, 10, spoken=True)

    assert kept() == [(1, 1, 9), (1, 2, 10)]
    assert not told


def test_a_shown_call_leaves_the_last_spoken_moment_alone(office: Office) -> None:
    tv = screen(office)
    calls(office, 2)
    says(tv, 1, 9, spoken=True)
    says(tv, 2, 10)
    db.session.refresh(tv)
    assert (tv.last_seen, tv.last_spoken) == (NOW + 10 * SECOND, NOW + 9 * SECOND)


@pytest.mark.parametrize("seq", [0, 2, 2**31 - 1])
def test_an_unknown_call_has_no_receipt(office: Office, seq: int, told: list[Any]) -> None:
    tv = screen(office)
    calls(office)
    assert not says(tv, seq)
    assert kept() == []
    assert not told


def test_only_a_paired_screen_of_that_office_counts(office: Office) -> None:
    tv, gone = screen(office), screen(office, "Lama")
    kiosk = admit_device(office, "kiosk", "Kios", token_hash="k", by=SYSTEM, now=NOW)
    calls(office)
    revoke_device(office, gone.id, by=SYSTEM, now=NOW)

    assert not says(gone, 1)
    assert not says(kiosk, 1)
    assert not note_announced(office.id + 1, tv.id, 1, spoken=True, now=NOW)
    assert not note_announced(office.id, 10**6, 1, spoken=True, now=NOW)
    assert kept() == []


# ── Is it heard? ──────────────────────────────────────────────────────────────────────────────


def test_a_desk_sees_the_tick_once_its_call_was_spoken(office: Office) -> None:
    tv = screen(office)
    (turn,) = calls(office)

    assert heard(office, turn, 0) == "pending"
    says(tv, 1, 1)
    assert heard(office, turn, 5) == "pending"
    says(tv, 1, 9, spoken=True)
    assert heard(office, turn, 9) == "spoken"
    assert heard(office, turn, 600) == "spoken"


def test_twenty_seconds_after_it_was_shown_a_call_that_was_not_spoken_is_unheard(
    office: Office,
) -> None:
    tv = screen(office)
    (turn,) = calls(office)
    says(tv, 1, 15)

    assert due(office, turn, 16) == 35
    assert heard(office, turn, 34.9) == "pending"
    assert heard(office, turn, 35) == "unheard"
    says(tv, 1, 50, spoken=True)
    assert heard(office, turn, 50) == "spoken", "late rather than never"


def test_a_screen_that_shows_nothing_is_waited_for_from_the_call_on(office: Office) -> None:
    screen(office)
    (turn,) = calls(office)
    assert due(office, turn, 0) == 20
    assert heard(office, turn, 20) == "unheard"


def test_while_the_line_moves_a_later_call_is_not_missed(office: Office) -> None:
    tv = screen(office)
    *_, third = calls(office, 3)

    says(tv, 1, 1)
    says(tv, 1, 9, spoken=True)
    assert due(office, third, 9) == 29
    says(tv, 2, 14)
    says(tv, 2, 23, spoken=True)
    assert heard(office, third, 30) == "pending"
    assert due(office, third, 30) == 43
    says(tv, 3, 28)
    assert due(office, third, 30) == 48
    assert heard(office, third, 48) == "unheard"


def test_what_a_screen_told_of_a_later_call_does_not_delay_the_warning(office: Office) -> None:
    tv = screen(office)
    first, _second = calls(office, 2)
    says(tv, 2, 15, spoken=True)
    assert due(office, first, 16) == 20


def test_a_blocked_screen_that_races_ahead_does_not_hurry_the_speaking_one(office: Office) -> None:
    blocked, good = screen(office, "Lorong"), screen(office, "Depan")
    first, _second, third = calls(office, 3)
    for seq in (1, 2, 3):
        says(blocked, seq, 5 * seq - 4)  # nothing to speak: the next one after five seconds
    says(good, 1, 1)
    assert due(office, first, 9) == 21
    says(good, 1, 12, spoken=True)
    says(good, 2, 13)
    says(good, 2, 24, spoken=True)

    assert heard(office, third, 32) == "pending"
    assert due(office, third, 32) == 44
    says(good, 3, 25)
    assert due(office, third, 32) == 45
    assert heard(office, third, 45) == "unheard"


def test_a_dead_screen_delays_nothing_and_a_late_one_is_waited_for(office: Office) -> None:
    screen(office, "Mati")
    good = screen(office, "Depan")
    (turn,) = calls(office)
    assert due(office, turn, 0) == 20
    says(good, 1, 15)
    assert due(office, turn, 16) == 35


def test_what_was_told_before_the_clock_stepped_back_moves_nothing(office: Office) -> None:
    tv = screen(office)
    first, second = calls(office, 2)
    says(tv, 1, 600, spoken=True)  # the server's clock was ten minutes ahead

    assert due(office, second, 1) == 20
    assert heard(office, second, 20) == "unheard"
    says(tv, 2, 700)
    assert due(office, second, 20) == 20
    assert heard(office, first, 20) == "spoken", "whatever the hour, it was heard"


def test_without_a_paired_screen_nothing_is_claimed(office: Office) -> None:
    (turn,) = calls(office)
    assert heard(office, turn, 60) is None
    gone = screen(office)
    revoke_device(office, gone.id, by=SYSTEM, now=NOW)
    db.session.flush()
    assert heard(office, turn, 60) is None


def test_a_screen_that_has_been_gone_for_days_still_counts(office: Office) -> None:
    tv = screen(office)
    tv.last_seen = NOW - timedelta(days=3)
    (turn,) = calls(office)
    assert heard(office, turn, 20) == "unheard"


@pytest.mark.parametrize(
    "quiet", [{"volume": 0}, {"quiet": (time(8, 30), time(9, 30))}, {"quiet": (time(22), time(10))}]
)
def test_of_a_screen_that_is_silent_on_purpose_showing_is_enough(
    office: Office, quiet: dict[str, Any]
) -> None:
    tv = screen(office, **quiet)
    (turn,) = calls(office)
    assert heard(office, turn, 19) == "pending"
    assert heard(office, turn, 20) == "unheard", "it did not even show it"
    says(tv, 1, 21)
    assert heard(office, turn, 100) == "shown"


def test_quiet_hours_that_end_later_do_not_turn_a_shown_call_into_a_missed_one(
    office: Office,
) -> None:
    tv = screen(office, quiet=(time(8), time(9, 1)))
    (turn,) = calls(office)
    says(tv, 1, 30)
    assert heard(office, turn, 120) == "shown"


def test_beside_a_speaking_screen_a_silent_one_is_not_enough(office: Office) -> None:
    mute, loud = screen(office, "Lorong", volume=0), screen(office, "Depan")
    (turn,) = calls(office)
    says(mute, 1, 1)
    assert heard(office, turn, 19) == "pending"
    assert heard(office, turn, 20) == "unheard"
    says(loud, 1, 25)
    assert due(office, turn, 26) == 45, "its own line was longer"


def test_a_screen_of_another_bidang_says_nothing_about_this_one(office: Office) -> None:
    screen(office, "Sekretariat", zone="SEK")
    (turn,) = calls(office)
    assert heard(office, turn, 60) is None
    near = screen(office, "Pemerintahan", zone="PEM PMD")
    assert heard(office, turn, 60) == "unheard"
    says(near, 1, 61, spoken=True)
    assert heard(office, turn, 61) == "spoken"


def test_a_recall_is_heard_anew(office: Office) -> None:
    tv = screen(office)
    (turn,) = calls(office)
    says(tv, 1, 9, spoken=True)
    call_again(office, turn, NOW + 40 * SECOND)

    assert heard(office, turn, 41) == "pending"
    assert due(office, turn, 41) == 60
    assert hearings(office, [turn.id], now=NOW + 60 * SECOND)[turn.id].seq == 2


def test_an_undone_recall_leaves_the_call_before_it(office: Office) -> None:
    tv = screen(office)
    (turn,) = calls(office)
    says(tv, 1, 9, spoken=True)
    call_again(office, turn, NOW + 40 * SECOND)
    tickets.undo(office, turn, by=SYSTEM, now=NOW + 45 * SECOND)
    assert heard(office, turn, 46) == "spoken"


@pytest.fixture
def asked(app: Flask) -> Any:
    """The statements that were sent."""
    with app.app_context():
        engine = db.engine
    with statements(engine) as sent:
        yield sent


def test_hearing_costs_at_most_three_questions(office: Office, asked: list[str]) -> None:
    tv = screen(office, zone="PEM PMD")
    turns = calls(office, 6)
    ids = [turn.id for turn in turns]

    def questions(turns: list[int]) -> int:
        asked.clear()
        hearings(office, turns, now=NOW)
        return len(asked)

    assert questions([]) == 0
    assert questions(ids) == 3
    for seq in range(1, 7):
        says(tv, seq, 9, spoken=True)
    assert questions(ids) == 2
    revoke_device(office, tv.id, by=SYSTEM, now=NOW)
    db.session.flush()
    assert questions(ids) == 1


# ── The day's calls ───────────────────────────────────────────────────────────────────────────


def reasons(office: Office, at: float) -> dict[int, str]:
    db.session.flush()
    _, unspoken = unspoken_today(office, now=NOW + at * SECOND)
    return {one.seq: one.why for one in unspoken}


def test_a_day_without_calls(office: Office) -> None:
    assert unspoken_today(office, now=NOW) == (0, [])


def test_spoken_calls_are_counted_and_not_listed(office: Office) -> None:
    tv, other = screen(office), screen(office, "Belakang")
    calls(office, 2)
    for each in (tv, other):
        says(each, 1, 9, spoken=True)
    count, unspoken = unspoken_today(office, now=NOW + 10 * SECOND)
    assert count == 2
    assert [(one.seq, one.code, one.place) for one in unspoken] == [(2, "A-002", "Loket 2")]
    assert "name" not in repr(unspoken)


def test_calls_of_yesterday_are_not_counted(office: Office) -> None:
    calls(office)
    assert unspoken_today(office, now=NOW + timedelta(days=1)) == (0, [])


def test_a_call_in_line_is_pending_until_it_expires(office: Office) -> None:
    calls(office)
    assert reasons(office, 1) == {1: "pending"}
    assert reasons(office, 599) == {1: "pending"}
    assert reasons(office, 600) == {1: "expired"}


def test_an_undone_call_was_withdrawn(office: Office) -> None:
    (turn,) = calls(office)
    tickets.undo(office, turn, by=SYSTEM, now=NOW + 5 * SECOND)
    assert reasons(office, 900) == {1: "withdrawn"}


def test_a_recall_takes_the_place_of_the_call_before_it(office: Office) -> None:
    (turn,) = calls(office)
    call_again(office, turn, NOW + 6 * SECOND)
    assert reasons(office, 10) == {2: "pending", 1: "recalled"}
    tickets.undo(office, turn, by=SYSTEM, now=NOW + 12 * SECOND)
    assert reasons(office, 15) == {2: "withdrawn", 1: "pending"}


def test_a_visitor_who_came_first_needed_no_announcement(office: Office) -> None:
    for step in (tickets.start, tickets.send_back):
        (turn,) = calls(office)
        step(office, turn, by=SYSTEM, now=NOW + 5 * SECOND)
        if step is tickets.start:
            tickets.finish(office, turn, by=SYSTEM, now=NOW + 9 * SECOND)
    assert reasons(office, 900) == {2: "came", 1: "came"}


def test_an_absence_noted_before_the_announcement_ends_the_call_too(office: Office) -> None:
    (turn,) = calls(office)
    tickets.mark_no_show(office, turn, reason="Pulang", by=SYSTEM, now=NOW + 5 * SECOND)
    assert reasons(office, 900) == {1: "came"}


def test_whoever_comes_after_the_call_expired_came_too_late_for_it(office: Office) -> None:
    (turn,) = calls(office)
    tickets.start(office, turn, by=SYSTEM, now=NOW + 700 * SECOND)
    assert reasons(office, 900) == {1: "expired"}


def test_a_held_visitor_called_again_has_two_calls_with_reasons_of_their_own(
    office: Office,
) -> None:
    (turn,) = calls(office)
    tickets.start(office, turn, by=SYSTEM, now=NOW + 5 * SECOND)
    tickets.hold(office, turn, reason="", by=SYSTEM, now=NOW + 9 * SECOND)
    tickets.resume(office, turn, by=SYSTEM, now=NOW + 60 * SECOND)
    assert reasons(office, 65) == {2: "pending", 1: "recalled"}
    tickets.start(office, turn, by=SYSTEM, now=NOW + 70 * SECOND)
    assert reasons(office, 900) == {2: "came", 1: "recalled"}


def test_a_call_that_was_shown_long_enough_had_no_sound(office: Office) -> None:
    tv = screen(office)
    first, second = calls(office, 2)
    says(tv, 1, 1)
    assert reasons(office, 10)[1] == "pending"
    assert reasons(office, 21)[1] == "shown"
    tickets.start(office, first, by=SYSTEM, now=NOW + 60 * SECOND)
    assert reasons(office, 900)[1] == "shown"
    says(tv, 2, 20)
    tickets.start(office, second, by=SYSTEM, now=NOW + 24 * SECOND)
    assert reasons(office, 900)[2] == "came", "in the middle of the sentence"
