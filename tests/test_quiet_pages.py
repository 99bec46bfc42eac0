"""Villages that have not coordinated: told as a naive look through everything would tell it."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from ruko.audit import SYSTEM
from ruko.bookings import Booking, BookingState
from ruko.coordination import Coordination, coordination_of
from ruko.db import db, writing
from ruko.offices import Office, Village, all_categories, all_villages, get_office
from ruko.tickets import State, Ticket, Turn, VisitorKind, check_in
from ruko.tickets.models import OPEN
from tests.conftest import SLUG, VisitingClient, wita
from tests.people import bidang_of, binjai, book, loket
from tests.steps import Visitor

SignIn = Callable[..., VisitingClient]
PAGE = f"/{SLUG}/desk/villages"
TODAY = date(2026, 11, 23)
TOOK_PLACE = {BookingState.CHECKED_IN, BookingState.IN_SESSION, BookingState.COMPLETED}
COMING = {BookingState.PENDING, BookingState.CONFIRMED}
_numbers = iter(range(1, 10**9))


# ── What happened, written straight into the tables ───────────────────────────────────────────


def met(office: Office, village: Village, day: date, state: str, hour: int = 8) -> Booking:
    """A booking of that day as it stood in the end."""
    starts_at = office.at(day, time(hour))
    category = all_categories(office)[0]
    booking = Booking(
        office_id=office.id,
        code=f"{next(_numbers):08}",
        room_id=None,
        village_id=village.id,
        bidang_id=category.bidang_id,
        category_id=category.id,
        topic="Uji",
        attendees=1,
        leader="Rahasia",
        phone="081234567890",
        date=day,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        first_slot=1,
        last_slot=1,
        state=state,
        created_at=starts_at,
        changed_at=starts_at,
    )
    db.session.add(booking)
    db.session.flush()
    return booking


def came(
    office: Office,
    village: Village | None,
    day: date,
    state: State = State.DONE,
    booking: Booking | None = None,
) -> Ticket:
    """A number of that day, of a village's official or of a resident."""
    at = office.at(day, time(9))
    ticket = Ticket(
        office_id=office.id,
        day=day,
        letter="A",
        number=next(_numbers),
        token=f"t{next(_numbers):022}",
        priority=False,
        visitor=VisitorKind.VILLAGE_OFFICIAL if village else VisitorKind.RESIDENT,
        village_id=village.id if village else None,
        booking_id=booking.id if booking else None,
        issued_at=at,
    )
    db.session.add(ticket)
    db.session.flush()
    closed = state not in {*OPEN, State.NO_SHOW}
    db.session.add(
        Turn(
            ticket_id=ticket.id,
            bidang_id=bidang_of(office).id,
            day=day,
            counter_id=loket(office).id,
            state=state,
            rank_at=at,
            entered_at=at,
            closed_at=at if closed else None,
        )
    )
    db.session.flush()
    return ticket


def told(office: Office, now: datetime) -> dict[str, Coordination]:
    return {c.code: c for c in coordination_of(office, now=now)}


# ── The rule ──────────────────────────────────────────────────────────────────────────────────


def test_who_never_came_is_first_then_the_longest_absent(office: Office, now: datetime) -> None:
    villages = all_villages(office)
    for weeks, village in enumerate(villages[2:], 1):
        met(office, village, TODAY - timedelta(weeks=weeks), BookingState.COMPLETED)
    found = coordination_of(office, now=now)
    assert len(found) == 16
    assert [c.weeks for c in found] == [None, None, *range(14, 0, -1)]
    assert found[0].village.startswith(("Desa ", "Kelurahan "))


def test_a_served_official_counts_as_much_as_a_meeting(office: Office, now: datetime) -> None:
    village = binjai(office)
    met(office, village, TODAY - timedelta(days=30), BookingState.COMPLETED)
    came(office, village, TODAY - timedelta(days=13))
    assert told(office, now)[village.code].last == TODAY - timedelta(days=13)
    assert told(office, now)[village.code].weeks == 1
    met(office, village, TODAY - timedelta(days=3), BookingState.COMPLETED)
    assert told(office, now)[village.code].last == TODAY - timedelta(days=3)
    assert told(office, now)[village.code].this_year == 3


@pytest.mark.parametrize("state", [s for s in BookingState if s not in TOOK_PLACE])
def test_what_did_not_take_place_does_not_count(
    office: Office, now: datetime, state: BookingState
) -> None:
    met(office, binjai(office), TODAY - timedelta(days=7), state)
    assert told(office, now)[binjai(office).code].last is None


@pytest.mark.parametrize("state", [s for s in State if s != State.DONE])
def test_a_number_that_was_not_served_does_not_count(
    office: Office, now: datetime, state: State
) -> None:
    came(office, binjai(office), TODAY, state)
    came(office, None, TODAY)  # a resident is nobody's official
    assert told(office, now)[binjai(office).code].last is None


