"""A calendar that subscribes: its address is made, replaced and removed here; for every account."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ruko import clock
from ruko.accounts import Role, User
from ruko.bookings import find_feed, make_feed, remove_feed
from ruko.db import end_writing
from ruko.web import commit, current_office, once, require_role, sign_in_required, url_of

bp = Blueprint("feed", __name__)
bp.before_request(sign_in_required(*Role))


@bp.get("")
def show() -> ResponseReturnValue:
    """Whether there is an address, and how a calendar takes it."""
    return _page(_reader())


@bp.post("")
def make() -> ResponseReturnValue:
    """A new address, shown once; the same press sent again leads to the page without it."""
    user = _reader()
    if done := once(user):
        return done
    secret = make_feed(user, by=user.actor, now=clock.now())
    commit(_back())
    end_writing()
    return _page(user, url_of("api.feed.calendar", office=current_office().slug, token=secret))


@bp.post("/remove")
def remove() -> ResponseReturnValue:
    """The address is no longer good."""
    user = _reader()
    remove_feed(user, by=user.actor, now=clock.now())
    answer = commit(_back())
    flash(_("The address was removed. Calendars that use it no longer get anything."), "success")
    return answer


def _reader() -> User:
    return require_role(*Role)


def _back() -> Response:
    return make_response(redirect(url_for("feed.show"), 303))


def _page(user: User, address: str | None = None) -> Response:
    """`address` is new and shown this once; a phone opens it in its calendar as `webcal:`."""
    page = render_template(
        "booking/feed.html",
        user=user,
        feed=find_feed(user),
        address=address,
        webcal=address and "webcal:" + address.partition(":")[2],
        back=url_for("booking.mine" if user.role == Role.VILLAGE else "desk.start"),
    )
    return make_response(page)
