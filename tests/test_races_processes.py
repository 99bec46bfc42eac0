"""Several programs of the operating system on one PostgreSQL, and the pages and the API in threads.

What SQLite does in one process, PostgreSQL must do between many; and no deadlock reaches a person.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import time, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko import bookings, events
from ruko.audit import SYSTEM
from ruko.bookings import Booking, SlotClaim
from ruko.db import db, writing
from ruko.errors import RukoError
from ruko.offices import (
    Office,
    all_villages,
    get_bidang,
    get_office,
    get_village,
)
from tests.booking_invariants import everything_holds, officers_needed
from tests.conftest import SLUG, VisitingClient, wita
from tests.people import BINJAI, PATIENCE_SECONDS, TUESDAY, book
from tests.programs import OFFICE, Program, json_of
from tests.test_races import Inside, after, before, done, no_screens, stage
from tests.test_races_holds import begun

__all__ = ["after", "before", "no_screens", "stage"]  # fixtures

NOW = wita(9)
PROCESSES = 3
HOURS = (8, 9, 10, 11, 13, 14)


# ── Processes ─────────────────────────────────────────────────────────────────────────────────


def village_day(url: str, folder: str, barrier: Any, n: int) -> list[str]:
    """What one process does: everything that claims, one after the other, in its own order."""
    from ruko.app import create_app  # noqa: PLC0415 – in the process that was spawned
    from tests.conftest import settings_for  # noqa: PLC0415 – the same

    events._listeners.clear()  # noqa: SLF001 – nobody listens in these races
    app = create_app(settings_for(url, Path(folder)))
    told = []
    with app.app_context(), writing():
        barrier.wait(PATIENCE_SECONDS)
        for m in range(3):
            for step in (one_slot, a_draft, a_move, a_closed_hour, a_decision):
                try:
                    told.append(f"{step.__name__} {step(get_office(SLUG), n, m)}")
                    db.session.commit()
                except RukoError as refusal:
                    db.session.rollback()
                    told.append(f"{step.__name__} {refusal.code}")
        db.session.remove()
        db.engine.dispose()
    return told


def one_slot(office: Office, n: int, m: int) -> str:
    """Everybody wants the same three hours."""
    village = all_villages(office)[n]
    return "ok " + book(office, NOW, village=village, start=time(8 + m), end=time(9 + m)).code


def a_draft(office: Office, n: int, m: int) -> str:
    """Held, and sent; the hour is wanted by everybody, too."""
    draft = begun(office, all_villages(office)[n + 4], "KES")
    when: dict[str, Any] = {
        "day": TUESDAY + timedelta(days=1),
        "start": time(8 + m),
        "end": time(9 + m),
    }
    bookings.hold(draft, room=bookings.all_rooms(office)[0], now=NOW, **when)
    return "ok " + bookings.send(draft, by=SYSTEM, on_behalf=False, now=NOW).code


def a_move(office: Office, n: int, m: int) -> str:
    """All move the same bookings to and fro."""
    coming = select(Booking).where(Booking.date == TUESDAY + timedelta(days=1))
    found = db.session.scalars(coming.order_by(Booking.id)).all()
    if not found:
        return "none"
    hour = HOURS[(n + m) % 6]
    bookings.move(
        found[m % len(found)], room=bookings.all_rooms(office)[1], day=TUESDAY,
        start=time(hour), end=time(hour + 1), by=SYSTEM, privileged=True, now=NOW,
    )  # fmt: skip
    return "moved"


def a_closed_hour(office: Office, n: int, m: int) -> str:
    """The same room is shut and opened again."""
    start = wita(13, day=TUESDAY)
    closure = bookings.close(
        office, bookings.all_rooms(office)[n % 2], start, start + timedelta(hours=2), "AC",
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    if m:
        bookings.end_closure(closure, by=SYSTEM, now=NOW)
    return "shut"


def a_decision(office: Office, n: int, m: int) -> str:
    """One cancels what another approves."""
    found = db.session.scalars(select(Booking).order_by(Booking.id)).all()
    booking = found[m % len(found)]
    if n % 2:
        bookings.approve(booking, by=SYSTEM, now=NOW)
    else:
        bookings.cancel(booking, "Batal", by=SYSTEM, privileged=True, now=NOW)
    return "decided"


def test_several_processes_share_rooms_officers_and_seats(
    app: Flask, before: Office, after: Inside, database_url: str, tmp_path: Path
) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite serves one process")
    for code in ("PMD", "KES"):
        get_bidang(before, code).officers = 2
    done()
    spawn = get_context("spawn")
    # Both spawned: a fork of a process with threads may stand still for ever.
    with spawn.Manager() as shared, ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        barrier = shared.Barrier(PROCESSES)
        doings = [
            pool.submit(village_day, database_url, str(tmp_path), barrier, n)
            for n in range(PROCESSES)
        ]
        told = [line for doing in doings for line in doing.result(PATIENCE_SECONDS * 4)]

    said = {line.split()[1] for line in told}
    assert said <= {
        *("ok", "none", "moved", "shut", "decided"),
        *("slot_taken", "closed", "wrong_state", "quota_exceeded"),
    }
    assert any(line.startswith("one_slot ok") for line in told)
    office = after()
    everything_holds(office, NOW)
    assert max(officers_needed(office).values()) <= 2


# ── Through the doors ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def villages(app: Flask, bearer: Callable[..., dict[str, str]]) -> list[Program]:
    """Six villages with a program of their own."""
    with app.app_context():
        codes = [village.code for village in all_villages(get_office(SLUG))[:6]]
    return [Program(app, bearer("village", village=code)) for code in codes]


@contextmanager
def looking(app: Flask) -> Iterator[Office]:
    """The office as it is left; what is looked at is not kept."""
    with app.app_context(), writing():
        yield get_office(SLUG)
        db.session.rollback()


def together(works: list[Callable[[], Any]]) -> list[Any]:
    """All at the same moment, each in a thread."""
    start = threading.Barrier(len(works))

    def press(work: Callable[[], Any]) -> Any:
        start.wait(PATIENCE_SECONDS)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(press, works))


def wanted(hour: int, room: int | None, day: str = "2026-11-24") -> dict[str, Any]:
    return {
        "room": room, "date": day, "start": f"{hour:02}:00", "end": f"{hour + 1:02}:00",
        "bidang": "PMD", "category": "stunting", "topic": "Rembuk", "attendees": 3,
        "leader": "Rahmawati",
    }  # fmt: skip


def test_the_api_books_moves_and_cancels_for_six_at_once_and_answers_each(
    app: Flask, villages: list[Program], program: Callable[..., Program]
) -> None:
    with app.app_context():
        rooms = [room.id for room in bookings.all_rooms(get_office(SLUG))]
    first = together(
        [
            lambda v=v, n=n: v.post(f"{OFFICE}/bookings", wanted(9, rooms[n % 2]), key=f"a{n}")  # type: ignore[misc]
            for n, v in enumerate(villages)
        ]
    )
    codes = [json_of(answer, 201)["code"] for answer in first if answer.status_code == 201]
    assert sorted(answer.status_code for answer in first) == [201] * 2 + [409] * 4
    own = [
        villages[n].post(f"{OFFICE}/bookings", wanted(10 + n % 2, rooms[n // 2 % 2]), key=f"b{n}")
        for n in range(4)
    ]
    codes += [json_of(answer, 201)["code"] for answer in own]
    desk = program("operator")

    def twist(n: int) -> Any:
        code = codes[n % len(codes)]
        if n % 4 == 0:
            return desk.post(f"/bookings/{code}/approve")
        if n % 4 == 1:
            return desk.post(f"/bookings/{code}/cancel", {"reason": "Rapat"})
        move = wanted(8 + n % 3, rooms[n % 2])
        return desk.post(
            f"/bookings/{code}/move",
            {name: move[name] for name in ("room", "date", "start", "end")},
        )

    answers = together([lambda n=n: twist(n) for n in range(12)])  # type: ignore[misc]

    assert {answer.status_code for answer in answers} <= {200, 409}
    with looking(app) as office:
        everything_holds(office, NOW)


def test_a_deadlock_is_tried_again_and_nobody_hears_of_it(
    app: Flask, villages: list[Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the line, PostgreSQL would break rings; who is broken is tried again by the roof."""
    from ruko.bookings import claims, states  # noqa: PLC0415 – to take the line away

    monkeypatch.setattr(states, "in_line", lambda office: None)
    monkeypatch.setattr(claims, "in_line", lambda office: None)
    with app.app_context():
        room = bookings.all_rooms(get_office(SLUG))[0].id
    codes = [
        json_of(village.post(f"{OFFICE}/bookings", wanted(hour, room), key=f"{hour}"), 201)["code"]
        for village, hour in zip(villages, HOURS, strict=True)
    ]

    def swap(n: int) -> Any:
        place = {"room": room, "date": "2026-11-24"}
        start = HOURS[(n + 1) % 4]
        hours = {"start": f"{start:02}:00", "end": f"{start + 1:02}:00"}
        return villages[n].post(f"/bookings/{codes[n]}/move", place | hours)

    answers = together([lambda n=n: swap(n) for n in range(4)])  # type: ignore[misc]

    assert {answer.status_code for answer in answers} <= {200, 409}
    with looking(app) as office:
        everything_holds(office, NOW)