def test_a_meeting_with_its_number_is_one(office: Office, now: datetime) -> None:
    """Arriving at the kiosk gives a booking its number: both are the same coordination."""
    booking = book(office, now, day=date(2026, 11, 24))
    morning = wita(8, 50, day=date(2026, 11, 24))
    token, _ = check_in(office, booking, by=SYSTEM, now=morning)
    assert told(office, morning)[binjai(office).code].last == date(2026, 11, 24)
    visitor = Visitor(office, morning, token=token)
    visitor.does("call", code="PMD")
    visitor.does("start", "finish")
    seen = told(office, visitor.now)[binjai(office).code]
    assert (seen.last, seen.weeks, seen.this_year) == (date(2026, 11, 24), 0, 1)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int, int, str]]:
    """What happened to three villages: kind, village, days from today, state."""
    days = st.integers(-400, 30)
    meeting = st.tuples(
        st.just("meeting"), st.integers(0, 2), days, st.sampled_from([str(s) for s in BookingState])
    )
    number = st.tuples(
        st.sampled_from(["number", "number of a meeting"]),
        st.integers(0, 2),
        days,
        st.sampled_from([str(s) for s in State if s not in {State.CALLED, State.SERVING}]),
    )
    return draw(st.lists(meeting | number, max_size=12))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories())
def test_it_tells_what_a_naive_look_through_everything_tells(
    office: Office, now: datetime, history: list[tuple[str, int, int, str]]
) -> None:
    villages = all_villages(office)[:3]
    lasts: dict[str, list[date]] = {v.code: [] for v in villages}
    this_year = dict.fromkeys(lasts, 0)
    nexts: dict[str, list[datetime]] = {v.code: [] for v in villages}
    savepoint = db.session.begin_nested()
    for kind, n, days, state in history:
        village, day = villages[n], TODAY + timedelta(days=days)
        if kind == "meeting":
            booking = met(office, village, day, state)
            counts = state in TOOK_PLACE and day <= TODAY
            if state in COMING and booking.starts_at > now:
                nexts[village.code].append(booking.starts_at)
        else:
            of = None
            if kind == "number of a meeting":
                of = met(office, village, day, BookingState.COMPLETED)
            came(office, village, day, State(state), of)
            counts = (state == State.DONE or of is not None) and day <= TODAY
        if counts:
            lasts[village.code].append(day)
            this_year[village.code] += day.year == TODAY.year
    seen = told(office, now)
    for village in villages:
        one = seen[village.code]
        last = max(lasts[village.code], default=None)
        assert one.last == last
        assert one.weeks == (None if last is None else (TODAY - last).days // 7)
        assert one.this_year == this_year[village.code]
        assert one.next_at == min(nexts[village.code], default=None)
    savepoint.rollback()
    db.session.expire_all()


# ── The page ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def history(app: Flask) -> Iterator[None]:
    """Binjai came today, Panggung five weeks ago; the others never."""
    with app.app_context(), writing():
        office = get_office(SLUG)
        villages = {v.name: v for v in all_villages(office)}
        met(office, villages["Binjai"], TODAY, BookingState.COMPLETED)
        met(office, villages["Panggung"], TODAY - timedelta(weeks=5), BookingState.COMPLETED)
        coming = TODAY + timedelta(days=2)
        met(office, villages["Panggung"], coming, BookingState.CONFIRMED, hour=10)
        db.session.commit()
    yield
    with app.app_context(), writing():
        db.session.execute(delete(Booking))
        db.session.commit()


def halves(page: str) -> list[list[str]]:
    """The villages of each table, in their order."""
    tables = page.split("<table")[1:]
    return [re.findall(r'<th scope="row">([^<]+)</th>', table) for table in tables]


@pytest.mark.usefixtures("history")
def test_the_page_shows_all_sixteen_in_two_halves(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    page = operator.get(PAGE).text
    quiet, others = halves(page)
    assert len(quiet) + len(others) == 16
    assert quiet[-1] == "Desa Panggung"
    assert others == ["Desa Binjai"]
    assert "5 minggu lalu" in page
    assert "belum pernah" in page
    assert "Rab, 25 Nov, 10.00" in page
    assert "Rahasia" not in page
    assert "0812" not in page
    assert f'href="/{SLUG}/booking?village=63.11.07.2008"' in page
    wizard = operator.get(f"/{SLUG}/booking?village=63.11.07.2008").text
    assert '<option selected value="63.11.07.2008">Desa Binjai</option>' in wizard
    assert f'href="{PAGE}"' in operator.get(f"/{SLUG}/desk/office").text


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("weeks", "quiet"), [("5", 15), ("6", 14), ("52", 14), ("1", 15)])
def test_the_weeks_may_be_chosen(sign_in: SignIn, weeks: str, quiet: int) -> None:
    page = sign_in("camat").get(f"{PAGE}?weeks={weeks}").text
    assert len(halves(page)[0]) == quiet
    assert f'value="{weeks}"' in page


@pytest.mark.parametrize("weeks", ["0", "53", "-1", "four", "4.5", "٤", "9" * 400])
def test_other_weeks_are_told_at_the_field(sign_in: SignIn, weeks: str) -> None:
    answer = sign_in("operator").get(PAGE, query_string={"weeks": weeks})
    assert answer.status_code == 422
    assert "dari 1 sampai 52" in answer.text
    assert f'value="{weeks}"' in answer.text
    assert len(halves(answer.text)[0]) == 16


@pytest.mark.usefixtures("history")
def test_only_who_runs_the_office_makes_appointments(sign_in: SignIn) -> None:
    page = sign_in("camat").get(PAGE)
    assert page.status_code == 200
    assert "/booking" not in page.text


def test_it_is_for_who_sees_the_whole_office(sign_in: SignIn, client: VisitingClient) -> None:
    assert sign_in("staff", bidang="KES").get(PAGE).status_code == 403
    assert sign_in("village", village="63.11.07.2008").get(PAGE).status_code == 403
    assert "/login" in client.get(PAGE).headers["Location"]
