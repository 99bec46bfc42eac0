"""The board as one snapshot: what it says after what really happened."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ruko import words
from ruko.audit import SYSTEM
from ruko.board import MOST_CALLS, recent, snapshot
from ruko.bookings import all_rooms
from ruko.db import db
from ruko.offices import Counter, Office, all_bidang, all_counters, board_version
from ruko.offices.models import Announcement
from ruko.slides import Slide
from ruko.tickets import VisitorKind, finish, hold, issue, mark_no_show, resume, start
from tests.conftest import MONDAY, wita
from tests.people import (
    bidang_of,
    binjai,
    book,
    call,
    call_again,
    called,
    code_of,
    take,
    turn_of,
)


def read(office: Office, now: datetime) -> dict[str, Any]:
    """The board as screens get it."""
    db.session.flush()
    return snapshot(office, now=now).as_json(words.board_sentence)


def row(board: dict[str, Any], code: str = "PEM") -> dict[str, Any]:
    return next(each for each in board["bidang"] if each["code"] == code)


def test_an_empty_morning(office: Office, now: datetime) -> None:
    board = read(office, now)
    assert (board["office"], board["state"], board["message"]) == ("paringin-selatan", "open", None)
    assert board["generated_at"] == "2026-11-23T09:00:00+08:00"
    assert (board["calls"], board["last_call"], board["agenda"]) == ([], None, [])
    assert [b["letter"] for b in board["bidang"]] == list("ABCDEF")
    assert all(b["open"] and not b["serving"] and b["waiting"] == 0 for b in board["bidang"])
    assert 1 <= len(board["announcements"]) <= 4


def test_a_visit_from_the_kiosk_to_its_end(office: Office, now: datetime) -> None:
    token = take(office, now)
    assert row(read(office, now))["waiting"] == 1
    call(office, now)
    board = read(office, now)
    (one,) = board["calls"]
    assert board["last_call"] == one
    assert (one["ticket"], one["bidang"], one["place"], one["kind"]) == (
        "A-001",
        "PEM",
        "Loket 1",
        "first",
    )
    assert one["bidang_name"] == "Seksi Pemerintahan"
    assert one["seq"] == board["seq"]
    assert (one["called_at"], one["expires_at"]) == (
        "2026-11-23T09:00:00+08:00",
        "2026-11-23T09:10:00+08:00",
    )
    assert one["speech"][:2] == ["chime", "nomor-antrean"]
    assert row(board)["serving"] == [{"ticket": "A-001", "place": "Loket 1", "state": "called"}]
    assert row(board)["waiting"] == 0

    start(office, turn_of(office, token), by=SYSTEM, now=now)
    board = read(office, now)
    assert board["calls"] == []
    assert board["last_call"]["ticket"] == "A-001"
    assert row(board)["serving"][0]["state"] == "serving"

    finish(office, turn_of(office, token), by=SYSTEM, now=now)
    board = read(office, now)
    assert row(board)["serving"] == []
    assert board["last_call"]["ticket"] == "A-001"


def test_the_times_of_a_call_are_given_to_the_second(office: Office, now: datetime) -> None:
    take(office, now)
    now += timedelta(seconds=1, microseconds=250_000)
    call(office, now)
    (one,) = read(office, now)["calls"]
    assert one["called_at"] == "2026-11-23T09:00:01+08:00"
    assert one["expires_at"] == "2026-11-23T09:10:01+08:00"


def test_each_of_these_changes_raises_the_version(office: Office, now: datetime) -> None:
    versions = [board_version(office.id)[0]]
    token = take(office, now)
    versions.append(board_version(office.id)[0])
    call(office, now)
    versions.append(board_version(office.id)[0])
    later = now + timedelta(seconds=10)
    call_again(office, turn_of(office, token), later)
    versions.append(board_version(office.id)[0])
    start(office, turn_of(office, token), by=SYSTEM, now=later)
    versions.append(board_version(office.id)[0])
    finish(office, turn_of(office, token), by=SYSTEM, now=later)
    versions.append(board_version(office.id)[0])
    assert versions == sorted(set(versions))
    assert read(office, later)["version"] == versions[-1]


def test_a_recall_takes_the_place_of_the_call(office: Office, now: datetime) -> None:
    take(office, now)
    turn = called(office, now)
    first = read(office, now)["calls"][0]["seq"]
    call_again(office, turn, now + timedelta(seconds=10))
    (one,) = read(office, now + timedelta(seconds=10))["calls"]
    assert one["kind"] == "recall"
    assert one["seq"] > first


def test_calls_come_oldest_first_and_expire(office: Office, now: datetime) -> None:
    for minute in range(3):
        take(office, now)
        call(office, now + timedelta(minutes=minute), counter=minute + 1)
    board = read(office, now + timedelta(minutes=5))
    assert [c["ticket"] for c in board["calls"]] == ["A-001", "A-002", "A-003"]
    assert [c["seq"] for c in board["calls"]] == sorted(c["seq"] for c in board["calls"])
    assert [s["ticket"] for s in row(board)["serving"]] == ["A-003", "A-002", "A-001"]
    board = read(office, now + timedelta(minutes=11))
    assert [c["ticket"] for c in board["calls"]] == ["A-003"]
    assert board["last_call"]["ticket"] == "A-003"
    assert read(office, now + timedelta(minutes=12))["calls"] == []


def test_an_absent_visitor_is_called_no_more(office: Office, now: datetime) -> None:
    token = take(office, now)
    call(office, now)
    mark_no_show(office, turn_of(office, token), reason="Pulang", by=SYSTEM, now=now)
    board = read(office, now)
    assert board["calls"] == []
    assert row(board)["serving"] == []


def test_an_older_call_never_outlives_the_one_that_took_its_place(office: Office) -> None:
    """The clock was put back between the two: the later call ends before the earlier one."""
    token = take(office, wita(9))
    hold(office, called(office, wita(9, 10)), by=SYSTEM, now=wita(9, 11))
    place = all_counters(office)[1]
    resume(office, turn_of(office, token), counter=place, by=SYSTEM, now=wita(9, 5))
    assert [c["place"] for c in read(office, wita(9, 14))["calls"]] == ["Loket 2"]
    assert read(office, wita(9, 16))["calls"] == []


def test_yesterday_is_not_shown(office: Office, now: datetime) -> None:
    take(office, now)
    take(office, now)
    call(office, now)
    board = read(office, wita(7, 59, day=MONDAY + timedelta(days=1)))
    assert (board["calls"], board["last_call"]) == ([], None)
    assert (row(board)["serving"], row(board)["waiting"]) == ([], 0)
    assert board["seq"] == 1


def test_only_officials_show_where_they_come_from(office: Office, now: datetime) -> None:
    kind = VisitorKind.VILLAGE_OFFICIAL
    issue(office, bidang_of(office), visitor=kind, village=binjai(office), by=SYSTEM, now=now)
    take(office, now)
    call(office, now)
    call(office, now, counter=2)
    calls = read(office, now)["calls"]
    assert [(c["village"], c["village_name"]) for c in calls] == [
        ("63.11.07.2008", "Desa Binjai"),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("hour", "minute", "state", "says"),
    [
        (7, 59, "closed", "08.00"),
        (8, 0, "open", None),
        (11, 29, "open", None),
        (11, 30, "open", "13.00"),
        (12, 0, "break", "13.00"),
        (13, 0, "open", None),
        (15, 0, "closed", "24"),
    ],
)
def test_the_state_follows_the_clock(
    office: Office, hour: int, minute: int, state: str, says: str | None
) -> None:
    board = read(office, wita(hour, minute))
    assert board["state"] == state
    assert all(b["open"] == (state == "open") for b in board["bidang"])
    assert (says in board["message"]) if says else board["message"] is None


def test_a_holiday_is_named(office: Office) -> None:
    board = read(office, wita(10, day=date(2026, 12, 25)))
    assert board["state"] == "closed"
    assert board["holiday"] in board["message"]


def test_the_agenda_drops_what_is_over(office: Office, now: datetime) -> None:
    for hour in (10, 13):
        booking = book(office, now, day=MONDAY, start=wita(hour).time(), end=wita(hour + 1).time())
        assert booking.state == "confirmed"
    entries = read(office, now)["agenda"]
    assert [e["starts_at"][11:16] for e in entries] == ["10:00", "13:00"]
    assert entries[0]["room"] == all_rooms(office)[0].id
    assert (entries[0]["village"], entries[0]["village_name"]) == ("63.11.07.2008", "Desa Binjai")
    assert not {"topic", "leader", "phone", "code"} & entries[0].keys()
    assert [e["starts_at"][11:16] for e in read(office, wita(11))["agenda"]] == ["13:00"]


def test_a_request_is_not_yet_an_appointment(office: Office, now: datetime) -> None:
    book(
        office,
        now,
        room=all_rooms(office)[1],
        day=MONDAY,
        start=wita(10).time(),
        end=wita(11).time(),
    )
    assert read(office, now)["agenda"] == []


def test_it_stays_small(office: Office, now: datetime) -> None:
    """8 KB with four open calls, 16 KB with every place of the office calling."""
    for number, bidang in enumerate(all_bidang(office)[:4]):
        take(office, now, bidang.code)
        call(office, now, bidang.code, counter=number + 1)
    for hour in (10, 11):
        book(office, now, day=MONDAY, start=wita(hour).time(), end=wita(hour + 1).time())
    board = read(office, now)
    assert len(board["calls"]) == 4
    assert len(json.dumps(board).encode()) <= 8 * 1024
    for counter in range(5, len(all_counters(office)) + 1):
        take(office, now)
        call(office, now, counter=counter)
    board = read(office, now)
    assert len(board["calls"]) == len(all_counters(office))
    assert len(json.dumps(board).encode()) <= 16 * 1024


MANY = 20


def further_places(office: Office, count: int, name: str = "Loket {}") -> list[int]:
    """So many places more than the seed has, as which ones they come."""
    own = len(all_counters(office))
    db.session.add_all(
        Counter(office_id=office.id, name=name.format(n), kind="loket", position=n)
        for n in range(100, 100 + count)
    )
    db.session.flush()
    return [*range(own + 1, own + 1 + count)]


def test_twenty_who_call_and_call_again_lose_nobody(office: Office, now: datetime) -> None:
    places = further_places(office, MANY)
    for _ in places:
        take(office, now)
    turns = [called(office, now, counter=place) for place in places]
    later = now + timedelta(seconds=10)
    for turn in turns[MANY // 2 :]:
        call_again(office, turn, later)
    told = read(office, later)["calls"]
    assert sorted(each["ticket"] for each in told) == [f"A-{n:03}" for n in range(1, MANY + 1)]
    assert [each["seq"] for each in told] == [*range(1, 11), *range(21, 31)]


def test_of_more_calls_than_fit_the_newest_are_told(office: Office, now: datetime) -> None:
    places = further_places(office, MOST_CALLS + 2)
    for _ in places:
        take(office, now)
    turns = [called(office, now, counter=place) for place in places]
    assert [c["seq"] for c in read(office, now)["calls"]] == [*range(3, MOST_CALLS + 3)]
    for turn in turns[-2:]:
        start(office, turn, by=SYSTEM, now=now)
    assert [c["seq"] for c in read(office, now)["calls"]] == [*range(1, MOST_CALLS + 1)]


def test_the_longest_names_fit_as_well(office: Office, now: datetime) -> None:
    for bidang in all_bidang(office):
        bidang.name = "“é”" * 26
    for place in further_places(office, MOST_CALLS, "“é” loket nomor {} di ujung lorong ba"):
        take(office, now)
        call(office, now, counter=place)
    for n in range(8):
        add = {"starts_on": None, "ends_on": None, "position": n}
        db.session.add(Announcement(office_id=office.id, text="“é”" * 66, **add))
        db.session.add(
            Slide(office_id=office.id, text="“é”" * 66, digest="a" * 64, added_at=now, **add)
        )
    board = read(office, now)
    assert len(json.dumps(board, separators=(",", ":"))) <= 16 * 1024
    assert board["calls"][-1]["seq"] == MOST_CALLS
    assert len(board["bidang"]) == 6


def test_codes_are_those_of_the_tickets(office: Office, now: datetime) -> None:
    token = take(office, now, "YAN")
    call(office, now, "YAN", counter=5)
    assert row(read(office, now), "YAN")["serving"][0]["ticket"] == code_of(token) == "E-001"


def test_many_who_ask_within_a_second_get_one_reading(office: Office, now: datetime) -> None:
    first = recent(office, now=now)
    assert recent(office, now=now + timedelta(milliseconds=900)) is first
    assert recent(office, now=now + timedelta(seconds=1)) is not first


def test_a_change_is_read_at_once(office: Office, now: datetime) -> None:
    assert row(recent(office, now=now).content)["waiting"] == 0
    take(office, now)
    assert row(recent(office, now=now).content)["waiting"] == 1


def test_a_clock_that_stepped_back_reads_anew(office: Office, now: datetime) -> None:
    first = recent(office, now=now)
    assert (
        recent(office, now=now - timedelta(days=1)).content["agenda"] is not first.content["agenda"]
    )
