"""Slips on paper: accounts for all villages in one step, and the page that shows their secrets once."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup

from desk.seat import staff_bar
from desk.staff import DECIDING, signed_in_staff
from desk.way_in import to
from ruko import clock
from ruko.accounts import (
    Slip,
    edition_of,
    make_village_accounts,
    new_secrets,
    renew_slips,
    unused_village_accounts,
    villages_without_account,
)
from ruko.db import begin_writing, db, end_writing
from ruko.web import commit, current_office, once, reads_only, sign_in_required, url_of
from ruko.web.qr import draw_qr
from ruko.words import DEFAULT_LANGUAGE

bp = Blueprint("slips", __name__)
bp.before_request(sign_in_required(*DECIDING))
bp.context_processor(staff_bar)
HERE_ONLY = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Printed:
    """A slip as it is printed."""

    slip: Slip
    qr: Markup


@bp.get("")
def ask() -> ResponseReturnValue:
    """Which villages lack an account, which have not used theirs, and what making slips means."""
    office = current_office()
    unused = unused_village_accounts(office)
    address = url_of("sign_in.form")
    return render_template(
        "desk/slips.html",
        missing=villages_without_account(office),
        unused=unused,
        edition=edition_of(unused),
        address=address,
        here_only=urlsplit(address).hostname in HERE_ONLY,
    )


@bp.post("/villages")
@reads_only
def make() -> ResponseReturnValue:
    """Accounts for all villages that have none; shows their slips."""
    given = new_secrets(len(villages_without_account(current_office())))
    db.session.rollback()
    begin_writing()
    user = signed_in_staff()
    if done := once(user):
        return done
    slips = make_village_accounts(current_office(), given, by=user.actor, now=clock.now())
    return shown_once(slips, url_for("slips.ask"))


@bp.post("/again")
@reads_only
def make_again() -> ResponseReturnValue:
    """New slips for all villages that have not made their accounts their own."""
    given = new_secrets(len(unused_village_accounts(current_office())))
    db.session.rollback()
    begin_writing()
    user = signed_in_staff()
    if done := once(user):
        return done
    edition = request.form.get("edition", "")
    slips = renew_slips(current_office(), edition, given, by=user.actor, now=clock.now())
    return shown_once(slips, url_for("slips.ask"))


def shown_once(slips: Sequence[Slip], after: str) -> Response:
    """Commit, and show the slips; the same press sent again leads to `after`, without any secret.

    What is remembered under the request's key is kept in the database, and passwords are not.
    """
    leads_on = commit(to(after))
    end_writing()
    if not slips:  # somebody else made them at this moment
        flash(_("It has changed meanwhile; no slip was made. Please look again."), "warning")
        return leads_on
    office = current_office()
    printed = [
        Printed(slip, Markup(draw_qr(url_of("entering.show_link", link=slip.link))))  # noqa: S704 – our drawing
        for slip in slips
    ]
    with force_locale(DEFAULT_LANGUAGE):  # whoever is handed the paper reads Indonesian
        address = url_of("sign_in.form").split("://", 1)[1]
        sheet = render_template("desk/_slips.html", printed=printed, office=office, address=address)
    page = render_template(
        "desk/account_slips.html",
        sheet=Markup(sheet),  # noqa: S704 – our template
        count=len(slips),
        after=after,
    )
    return make_response(page)