def test_the_pages_of_a_village_pressed_at_once_give_one_booking(
    app: Flask, sign_in: Callable[..., VisitingClient]
) -> None:
    """Cancelled twice, by two tabs: both are led on, one cancels."""
    client = sign_in("village", village=BINJAI)
    with app.app_context(), writing():
        code = book(get_office(SLUG), NOW).code
        db.session.commit()
        db.session.remove()
    token = client.token()
    cookie = client.get_cookie("ruko_session")
    assert cookie is not None

    def press() -> int:
        tab = app.test_client()
        tab.set_cookie("ruko_session", cookie.value)
        form = {"csrf_token": token, "reason": "Musim hujan", "code": "weather"}
        return tab.post(f"/{SLUG}/booking/{code}/cancel", data=form).status_code

    answers = together([press] * 4)

    assert set(answers) <= {303, 409}
    assert 303 in answers
    with looking(app) as office:
        everything_holds(office, NOW)
        assert bookings.get_booking(code).state == "cancelled"
        assert db.session.scalars(select(SlotClaim)).all() == []


@pytest.mark.parametrize("_round", range(2))
def test_the_steps_of_one_draft_pressed_at_once_answer_each_tab_in_words(
    app: Flask, sign_in: Callable[..., VisitingClient], _round: int
) -> None:
    """Held, written, sent and thrown away by six tabs: no error page, and at most one booking."""
    client = sign_in("village", village=BINJAI)
    with app.app_context(), writing():
        office = get_office(SLUG)
        room = bookings.all_rooms(office)[0]
        draft = begun(office, get_village(office, BINJAI))
        when: dict[str, Any] = {"day": TUESDAY, "start": time(9), "end": time(10)}
        bookings.hold(draft, room=room, now=NOW, **when)
        path, place = f"/{SLUG}/booking/d/{draft.token}", f"{room.id} 10:00"
        db.session.commit()
        db.session.remove()
    token, cookie = client.token(), client.get_cookie("ruko_session")
    assert cookie is not None

    def press(step: str, **given: str) -> int:
        tab = app.test_client()
        tab.set_cookie("ruko_session", cookie.value)
        form = {"csrf_token": token, **given}
        return tab.post(f"{path}/{step}", data=form).status_code

    people = {"leader": "Rahmawati", "leader_role": "head", "attendees": "3", "phone": ""}
    answers = together(
        [
            lambda: press("check"),
            lambda: press("discard"),
            lambda: press("time", when=place, date=TUESDAY.isoformat(), hours="1"),
            lambda: press("people", **people),
            lambda: press("check"),
            lambda: press("discard"),
        ]
    )

    assert set(answers) <= {200, 303, 404, 409, 422}, answers
    with looking(app) as office:
        everything_holds(office, NOW)
        assert len(db.session.scalars(select(Booking)).all()) <= 1
