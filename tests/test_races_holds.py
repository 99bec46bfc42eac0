"""Holds and drafts at the same moment, in real threads: the time is one's, a draft is sent once or thrown away."""

import threading
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Attachment, Booking, Draft, SlotClaim
from ruko.db import WRITERS, db
from ruko.errors import RukoError
from ruko.offices import Office, Village, all_villages, get_bidang, get_category, get_office
from tests.booking_invariants import everything_holds
from tests.conftest import SLUG, wita
from tests.people import PATIENCE_SECONDS, TUESDAY, at_once, binjai, book, refusals, successes
from tests.test_races import Inside, Ready, after, before, done, no_screens, stage

__all__ = ["after", "before", "no_screens", "stage"]  # fixtures

NOW = wita(9)
TWICE = range(2)
Step = Callable[[Draft], Any]


def begun(office: Office, village: Village, code: str = "PMD") -> Draft:
    """Everything but the time is said."""
    draft = bookings.begin(
        office,
        village=village,
        bidang=get_bidang(office, code),
        category=get_category(office, "stunting"),
        topic="Rembuk stunting",
        by=SYSTEM,
        now=NOW,
    )
    who(draft)
    return draft


def who(draft: Draft) -> None:
    bookings.who_comes(
        draft, leader="Sekretaris", role="secretary", attendees=4, phone=None, now=NOW
    )


def hold(draft: Draft, hour: int = 9, hours: int = 1, now: datetime = NOW) -> None:
    room = bookings.all_rooms(draft.office)[0]
    when: dict[str, Any] = {"day": TUESDAY, "start": time(hour), "end": time(hour + hours)}
    bookings.hold(draft, room=room, now=now, **when)


def send(draft: Draft, now: datetime = NOW) -> str:
    return bookings.send(draft, by=SYSTEM, on_behalf=False, now=now).code


def discard(draft: Draft) -> None:
    bookings.discard(draft, now=NOW)


def describe(draft: Draft) -> None:
    """For another bidang: its officers are others."""
    office = draft.office
    bookings.describe(
        draft, bidang=get_bidang(office, "KES"), category=get_category(office, "stunting"),
        topic="Lain", now=NOW,
    )  # fmt: skip


def add_paper(draft: Draft, digest: str = "a" * 64) -> None:
    bookings.attach(
        draft, name=f"{digest[:6]}.pdf", kind="application/pdf", size=9, digest=digest,
        by=SYSTEM, now=NOW,
    )  # fmt: skip


@pytest.fixture
def held(before: Office) -> str:
    """The token of a draft of Desa Binjai that holds Tuesday at nine."""
    draft = begun(before, binjai(before))
    hold(draft)
    token = draft.token
    done()
    return token


def draft_of(token: str) -> Draft:
    office = get_office(SLUG)
    return bookings.get_draft(office, token, village=binjai(office), by=SYSTEM)


def race(app: Flask, token: str, *steps: Step) -> list[Any]:
    """Each step by somebody of their own, who has the draft as all saw it at the same moment.

    No more than write at a time see it together; the others would wait in line for them for ever.
    """
    seen = threading.Barrier(min(len(steps), WRITERS))

    def press(n: int, ready: Ready) -> Any:
        ready()
        draft = draft_of(token)
        # SQLite lets them read one after the other.
        if db.engine.dialect.name == "postgresql" and n < WRITERS:
            seen.wait(PATIENCE_SECONDS)
        return steps[n](draft)

    return at_once(app, len(steps), press)


def look(after: Inside, now: datetime = NOW) -> Office:
    office = after()
    everything_holds(office, now)
    return office


@pytest.mark.parametrize("booked", [False, True])
def test_twelve_hold_one_time_and_one_has_it(
    app: Flask, before: Office, after: Inside, booked: bool
) -> None:
    """Some write a request first, some book at once."""
    tokens = [begun(before, village).token for village in all_villages(before)[:12]]
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        village = all_villages(office)[n]
        if booked and n % 2:
            return book(office, NOW, village=village).code
        hold(bookings.get_draft(office, tokens[n], village=village, by=SYSTEM))
        return tokens[n]

    answers = at_once(app, 12, press)

    assert len(successes(answers)) == 1
    assert refusals(answers) == ["slot_taken"] * 11
    look(after)
    assert len(db.session.scalars(select(SlotClaim)).all()) == 1


def test_overlapping_holds_of_one_village_give_way_to_each_other(
    app: Flask, before: Office, after: Inside
) -> None:
    tokens = [begun(before, binjai(before)).token for _ in range(6)]
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        hold(draft_of(tokens[n]), 8 + n % 3, 2)
        return tokens[n]

    answers = at_once(app, 6, press)

    assert successes(answers)
    look(after)


