"""Villages that have not coordinated for so many weeks, and those that have."""

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from desk.seat import staff_bar
from desk.staff import SEES_OFFICE
from ruko import clock
from ruko.coordination import MOST_WEEKS, coordination_of
from ruko.errors import N_, Invalid
from ruko.offices import Office
from ruko.web import current_office, sign_in_required
from ruko.words import sentence

bp = Blueprint("quiet", __name__)
bp.before_request(sign_in_required(*SEES_OFFICE))
bp.context_processor(staff_bar)


@bp.get("")
def villages() -> ResponseReturnValue:
    """The longest absent first; `?weeks=` says from when on a village counts as absent."""
    office = current_office()
    try:
        return _page(office, _weeks(office))
    except Invalid as error:
        return _page(office, office.quiet_weeks, error)


def _weeks(office: Office) -> int:
    text = request.args.get("weeks", "").strip()
    if not text:
        return office.quiet_weeks
    if text.isascii() and text.isdecimal() and len(text) <= 2 and 1 <= int(text) <= MOST_WEEKS:
        return int(text)
    raise Invalid(
        "weeks", N_("Please enter a number of weeks from 1 to %(most)d."), most=MOST_WEEKS
    )


def _page(office: Office, weeks: int, error: Invalid | None = None) -> Response:
    found = coordination_of(office, now=clock.now())
    page = render_template(
        "desk/quiet.html",
        weeks=weeks,
        asked=request.args.get("weeks", weeks),
        most=MOST_WEEKS,
        error=sentence(error) if error else None,
        quiet=[village for village in found if village.is_quiet(weeks)],
        others=[village for village in found if not village.is_quiet(weeks)],
    )
    return make_response(page, error.status if error else 200)
