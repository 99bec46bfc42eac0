"""Bookings as other calendars read them: `icalendar` reads back what we write."""

from datetime import datetime, time, timedelta
from typing import Any
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from ruko import bookings
from ruko.accounts import Role, User
from ruko.audit import SYSTEM
from ruko.bookings import Booking, BookingState
from ruko.db import db
from ruko.offices import Office, all_villages
from tests.people import TUESDAY, bidang_of, binjai, book
from tests.steps import actions_of

URL = "https://ruko.example/paringin-selatan/booking/AAAAAAAA"


def read(text: str) -> Any:
    """The file as a calendar reads it; nothing in it may be wrong."""
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert not any("\n" in line or "\r" in line for line in lines)
    assert all(len(line.encode()) <= 75 for line in lines)
    calendar = Calendar.from_ical(text)
    assert isinstance(calendar, Calendar)
    assert not calendar.errors
    return calendar


def event_of(booking: Booking, now: datetime) -> tuple[Any, Any]:
    """The calendar, and its one event."""
    calendar = read(bookings.ics(booking, URL, now=now))
    (event,) = calendar.walk("VEVENT")
    assert not event.errors
    return calendar, event


def test_a_confirmed_meeting_goes_into_a_calendar(office: Office, now: datetime) -> None:
    booking = book(office, now, phone="0812-3456-7890")
    calendar, event = event_of(booking, now)
    assert calendar["METHOD"] == "PUBLISH"
    assert event["UID"] == f"{booking.code}@paringin-selatan"
    nine = office.at(TUESDAY, time(9))
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (nine, nine + timedelta(hours=1))
    assert event["DTSTART"].dt.utcoffset() == timedelta(0)  # one moment, whatever zone reads it
    assert (event["STATUS"], event["TRANSP"], event["SEQUENCE"]) == ("CONFIRMED", "OPAQUE", 0)
    assert event["LAST-MODIFIED"].dt == event["DTSTAMP"].dt == now
    assert event["SUMMARY"] == f"{office.house}: Rembuk stunting"
    assert event["LOCATION"] == f"Ruang RUKO 1, {office.name}"
    assert event["URL"] == URL
    assert event["ORGANIZER"] == "invalid:nomail"
    assert event["ORGANIZER"].params["CN"] == office.name
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(hours=-1)
    text = calendar.to_ical().decode()
    assert "Rahmawati" not in text
    assert "0812" not in text


def test_each_change_raises_the_sequence_and_keeps_the_uid(office: Office, now: datetime) -> None:
    big = bookings.all_rooms(office)[1]
    booking = book(office, now, room=big)
    seen = [event_of(booking, now)[1]]
    assert seen[0]["STATUS"] == "TENTATIVE"
    bookings.approve(booking, by=SYSTEM, now=now + timedelta(minutes=1))
    seen.append(event_of(booking, now)[1])
    to: dict[str, Any] = {"room": big, "day": TUESDAY, "start": time(13), "end": time(15)}
    bookings.move(booking, **to, by=SYSTEM, privileged=True, now=now + timedelta(minutes=2))
    seen.append(event_of(booking, now)[1])
    bookings.cancel(booking, "Hujan", by=SYSTEM, privileged=True, now=now + timedelta(minutes=3))
    calendar, last = event_of(booking, now)
    seen.append(last)

    assert [e["SEQUENCE"] for e in seen] == [0, 1, 2, 3]
    assert len({e["UID"] for e in seen}) == 1
    modified = [e["LAST-MODIFIED"].dt for e in seen]
    assert modified == sorted(set(modified))
    assert seen[2]["DTSTART"].dt == office.at(TUESDAY, time(13))
    assert (calendar["METHOD"], last["STATUS"], last["TRANSP"]) == (
        "CANCEL",
        "CANCELLED",
        "TRANSPARENT",
    )
    assert not last.walk("VALARM")


def test_what_time_has_ended_reads_as_it_will_be_written(office: Office, now: datetime) -> None:
    booking = book(office, now, room=None)
    late = office.at(TUESDAY, time(9))
    before = event_of(booking, late)[1]
    assert (before["STATUS"], before["SEQUENCE"]) == ("CANCELLED", 1)
    bookings.settle(office, now=late)
    db.session.refresh(booking)
    after = event_of(booking, late)[1]
    assert (after["STATUS"], after["SEQUENCE"]) == ("CANCELLED", 1)


HOSTILE = st.text(
    st.characters(codec="utf-8")
    | st.sampled_from("\r\n\t;,:\\\"'\x00\x0b\x0c\x1c\x85\u2028\u2029é😀\u202e\ufeff")
)


def shown(text: str) -> str:
    """What a calendar may show of it: lines, without what no line can hold."""
    lines = (
        "".join(c for c in line if c == "\t" or category(c) != "Cc") for line in text.splitlines()
    )
    return "\n".join(lines)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(topic=HOSTILE, place=HOSTILE, name=HOSTILE)
