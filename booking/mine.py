"""The bookings that were made: all of them, and one with its code, its papers and what it led to."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.routes import booker, bp
from booking.steps import onward
from ruko import clock
from ruko.accounts import User
from ruko.bookings import (
    Booking,
    BookingState,
    attachments_of,
    bookings_of,
    closure_over,
    get_attachment,
    get_booking,
    kept_until,
    lapsed_proposal,
    moved_last,
    proposal_for,
    proposals_for,
    shown_state,
    unsent_drafts,
    why_not_moved,
)
from ruko.bookings.attachments import LARGEST_FILE, MOST_FILES
from ruko.bookings.timetable import last_bookable_day
from ruko.errors import RukoError
from ruko.offices import Village, all_villages, get_village
from ruko.tickets import results_of
from ruko.web import booking_url, current_office, ics_answer, qr_answer
from ruko.web.papers import paper_answer
from ruko.web.timetable import read_date
from ruko.web.whatsapp import invitation, news, whatsapp

MOST_SHOWN = 500
VIEWS = ("coming", "past", "all")
TO_CONFIRM = "to_confirm"
"""Among the states to choose from: what waits for the village's yes."""
GIVEN_UP = {BookingState.DECLINED, BookingState.CANCELLED, BookingState.EXPIRED}


# ── All of them ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for: which bookings, of which month, village and state."""

    view: str
    month: date
    village: Village | None
    state: str | None

    @property
    def following(self) -> date:
        return (self.month + timedelta(days=31)).replace(day=1)

    @property
    def earlier(self) -> date:
        return (self.month - timedelta(days=1)).replace(day=1)

    @property
    def filters(self) -> dict[str, str]:
        """The operator's choice, as an address has it."""
        chosen = {"village": self.village and self.village.code, "state": self.state}
        return {name: text for name, text in chosen.items() if text}

    def address(self, view: str | None = None, month: date | None = None) -> str:
        """Of the same list, seen otherwise."""
        seen: dict[str, Any] = dict(self.filters)
        if (view := view or self.view) != "coming":
            seen |= {"show": view, "month": (month or self.month).strftime("%Y-%m")}
        return url_for("booking.mine", **seen)


def _chosen(user: User, today: date) -> Chosen:
    asked, view = request.args.get("month"), request.args.get("show")
    month = read_date(f"{asked}-01", "month") if asked else today.replace(day=1)
    if view not in VIEWS:
        view = "past" if asked else "coming"
    if not user.runs_office:
        return Chosen(view, month, None, None)
    code, state = request.args.get("village"), request.args.get("state")
    village = get_village(current_office(), code) if code else None
    return Chosen(view, month, village, state if state in {*BookingState, TO_CONFIRM} else None)


@bp.get("/mine")
def mine() -> ResponseReturnValue:
    """What is coming, what was in a month, or both; the operator sees every village's."""
    office, user, now = current_office(), booker(), clock.now()
    today = office.day(now)
    chosen = _chosen(user, today)
    found = bookings_of(
        office,
        now=now,
        start=today if chosen.view == "coming" else chosen.month,
        end=None if chosen.view == "coming" else chosen.following - timedelta(days=1),
        village=user.village or chosen.village,
        state=None if chosen.state == TO_CONFIRM else chosen.state,
        to_confirm=chosen.state == TO_CONFIRM,
        limit=MOST_SHOWN,
    )
    coming = [b for b in found if b.ends_at > now and chosen.view != "past"]
    past = [b for b in found if b.ends_at <= now and chosen.view != "coming"]
    coming.sort(key=lambda booking: shown_state(booking, now) in GIVEN_UP)
    bookings = coming + past[::-1]
    last = today if chosen.view == "past" else last_bookable_day(office, now)
    drafts_here = chosen.view == "coming" and not chosen.filters
    return render_template(
        "booking/mine.html",
        page="mine",
        chosen=chosen,
        views=VIEWS,
        states=[*BookingState, TO_CONFIRM],
        villages=all_villages(office) if user.runs_office else (),
        later=chosen.following if chosen.following <= last else None,
        drafts=unsent_drafts(office, village=user.village, by=user.actor, now=now)
        if drafts_here
        else (),
        onward=onward,
        bookings=bookings,
        proposals=proposals_for(bookings, now=now),
        moved=moved_last(bookings),
        results=results_of(bookings),
        state_of=lambda booking: shown_state(booking, now),
        may_change=lambda booking: _why_not_moved(booking) is None,
    )


# ── One of them ───────────────────────────────────────────────────────────────────────────────


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """One booking: its code and QR, where and when, and what comes next."""
    return show_page(own_booking(code))


@bp.get("/<code>/qr.svg")
def qr(code: str) -> ResponseReturnValue:
    """The picture that the kiosk reads."""
    return qr_answer(booking_url(own_booking(code)))


@bp.get("/<code>.ics")
def calendar_file(code: str) -> ResponseReturnValue:
    """For the phone's own calendar."""
    return ics_answer(own_booking(code))


@bp.get("/<code>/papers/<int:paper>")
def paper(code: str, paper: int) -> ResponseReturnValue:
    """One of its papers, to be kept or opened on the device."""
    return paper_answer(get_attachment(own_booking(code), paper))


def own_booking(code: str) -> Booking:
    """The booking if the caller may see it; a village sees its own alone."""
    return get_booking(code, office=current_office(), village=booker().village)


def show_page(
    booking: Booking, error: RukoError | None = None, *, paper_error: str | None = None
) -> str:
    """The page of a booking; after a refusal it says what was not done."""
    office, now = current_office(), clock.now()
    return render_template(
        "booking/show.html",
        page="mine",
        here=url_for("booking.show", code=booking.code),
        booking=booking,
        error=error,
        state=shown_state(booking, now),
        may_change=_why_not_moved(booking) is None,
        change_until=change_until(booking),
        on_time_until=booking.starts_at + timedelta(minutes=office.booking_late_minutes),
        absent_at=booking.starts_at + timedelta(minutes=office.no_show_minutes),
        kept_until=kept_until(booking, now),
        proposal=proposal_for(booking, now=now),
        lapsed=lapsed_proposal(booking, now=now),
        closure=closure_over(booking),
        moved_at=moved_last([booking]).get(booking.id),
        results=results_of([booking]).get(booking.id, ()),
        papers=attachments_of(booking),
        paper_error=paper_error,
        most_papers=MOST_FILES,
        largest_paper=LARGEST_FILE,
        share=whatsapp(invitation(booking)),
        tells=booker().runs_office and news(booking, now) is not None,
    )


def change_until(booking: Booking) -> datetime:
    """Until when its village may move it or call it off."""
    return booking.starts_at - timedelta(minutes=booking.office.change_until_minutes)


def _why_not_moved(booking: Booking) -> RukoError | None:
    """Whether it can be moved; the same holds for calling it off."""
    return why_not_moved(booking, privileged=booker().runs_office, now=clock.now())
