"""How tickets, turns and bookings look in JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ruko.bookings import Booking, paper_counts, shown_state
from ruko.offices import Office
from ruko.receipts import Hearing, hearings
from ruko.tickets import State, Visit, estimate_for, rejoin_until
from ruko.web import booking_url, url_of


def moment(office: Office, at: datetime) -> str:
    """RFC 3339 with the office's offset: 2026-11-22T09:05:00+08:00."""
    return office.local(at).isoformat(timespec="seconds")


def ticket_json(office: Office, visit: Visit, *, now: datetime) -> dict[str, Any]:
    """A ticket as its visitor may see it; never a name."""
    return {
        "token": visit.token,
        "code": visit.code,
        "number": visit.number,
        "bidang": visit.bidang,
        "bidang_name": visit.bidang_name,
        "service": visit.service,
        "state": visit.state,
        "priority": visit.priority,
        "village": visit.village,
        "village_name": visit.village_name,
        "booking": visit.booking,
        "people_ahead": visit.people_ahead,
        "estimate_minutes": estimate_for(visit, now=now),
        "place": visit.place,
        "issued_at": moment(office, visit.issued_at),
        "rejoin_until": _rejoin_until(office, visit),
        "url": url_of("ticket.show", token=visit.token),
        "qr_url": url_of("api.tickets.picture", token=visit.token),
    }


def _rejoin_until(office: Office, visit: Visit) -> str | None:
    if visit.state != State.NO_SHOW:
        return None
    return moment(office, rejoin_until(office, visit))


def turns_json(office: Office, visits: Iterable[Visit], *, now: datetime) -> list[dict[str, Any]]:
    """Stays with a bidang, as its desk sees them; of those called, how they were announced."""
    shown = list(visits)
    called = [visit.turn_id for visit in shown if visit.state == State.CALLED]
    heard = hearings(office, called, now=now)
    return [_turn_json(office, visit, heard.get(visit.turn_id)) for visit in shown]


def turn_json(office: Office, visit: Visit, *, now: datetime) -> dict[str, Any]:
    """A ticket's stay with one bidang, as its desk sees it."""
    return turns_json(office, [visit], now=now)[0]


def _turn_json(office: Office, visit: Visit, heard: Hearing | None) -> dict[str, Any]:
    return {
        "ticket": visit.code,
        "token": visit.token,
        "bidang": visit.bidang,
        "bidang_name": visit.bidang_name,
        "service": visit.service,
        "state": visit.state,
        "priority": visit.priority,
        "visitor": visit.visitor,
        "village": visit.village,
        "village_name": visit.village_name,
        "booking": visit.booking,
        "arrived_at": moment(office, visit.issued_at),
        "people_ahead": visit.people_ahead,
        "announcements": visit.announcements,
        "counter": visit.counter,
        "place": visit.place,
        "note": visit.note,
        "held_reason": visit.held_reason,
        "call": _hearing_json(office, heard) if heard else None,
    }


def _hearing_json(office: Office, heard: Hearing) -> dict[str, Any]:
    return {
        "seq": heard.seq,
        "shown_at": moment(office, heard.shown_at) if heard.shown_at else None,
        "spoken_at": moment(office, heard.spoken_at) if heard.spoken_at else None,
        "heard": heard.state,
    }


def call_json(office: Office, call: Any) -> dict[str, Any]:
    """One announcement, a row of `Call`."""
    return {
        "seq": call.seq,
        "kind": call.kind,
        "place": call.place,
        "called_at": moment(office, call.called_at),
    }


def bookings_json(bookings: Iterable[Booking], *, now: datetime) -> list[dict[str, Any]]:
    """Bookings as their village and the office see them."""
    shown = list(bookings)
    papers = paper_counts(shown)
    return [_booking_json(booking, papers.get(booking.id, 0), now) for booking in shown]


def booking_json(booking: Booking, *, now: datetime) -> dict[str, Any]:
    """A booking as its village and the office see it."""
    return bookings_json([booking], now=now)[0]


def _booking_json(booking: Booking, papers: int, now: datetime) -> dict[str, Any]:
    office, room, answered_at = booking.office, booking.room, booking.village_confirmed_at
    return {
        "code": booking.code,
        "state": shown_state(booking, now),
        "room": room.id if room else None,
        "room_name": room.name if room else None,
        "village": booking.village.code,
        "village_name": booking.village.full_name,
        "bidang": booking.bidang.code,
        "bidang_name": booking.bidang.name,
        "category": booking.category.code,
        "topic": booking.topic,
        "attendees": booking.attendees,
        "leader": booking.leader,
        "leader_role": booking.leader_role,
        "phone": booking.phone,
        "papers": papers,
        "bring_along": booking.bring_along,
        "on_behalf": booking.on_behalf,
        "channel": booking.channel,
        "village_confirmed_at": moment(office, answered_at) if answered_at else None,
        "starts_at": moment(office, booking.starts_at),
        "ends_at": moment(office, booking.ends_at),
        "reason": booking.decided_reason,
        "cancel_code": booking.cancel_code,
        "url": booking_url(booking),
        "qr_url": url_of("api.bookings.picture", code=booking.code),
        "ics_url": url_of("api.bookings.calendar", code=booking.code),
    }
