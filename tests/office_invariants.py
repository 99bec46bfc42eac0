"""What always holds in an office, whatever happens: looked up in the database after each step."""

from collections import Counter
from datetime import date, datetime
from itertools import pairwise

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import select

from ruko import bookings
from ruko.board import snapshot
from ruko.bookings import Booking, QuotaSeat, SlotClaim
from ruko.db import db
from ruko.offices import Bidang, Office, board_version, get_office
from ruko.offices import Counter as Place
from ruko.tickets import Call, CounterBreak, State, Ticket, TicketSeries, Turn, get_visit
from tests.conftest import SLUG
from tests.queue_model import AT_COUNTER, replay

HOLDING = {"pending", "confirmed", "checked_in", "in_session", "completed", "no_show"}
"""States of a booking that holds its slots (until `freed_from`) and its quota seat."""
OPEN = {State.WAITING, State.CALLED, State.SERVING, State.HELD}


class OfficeInvariants(RuleBasedStateMachine):
    """The rules that no step may break; a machine of steps inherits them."""

    now: datetime
    version, seq = 0, 0

    @property
    def office(self) -> Office:
        return get_office(SLUG)

    @invariant()
    def numbers_have_no_gap(self) -> None:
        numbers: dict[tuple[date, str], list[int]] = {}
        for ticket in db.session.execute(
            select(Ticket.day, Ticket.letter, Ticket.number).order_by(Ticket.number)
        ):
            numbers.setdefault((ticket.day, ticket.letter), []).append(ticket.number)
        for given in numbers.values():
            assert given == list(range(1, len(given) + 1))
        last = db.session.execute(select(TicketSeries.day, TicketSeries.letter, TicketSeries.last))
        assert {(s.day, s.letter): s.last for s in last} == {k: len(v) for k, v in numbers.items()}

    @invariant()
    def a_ticket_is_in_one_place_and_a_place_has_one_ticket(self) -> None:
        turns = db.session.execute(
            select(Turn.id, Turn.ticket_id, Turn.state, Turn.counter_id, Turn.closed_at)
        ).all()
        open_turns = Counter(t.ticket_id for t in turns if t.state in OPEN)
        assert set(open_turns.values()) <= {1}
        places = Counter(t.counter_id for t in turns if t.state in AT_COUNTER)
        assert set(places.values()) <= {1}
        assert None not in places
        latest = {t.ticket_id: t for t in sorted(turns)}
        assert all(t.state == "transferred" for t in turns if latest[t.ticket_id] is not t)
        assert all(t.state != "transferred" for t in latest.values())
        assert all(t.counter_id is None for t in turns if t.state in {"waiting", "no_show"})
        resting = set(db.session.scalars(select(CounterBreak.counter_id).filter_by(ended_at=None)))
        assert not resting & set(places)

    @invariant()
    def the_events_add_up_to_the_state(self) -> None:
        """Where each ticket is follows from the trail alone; so does its booking's state."""
        rows = db.session.execute(
            select(
                Turn.ticket_id,
                Turn.state,
                Turn.day,
                Turn.rank_at,
                Bidang.code,
                Place.name,
                Booking.state.label("booking"),
            )
            .join(Bidang, Bidang.id == Turn.bidang_id)
            .join(Ticket, Ticket.id == Turn.ticket_id)
            .outerjoin(Place, Place.id == Turn.counter_id)
            .outerjoin(Booking, Booking.id == Ticket.booking_id)
            .order_by(Turn.id)
        ).all()
        latest = {row.ticket_id: row for row in rows}
        told = replay()
        for row in rows:  # a ticket keeps its rank when it is sent on
            assert told[row.ticket_id].moved or row.rank_at == latest[row.ticket_id].rank_at
        assert told.keys() == latest.keys()
        for ticket, row in latest.items():
            place = row.name if row.state in AT_COUNTER else None
            said = told[ticket]
            assert (said.state, said.bidang, said.place) == (row.state, row.code, place)
            if row.booking and row.day == self.office.queue_day:
                assert row.booking == said.booking
            elif row.booking:
                assert row.booking in {said.booking, "completed"}

    @invariant()
    def no_other_day_reads_as_open(self) -> None:
        office = self.office
        other_days = select(Ticket.token).where(Ticket.day != office.day(self.now))
        for token in db.session.scalars(other_days.order_by(Ticket.id.desc()).limit(3)):
            visit = get_visit(token, office_of=lambda _id: office, now=self.now)[1]
            assert visit.state in {"done", "no_show", "expired", "cancelled"}
            assert visit.place is None

    @invariant()
    def slots_and_seats_belong_to_exactly_the_bookings_that_hold_them(self) -> None:
        columns = (Booking.id, Booking.state, Booking.room_id, Booking.village_id, Booking.date)
        slots = (Booking.first_slot, Booking.last_slot, Booking.freed_from)
        every = db.session.execute(select(*columns, *slots))
        holding = [b for b in every if b.state in HOLDING]
        claims = db.session.execute(
            select(
                SlotClaim.booking_id, SlotClaim.room_id, SlotClaim.date, SlotClaim.slot_no
            ).where(SlotClaim.booking_id.is_not(None))
        )
        assert {tuple(claim) for claim in claims} == {
            (b.id, b.room_id, b.date, no)
            for b in holding
            if b.room_id
            for no in range(b.first_slot, b.freed_from or b.last_slot + 1)
        }
        seats = db.session.execute(
            select(QuotaSeat.booking_id, QuotaSeat.village_id, QuotaSeat.period, QuotaSeat.n)
        ).all()
        assert {(s.booking_id, s.village_id, s.period) for s in seats} == {
            (b.id, b.village_id, bookings.period_of(b.date)) for b in holding
        }
        assert all(1 <= s.n <= 3 for s in seats)

    @invariant()
    def versions_and_calls_only_rise(self) -> None:
        version, seq = board_version(self.office.id)
        assert version >= self.version
        assert seq >= self.seq
        self.version, self.seq = version, seq
        seqs = db.session.scalars(select(Call.seq).order_by(Call.id)).all()
        assert list(seqs) == list(range(1, seq + 1))
        assert all(a < b for a, b in pairwise(seqs))

    @invariant()
    def the_board_announces_only_who_is_called(self) -> None:
        board = snapshot(self.office, now=self.now).content
        calls = db.session.execute(
            select(Call.seq, Call.turn_id, Call.place, Call.withdrawn_at, Turn.state, Place.name)
            .join(Turn, Turn.id == Call.turn_id)
            .outerjoin(Place, Place.id == Turn.counter_id)
        )
        known = {call.seq: call for call in calls}
        shown = [known[call["seq"]] for call in board["calls"]]
        assert all(call.withdrawn_at is None and call.state == "called" for call in shown)
        assert all(call.place == call.name for call in shown)  # where the visitor is awaited
        assert len({call.turn_id for call in shown}) == len(shown)
        if board["last_call"]:
            assert known[board["last_call"]["seq"]].withdrawn_at is None