def test_no_topic_or_place_breaks_out_of_its_line(
    office: Office, now: datetime, topic: str, place: str, name: str
) -> None:
    booking = standing(office, now)
    room = booking.room
    assert room is not None
    with db.session.no_autoflush:
        booking.topic, room.name, office.name = topic, place, name
        calendar, event = event_of(booking, now)
        feed = read(feed_of(office, [booking], now))
        for loaded in (booking, room, office):
            db.session.expire(loaded)
    assert len(calendar.walk()) == 3
    assert event["SUMMARY"] == f"{office.house}: {shown(topic)}"
    assert event["LOCATION"] == shown(f"{place}, {name}")
    assert (event["UID"], event["URL"]) == (f"{booking.code}@{office.slug}", URL)
    assert [e["SUMMARY"] for e in feed.walk("VEVENT")] == [f"Desa Binjai: {shown(topic)}"]


_STANDING: dict[int, Booking] = {}


def standing(office: Office, now: datetime) -> Booking:
    """One booking for all examples of a test."""
    if id(office) not in _STANDING:
        _STANDING.clear()
        _STANDING[id(office)] = book(office, now)
    return _STANDING[id(office)]


# ── The feed ──────────────────────────────────────────────────────────────────────────────────


def feed_of(office: Office, found: list[Booking], now: datetime, *, own: bool = False) -> str:
    return bookings.ics_feed(office, [(b, URL) for b in found], name="RUKO", own=own, now=now)


def somebody(office: Office, role: Role, **place: Any) -> User:
    return User(office=office, office_id=office.id, role=role, **place)


def test_the_feed_is_a_calendar_of_its_own(office: Office, now: datetime) -> None:
    called_off = book(office, now, start=time(10), end=time(11))
    bookings.cancel(called_off, "Hujan", by=SYSTEM, privileged=True, now=now)
    found = [book(office, now, phone="0812-3456-7890"), called_off]
    text = feed_of(office, found, now)
    calendar = read(text)
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar["X-WR-CALNAME"] == "RUKO"
    assert calendar["X-WR-TIMEZONE"] == "Asia/Makassar"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
    assert [e["STATUS"] for e in calendar.walk("VEVENT")] == ["CONFIRMED", "CANCELLED"]
    assert not calendar.walk("VALARM")
    assert "Rahmawati" not in text
    assert "0812" not in text
    own = read(feed_of(office, found[:1], now, own=True))
    assert [e["SUMMARY"] for e in own.walk("VEVENT")] == [f"{office.house}: Rembuk stunting"]


def test_an_empty_feed_is_a_calendar_too(office: Office, now: datetime) -> None:
    assert not read(feed_of(office, [], now)).walk("VEVENT")


def test_everybody_reads_what_they_may_see(office: Office, now: datetime) -> None:
    pmd = book(office, now)
    pem = book(office, now, bidang=bidang_of(office), start=time(10), end=time(11))
    others = next(v for v in all_villages(office) if v.id != binjai(office).id)
    theirs = book(office, now, village=others, start=time(13), end=time(14))

    def codes(user: User, at: datetime = now) -> set[str]:
        return {booking.code for booking in bookings.bookings_for(user, now=at)}

    everything = {pmd.code, pem.code, theirs.code}
    village = somebody(office, Role.VILLAGE, village_id=binjai(office).id)
    staff = somebody(office, Role.STAFF, bidang_id=bidang_of(office, "PMD").id)
    assert codes(village) == {pmd.code, pem.code}
    assert codes(staff) == {pmd.code, theirs.code}
    for role in (Role.OPERATOR, Role.ADMIN, Role.CAMAT):
        assert codes(somebody(office, role)) == everything
    month = office.at(TUESDAY + timedelta(days=30), time(9))
    assert codes(village, month) == {pmd.code, pem.code}
    assert codes(village, month + timedelta(days=1)) == set()
    assert codes(village, office.at(TUESDAY - timedelta(days=31), time(9))) == set()


@pytest.mark.parametrize("state", BookingState)
def test_every_state_has_a_status(office: Office, now: datetime, state: BookingState) -> None:
    booking = book(office, now)
    booking.state = state
    assert event_of(booking, now)[1]["STATUS"] in {"TENTATIVE", "CONFIRMED", "CANCELLED"}


def test_the_trail_knows_of_an_address_and_not_its_secret(office: Office, now: datetime) -> None:
    user = User(
        office_id=office.id,
        username="camat",
        role=Role.CAMAT,
        password_hash="x",
        must_change_password=False,
        session_key="x",
        created_at=now,
    )
    db.session.add(user)
    db.session.flush()
    first = bookings.make_feed(user, by=user.actor, now=now)
    second = bookings.make_feed(user, by=user.actor, now=now)
    assert first != second
    assert bookings.reader_of(office, second) is user
    kept = bookings.find_feed(user)
    assert kept is not None
    assert second not in {kept.hash, str(kept.id)}
    bookings.remove_feed(user, by=user.actor, now=now)
    bookings.remove_feed(user, by=user.actor, now=now)
    assert bookings.find_feed(user) is None
    assert actions_of("feed") == ["make", "make", "remove"]
