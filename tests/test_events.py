"""What happened is told after the commit, or never; whoever fails to hear of it stops nothing."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from ruko import events
from ruko.db import db, writing
from ruko.events import forget, listen, record
from ruko.offices import Announcement, BoardChanged, Office, OfficeState, change_board, get_office
from tests.conftest import SLUG, wita
from tests.people import PATIENCE_SECONDS, at_once, take


@pytest.fixture(autouse=True)
def listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the test's own listeners."""
    monkeypatch.setattr(events, "_listeners", [])


@pytest.fixture
def heard() -> list[object]:
    """What has been told so far."""
    told: list[object] = []
    listen(told.append)
    return told


@pytest.fixture
def work(app: Flask) -> Iterator[Office]:
    """The office in a unit of work of the test's own."""
    with app.app_context(), writing():
        yield get_office(SLUG)
        db.session.rollback()


def test_an_event_is_told_after_the_commit_and_once(work: Office, heard: list[object]) -> None:
    record("called")
    record("recalled")
    db.session.flush()
    assert heard == []

    db.session.commit()
    assert heard == ["called", "recalled"]

    db.session.execute(text("SELECT 1"))
    db.session.commit()
    assert heard == ["called", "recalled"]


def test_the_truth_is_on_disk_when_it_is_told(app: Flask, work: Office) -> None:
    seen: list[int] = []
    engine = db.engine

    def version() -> int:
        with engine.connect() as other:
            return int(other.scalar(select(OfficeState.board_version)) or 0)

    @listen
    def _look(_happened: object) -> None:
        with ThreadPoolExecutor(1) as somebody_else:
            seen.append(somebody_else.submit(version).result(PATIENCE_SECONDS))

    change_board(work.id)
    db.session.commit()

    assert seen == [1]


def test_a_rollback_forgets(work: Office, heard: list[object]) -> None:
    record("called")
    db.session.rollback()
    db.session.execute(text("SELECT 1"))
    db.session.commit()

    assert heard == []


def test_a_session_that_is_closed_without_a_commit_forgets(
    work: Office, heard: list[object]
) -> None:
    record("called")
    db.session.close()
    db.session.execute(text("SELECT 1"))
    db.session.commit()

    assert heard == []


def test_a_commit_that_fails_tells_nothing(work: Office, heard: list[object]) -> None:
    record("called")
    db.session.add(Office(slug=SLUG))
    with pytest.raises(IntegrityError):
        db.session.commit()
    db.session.rollback()
    db.session.execute(text("SELECT 1"))
    db.session.commit()

    assert heard == []


def test_a_savepoints_release_is_not_yet_the_truth(work: Office, heard: list[object]) -> None:
    with db.session.begin_nested():
        record("inner")
    assert heard == []
    record("outer")
    db.session.commit()

    assert heard == ["inner", "outer"]


def test_what_a_savepoint_took_back_is_never_told(work: Office, heard: list[object]) -> None:
    record("before")
    savepoint = db.session.begin_nested()
    record("taken back")
    with db.session.begin_nested():
        record("taken back with it")
    savepoint.rollback()
    record("after")
    db.session.commit()

    assert heard == ["before", "after"]


def test_an_inner_savepoint_takes_back_only_its_own(work: Office, heard: list[object]) -> None:
    with db.session.begin_nested():
        record("outer savepoint")
        inner = db.session.begin_nested()
        record("inner savepoint")
        inner.rollback()
    db.session.commit()

    assert heard == ["outer savepoint"]


def test_a_listener_that_fails_is_logged_and_stops_nobody(
    work: Office, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[object] = []

    @listen
    def _deaf(_happened: object) -> None:
        raise RuntimeError("nobody is there")

    listen(told.append)
    db.session.add(Announcement(office_id=work.id, text="Kantor tutup Jumat", position=9))
    record("first")
    record("second")
    with caplog.at_level(logging.ERROR, "ruko.events"):
        db.session.commit()

    assert told == ["first", "second"]
    assert [r.message for r in caplog.records] == ["a listener failed on str"] * 2
    kept = select(Announcement).filter_by(text="Kantor tutup Jumat")
    announcement = db.session.scalars(kept).one()
    db.session.delete(announcement)
    db.session.commit()


def test_forgetting_on_purpose_tells_nobody(work: Office, heard: list[object]) -> None:
    record("an example")
    forget()
    db.session.commit()
    record("the day begins")
    db.session.commit()

    assert heard == ["the day begins"]


def test_sessions_do_not_hear_each_others_events(app: Flask, heard: list[object]) -> None:
    def person(n: int, ready: object) -> int:
        record(n)
        if n % 2:
            db.session.execute(text("SELECT 1"))
            db.session.rollback()
        else:
            db.session.execute(text("SELECT 1"))
        return n

    at_once(app, 6, person)

    assert sorted(heard) == [0, 2, 4]  # type: ignore[type-var]


def test_a_number_rings_its_office_and_bidang(work: Office, heard: list[object]) -> None:
    office_id = work.id
    take(work, wita(9))
    assert heard == []
    db.session.commit()

    assert heard == [BoardChanged(office_id, frozenset({"PEM"}))]
    assert db.session.scalar(select(func.count()).select_from(Office)) == 1
