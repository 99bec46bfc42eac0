"""A number for somebody at the counter, and its paper."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.office_forms import NewNumberForm
from desk.seat import staff_bar
from desk.staff import DECIDING, signed_in_staff
from ruko import clock, words
from ruko.accounts import User
from ruko.errors import Invalid, RukoError, TooLate
from ruko.estimates import clock_estimate
from ruko.offices import (
    Office,
    all_bidang,
    all_villages,
    get_bidang,
    get_service,
    get_village,
    opening,
)
from ruko.printing import Printer, all_printers, queue_slip, reprint
from ruko.tickets import VisitorKind, get_visit, issue
from ruko.web import (
    commit,
    current_office,
    office_of,
    once,
    show_at_field,
    sign_in_required,
    undo,
    url_of,
)

bp = Blueprint("reception", __name__)
bp.before_request(sign_in_required(*DECIDING))
bp.context_processor(staff_bar)


@bp.get("")
def ask() -> ResponseReturnValue:
    """Who comes, to whom, and whether first."""
    return _page(NewNumberForm())


@bp.post("")
def take() -> ResponseReturnValue:
    """Issue the number; a second press or a resend leads to the same one."""
    user, entered = signed_in_staff(), NewNumberForm()
    if done := once(user):
        return done
    office, now = current_office(), clock.now()
    if not entered.validate():
        return _page(entered, status=422)
    try:
        bidang = get_bidang(office, entered.bidang.data)
        visitor = VisitorKind(entered.visitor.data)
        official = visitor == VisitorKind.VILLAGE_OFFICIAL
        token = issue(
            office,
            bidang,
            visitor=visitor,
            village=get_village(office, entered.village.data) if official else None,
            service=get_service(bidang, entered.service.data) if entered.service.data else None,
            priority=bool(entered.priority.data),
            by=user.actor,
            now=now,
        )
    except RukoError as error:
        if isinstance(error, Invalid) and show_at_field(entered, error):
            return _page(entered, status=error.status)
        return _page(entered, problem=words.sentence(error), status=error.status)
    queue_slip(token, _printer(office), url=url_of("ticket.show", token=token), now=now)
    return commit(redirect(url_for("reception.show", token=token), 303))


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """The number, to be told, photographed or printed."""
    office, now = current_office(), clock.now()
    _office, visit = get_visit(token, office_of=office_of, office=office, now=now)
    return render_template(
        "desk/reception.html",
        visit=visit,
        printer=_printer(office),
        **clock_estimate(office, visit, now=now),
    )


@bp.post("/<token>/print")
def print_again(token: str) -> ResponseReturnValue:
    """Print it once more."""
    user = signed_in_staff()
    if done := once(user):
        return done
    back = make_response(redirect(url_for("reception.show", token=token), 303))
    return reprinted(token, _printer(current_office()), user, back)


def reprinted(token: str, printer: Printer | None, user: User, back: Response) -> Response:
    """Have the slip printed again, and say so, or why not, on the page that follows."""
    url = url_of("ticket.show", token=token)
    try:
        reprint(current_office(), token, printer, url=url, by=user.actor, now=clock.now())
    except (Invalid, TooLate) as error:
        undo()
        flash(words.sentence(error), "warning")
        return back
    commit(back)
    flash(_("It is being printed again."), "success")
    return back


def _printer(office: Office) -> Printer | None:
    """The printer at the reception: the first that stands beside no kiosk."""
    return next((p for p in all_printers(office) if p.device_id is None), None)


def _page(entered: NewNumberForm, *, problem: str | None = None, status: int = 200) -> Response:
    undo()
    office = current_office()
    offered = all_bidang(office)
    entered.offer(offered)
    page = render_template(
        "desk/new_number.html",
        form=entered,
        all_bidang=offered,
        villages=all_villages(office),
        problem=problem,
        hours=opening(office, clock.now()),
    )
    return make_response(page, status)