@pytest.mark.parametrize("_round", TWICE)
def test_one_draft_holds_one_time_however_often_it_is_pressed(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    """Two tabs, two times: the last one is held and the other is free, and one seat is used."""
    token = begun(before, binjai(before)).token
    done()

    answers = race(app, token, *[lambda d, h=h: hold(d, h) for h in (8, 9, 10, 11, 8, 9)])

    assert refusals(answers) == []
    office = look(after)
    assert len(db.session.scalars(select(SlotClaim)).all()) == 1
    assert bookings.quota_of(office, binjai(office), TUESDAY, NOW).used == 1


@pytest.mark.parametrize("_round", TWICE)
def test_sent_five_times_it_is_one_booking(
    app: Flask, held: str, after: Inside, _round: int
) -> None:
    answers = race(app, held, *[send] * 5)
    assert len(set(answers)) == 1
    assert isinstance(answers[0], str)
    look(after)
    assert len(db.session.scalars(select(Booking)).all()) == 1


@pytest.mark.parametrize("_round", range(3))
def test_sent_or_thrown_away_but_not_both(
    app: Flask, held: str, after: Inside, _round: int
) -> None:
    answers = race(app, held, send, discard, send, discard)
    assert set(refusals(answers)) <= {"not_found"}
    office = look(after)
    sent = db.session.scalars(select(Booking)).all()
    drafts = db.session.scalars(select(Draft)).all()
    if sent:  # and the draft still leads there
        assert len(sent) == len(drafts) == 1
        assert drafts[0].booking_id == sent[0].id
    else:
        assert drafts == []
        assert bookings.quota_of(office, binjai(office), TUESDAY, NOW).used == 0


@pytest.mark.parametrize("_round", TWICE)
def test_another_bidang_against_another_time_keeps_the_right_officer(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    for code in ("PMD", "KES"):
        get_bidang(before, code).officers = 1
    token = begun(before, binjai(before)).token
    done()

    answers = race(app, token, hold, describe, lambda d: hold(d, 10), who)

    assert refusals(answers) == []
    look(after)


@pytest.mark.parametrize("step", [describe, who, hold, add_paper])
def test_a_step_against_throwing_away_is_told_in_words(
    app: Flask, held: str, after: Inside, step: Step
) -> None:
    answers = race(app, held, step, discard, step, discard)
    assert set(refusals(answers)) <= {"not_found"}
    look(after)
    assert db.session.scalars(select(Draft)).all() == []
    assert db.session.scalars(select(Attachment)).all() == []


@pytest.mark.parametrize("step", [describe, who, lambda d: hold(d, 11)])
def test_a_step_against_sending_changes_the_request_before_or_not_at_all(
    app: Flask, held: str, after: Inside, step: Step
) -> None:
    answers = race(app, held, step, send, step)
    assert set(refusals(answers)) <= {"invalid"}
    look(after)
    draft = draft_of(held)
    if draft.booking_id is not None:
        booking = db.session.get_one(Booking, draft.booking_id)
        assert (booking.bidang_id, booking.topic) == (draft.bidang_id, draft.topic)
        assert (booking.first_slot, booking.date) == (draft.first_slot, draft.date)


def test_papers_that_come_in_at_once_are_five_and_go_along(
    app: Flask, held: str, after: Inside
) -> None:
    steps: list[Step] = [lambda d, n=n: add_paper(d, f"{n}" * 64) for n in range(8)]  # type: ignore[misc]
    answers = race(app, held, *steps[:4], send, *steps[4:])
    assert set(refusals(answers)) <= {"invalid"}
    look(after)
    (booking,) = db.session.scalars(select(Booking)).all()
    papers = db.session.scalars(select(Attachment)).all()
    assert len(papers) == 5
    assert {paper.booking_id for paper in papers} == {booking.id}


@pytest.mark.parametrize("_round", TWICE)
def test_a_hold_that_ran_out_against_those_who_want_its_time(
    app: Flask, held: str, after: Inside, _round: int
) -> None:
    """Renewed, sent, or taken by one of the others."""
    later = NOW + timedelta(minutes=10)

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n == 0:
            hold(draft_of(held), now=later)
        elif n == 1:
            return send(draft_of(held), later)
        else:
            village = [v for v in all_villages(office) if v != binjai(office)][n]
            book(office, later, village=village)
        return f"{n}"

    answers = at_once(app, 7, press)

    look(after, later)
    claims = db.session.scalars(select(SlotClaim)).all()
    assert len(claims) == 1
    mine, others = answers[:2], answers[2:]
    if successes(others):
        assert len(successes(others)) == 1
        assert successes(mine) == []
    else:
        assert all(not isinstance(a, RukoError) or a.code == "invalid" for a in mine)
        assert len(db.session.scalars(select(Booking)).all()) == 1


@pytest.mark.parametrize("_round", TWICE)
def test_the_last_moment_of_a_hold(app: Flask, held: str, after: Inside, _round: int) -> None:
    """One computer's clock says that it still holds, another's that it is over."""
    end = NOW + timedelta(minutes=10)

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n % 2 == 0:
            return send(draft_of(held), end - timedelta(seconds=1))
        village = [v for v in all_villages(office) if v != binjai(office)][n]
        return book(office, end, village=village).code

    answers = at_once(app, 6, press)

    assert len(set(successes(answers))) == 1
    look(after, end)
    assert len(db.session.scalars(select(Booking)).all()) == 1
