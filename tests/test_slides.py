"""Slides: pictures in an order, on their days, at their own address; eight at a time."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from ruko.audit import SYSTEM, trail_of
from ruko.clock import now as moment
from ruko.db import db, writing
from ruko.errors import Invalid
from ruko.files import Store
from ruko.offices import (
    Office,
    OfficeState,
    all_entries,
    board_version,
    change_entry,
    get_entry,
    get_office,
    move_entry,
    remove_entry,
)
from ruko.pictures import for_screen
from ruko.slides import Slide, add_slide, is_picture_of, slides_on
from tests.conftest import MONDAY, SLUG, VisitingClient
from tests.people import at_once, refusals
from tests.pictures import encoded, photo, poster, seen
from tests.steps import board

DAY = timedelta(days=1)
DIGEST = "0" * 64
OTHER = "kecamatan-lain"


def show(
    office: Office,
    now: datetime,
    text: str = "Posyandu hari Selasa",
    first: date | None = None,
    last: date | None = None,
    *,
    digest: str = DIGEST,
) -> Slide:
    return add_slide(office, digest, text, first, last, by=SYSTEM, now=now)


def test_a_picture_is_on_the_board_at_once(office: Office, now: datetime) -> None:
    version = board_version(office.id)[0]
    slide = show(office, now)
    told = board(office, now)
    assert told["slides"] == [{"picture": DIGEST, "text": "Posyandu hari Selasa"}]
    assert told["version"] == version + 1
    assert slide.added_at == now
    (row,) = trail_of("slide", slide.id)
    assert row.action == "add"


def test_on_its_days_and_in_its_order(office: Office, now: datetime) -> None:
    show(office, now, "Kemarin", last=MONDAY - DAY)
    first, second = show(office, now, "Hari ini", MONDAY, MONDAY), show(office, now, "Selalu")
    show(office, now, "Besok", MONDAY + DAY)

    def said(day: date) -> list[str]:
        return [slide["text"] for slide in slides_on(office, day)]

    assert said(MONDAY - DAY) == ["Kemarin", "Selalu"]
    assert said(MONDAY) == ["Hari ini", "Selalu"]
    assert said(MONDAY + DAY) == ["Selalu", "Besok"]
    move_entry(second, -1, by=SYSTEM, now=now)
    assert said(MONDAY) == ["Selalu", "Hari ini"]
    remove_entry(first, by=SYSTEM, now=now)
    assert said(MONDAY) == ["Selalu"]


def test_eight_at_a_time(office: Office, now: datetime) -> None:
    for number in range(10):
        show(office, now, f"Gambar {number}")
    assert [s["text"] for s in slides_on(office, MONDAY)] == [f"Gambar {n}" for n in range(8)]


@pytest.mark.parametrize("text", ["", "ab", " a b"[:3], "x" * 201])
def test_a_picture_needs_words(office: Office, now: datetime, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        show(office, now, text)
    assert caught.value.field == "text"
    assert all_entries(Slide, office) == []


def test_the_last_day_is_not_before_the_first(office: Office, now: datetime) -> None:
    with pytest.raises(Invalid) as caught:
        show(office, now, first=MONDAY, last=MONDAY - DAY)
    assert caught.value.field == "ends_on"


def test_a_picture_is_its_offices_while_a_slide_shows_it(office: Office, now: datetime) -> None:
    assert not is_picture_of(office, DIGEST)
    one, two = show(office, now, last=MONDAY - DAY), show(office, now, "Sekali lagi")
    assert is_picture_of(office, DIGEST)
    assert not is_picture_of(office, "1" * 64)
    assert not is_picture_of(Office(id=office.id + 1), DIGEST)
    remove_entry(one, by=SYSTEM, now=now)
    assert is_picture_of(office, DIGEST)
    remove_entry(two, by=SYSTEM, now=now)
    assert not is_picture_of(office, DIGEST)


# ── By several people at the same moment ──────────────────────────────────────────────────────


@pytest.fixture
def three(app: Flask) -> list[int]:
    with app.app_context(), writing():
        office = get_office(SLUG)
        made = [show(office, moment(), text).id for text in ("Satu", "Dua", "Tiga")]
        db.session.commit()
    return made


def texts(app: Flask) -> list[str]:
    with app.app_context():
        return [slide.text for slide in all_entries(Slide, get_office(SLUG))]


def test_it_is_removed_once(app: Flask, three: list[int]) -> None:
    def remove(_person: int, ready: Callable[[], None]) -> None:
        ready()
        slide = get_entry(Slide, get_office(SLUG), three[0])
        remove_entry(slide, by=SYSTEM, now=moment())

    answers = at_once(app, 4, remove)
    assert refusals(answers) == ["not_found"] * 3
    assert texts(app) == ["Dua", "Tiga"]
    with app.app_context():
        assert [row.action for row in trail_of("slide", three[0])] == ["add", "remove"]


def test_moved_changed_and_removed_together(app: Flask, three: list[int]) -> None:
    def work(person: int, ready: Callable[[], None]) -> None:
        ready()
        slide = get_entry(Slide, get_office(SLUG), three[person % 3])
        if person < 3:
            move_entry(slide, 1 - person, by=SYSTEM, now=moment())
        elif person < 6:
            change_entry(slide, f"{slide.text} lagi", None, None, by=SYSTEM, now=moment())
        else:
            remove_entry(slide, by=SYSTEM, now=moment())

    answers = at_once(app, 7, work)
    assert set(refusals(answers)) <= {"not_found"}
    assert sorted(texts(app)) == ["Dua lagi", "Tiga lagi"]


# ── At its address ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shown(app: Flask) -> str:
    """The digest of a picture that the office shows."""
    with app.app_context(), writing():
        office = get_office(SLUG)
        digest = kept(app).keep(for_screen(photo()))
        show(office, moment(), digest=digest)
        db.session.commit()
    return digest


@pytest.fixture
def other_office(app: Flask) -> Iterator[str]:
    """A second office of the same deployment, without slides."""
    with app.app_context(), writing():
        office = get_office(SLUG)
        copied = {c.key: getattr(office, c.key) for c in Office.__table__.columns if c.key != "id"}
        other = Office(**copied | {"slug": OTHER, "code": "63.11.99"})
        db.session.add(other)
        db.session.flush()
        db.session.add(OfficeState(office_id=other.id))
        db.session.commit()
        other_id = other.id
    yield OTHER
    with app.app_context(), writing():
        db.session.execute(delete(Slide))
        db.session.execute(delete(OfficeState).filter_by(office_id=other_id))
        db.session.execute(delete(Office).filter_by(id=other_id))
        db.session.commit()


def kept(app: Flask) -> Store:
    return Store(Path(app.config["RUKO"].data_dir) / "slides")


def address(digest: str, office: str = SLUG) -> str:
    return f"/{office}/display/slides/{digest}"


def test_it_is_served_to_everybody_for_good(client: VisitingClient, shown: str) -> None:
    answer = client.get(address(shown))
    assert answer.status_code == 200
    assert answer.mimetype == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    picture = seen(answer.data)
    assert picture.size == (360, 640)
    assert not picture.getexif()
    again = client.get(address(shown), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_display_gets_it_without_a_new_cookie(paired: object, shown: str) -> None:
    screen = paired("display")  # type: ignore[operator]
    assert "Set-Cookie" not in screen.get(address(shown)).headers


def test_another_offices_picture_is_not_there(
    client: VisitingClient, shown: str, other_office: str
) -> None:
    assert client.get(address(shown, other_office)).status_code == 404
    assert client.get(address(shown)).status_code == 200


@pytest.mark.parametrize("digest", ["0" * 64, "0", "..", "%2e%2e%2fsecret", "A" * 64, "x" * 5000])
def test_what_no_slide_shows_is_not_there(
    app: Flask, client: VisitingClient, shown: str, digest: str
) -> None:
    assert client.get(address(digest)).status_code in {404, 308}
    unnamed = kept(app).keep(for_screen(encoded(poster())))
    assert client.get(address(unnamed)).status_code == 404, "a file alone is no slide"


def test_a_lost_file_is_not_there(app: Flask, client: VisitingClient, shown: str) -> None:
    kept(app).path_of(shown).unlink()
    assert client.get(address(shown)).status_code == 404


def test_after_its_removal_it_is_not_there(app: Flask, client: VisitingClient, shown: str) -> None:
    with app.app_context(), writing():
        (slide,) = all_entries(Slide, get_office(SLUG))
        remove_entry(slide, by=SYSTEM, now=moment())
        db.session.commit()
    assert client.get(address(shown)).status_code == 404
