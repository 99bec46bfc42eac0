"""Where somebody sits: the bidang they serve and the place they call to, kept in the session."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from desk.staff import AT_THE_DESK, signed_in_staff
from ruko import clock
from ruko.accounts import Role, User
from ruko.assistance import open_requests
from ruko.bookings import pending_count
from ruko.errors import N_, Forbidden, Invalid
from ruko.offices import Bidang, Counter, all_bidang, all_counters, get_bidang, get_counter
from ruko.tickets import visits_at_counters
from ruko.web import current_office, reads_only, sign_in_required

bp = Blueprint("seat", __name__)
bp.before_request(sign_in_required(*AT_THE_DESK))
KEPT_AS = "desk"


@dataclass(frozen=True, slots=True)
class Seat:
    """A bidang and a place; who only looks on (the camat) has no place."""

    bidang: Bidang
    counter: Counter | None


@bp.get("")
def choose() -> ResponseReturnValue:
    """The bidang and the places to choose from, with who sits where."""
    return choice_page(signed_in_staff(), request.args.get("bidang"))


@bp.post("")
@reads_only
def take() -> ResponseReturnValue:
    """Sit down there."""
    user = signed_in_staff()
    bidang = get_bidang(current_office(), request.form.get("bidang"))
    if not user.may_see(bidang.id):
        raise Forbidden
    counter = None
    if user.may_serve(bidang.id):
        counter = get_counter(current_office(), request.form.get("counter", type=int), bidang)
    session[KEPT_AS] = [bidang.code, counter.id if counter else None]
    return redirect(url_for("desk.start"), 303)


def find_seat(user: User) -> Seat | None:
    """The seat that this session remembers, while it still fits the account."""
    code, counter_id = session.get(KEPT_AS, (None, None))
    try:
        bidang = get_bidang(current_office(), code)
        if user.may_serve(bidang.id):
            return Seat(bidang, get_counter(current_office(), counter_id, bidang))
    except Invalid:
        return None
    return Seat(bidang, None) if user.may_see(bidang.id) else None


def serving_seat(user: User) -> tuple[Seat, Counter]:
    """The seat to call to; raises `Forbidden` for who only looks on, `Invalid` before one is chosen."""
    if user.role == Role.CAMAT:
        raise Forbidden
    seat = find_seat(user)
    if seat is None or seat.counter is None:
        raise Invalid("counter", N_("Please choose your place first."))
    return seat, seat.counter


def choice_page(user: User, code: str | None = None) -> str:
    """The page to choose a seat; `code` is the bidang looked at."""
    office = current_office()
    seen = [bidang for bidang in all_bidang(office) if user.may_see(bidang.id)]
    seat = find_seat(user)
    chosen = next((b for b in seen if b.code == code), None)
    if chosen is None:
        chosen = seat.bidang if seat else seen[0] if len(seen) == 1 else None
    return render_template(
        "desk/seat.html",
        all_bidang=seen,
        chosen=chosen,
        seat=seat,
        looks_on=user.role == Role.CAMAT,
        counters=all_counters(office, chosen) if chosen else [],
        occupied=visits_at_counters(office, now=clock.now()),
    )


@bp.context_processor
def staff_bar() -> dict[str, Any]:
    """For the pages of the desk: where one sits, how many requests wait, who calls for help."""
    return {
        "my_seat": lambda: find_seat(signed_in_staff()),
        "pending_count": lambda: pending_count(current_office(), clock.now()),
        "help_requests": lambda: open_requests(current_office(), now=clock.now()),
    }
