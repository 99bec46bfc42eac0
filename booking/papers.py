"""The papers of a booking after it was sent: added and removed until the meeting."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.mine import own_booking, show_page
from booking.routes import booker, bp
from ruko import clock
from ruko.bookings import detach
from ruko.bookings.attachments import require_before_meeting
from ruko.db import begin_writing, db
from ruko.errors import Invalid, RukoError
from ruko.papers import FIELD
from ruko.web import commit, reads_only, takes_files, undo
from ruko.web.papers import MOST_BYTES, attach_all, take_papers


@bp.post("/<code>/papers")
@reads_only
@takes_files(MOST_BYTES)
def add_papers(code: str) -> ResponseReturnValue:
    """Add what was chosen; each file that is not taken says why."""
    booking = own_booking(code)
    try:
        require_before_meeting(booking, clock.now())
        kept, refused = take_papers(request.files.getlist(FIELD))
        db.session.rollback()
        begin_writing()
        booking = own_booking(code)
        beyond = attach_all(booking, kept, by=booker().actor, now=clock.now())
    except RukoError as error:
        undo()
        return show_page(own_booking(code), error), error.status
    refused += beyond
    added = len(kept) - len(beyond)
    if not added:
        undo()
        whys = " ".join(f"“{paper.name}”: {paper.why}" for paper in refused)
        why = whys or _("Please choose a file first.")
        return show_page(own_booking(code), paper_error=why), Invalid.status
    answer = commit(redirect(url_for("booking.show", code=code, _anchor="papers"), 303))
    flash(ngettext("%(num)d paper was added.", "%(num)d papers were added.", added), "success")
    for paper in refused:
        flash(f"“{paper.name}”: {paper.why}", "warning")
    return answer


@bp.post("/<code>/papers/<int:paper>/remove")
def remove_paper(code: str, paper: int) -> ResponseReturnValue:
    """Remove one; again changes nothing."""
    booking = own_booking(code)
    try:
        detach(booking, paper, by=booker().actor, now=clock.now())
    except RukoError as error:
        undo()
        return show_page(booking, error), error.status
    answer = commit(redirect(url_for("booking.show", code=code, _anchor="papers"), 303))
    flash(_("The paper was removed."), "success")
    return answer
