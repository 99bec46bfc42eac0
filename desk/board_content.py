"""What the board shows beside the queue: its running text, and pictures between calls."""

import logging
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.board_forms import EntryForm, NewSlideForm, SlideForm
from desk.seat import staff_bar
from desk.staff import SEES_OFFICE, deciding_staff
from ruko import clock, pictures, words
from ruko.db import begin_writing, db
from ruko.errors import N_, Invalid, RukoError, Unavailable
from ruko.offices import (
    Announcement,
    BoardEntry,
    add_announcement,
    all_entries,
    change_entry,
    check_entry,
    get_entry,
    move_entry,
    remove_entry,
    standings,
)
from ruko.slides import Slide, add_slide
from ruko.web import (
    commit,
    current_office,
    once,
    reads_only,
    show_at_field,
    sign_in_required,
    store,
    takes_files,
    undo,
)

log = logging.getLogger(__name__)

bp = Blueprint("board_content", __name__)
bp.before_request(sign_in_required(*SEES_OFFICE))
bp.context_processor(staff_bar)

MOST_SENT = 4 * pictures.MOST_BYTES
"""A picture that is somewhat too large is still received, so that its form can say so."""
KINDS: dict[str, type[BoardEntry]] = {"sentences": Announcement, "slides": Slide}
FORMS: dict[str, type[EntryForm]] = {"sentences": EntryForm, "slides": SlideForm}
STEPS = {"up": -1, "down": 1}
ENTRY = "/<any(sentences, slides):kind>/<int:entry_id>"


@bp.get("")
def overview() -> ResponseReturnValue:
    """All of it, in its order, with how each stands today."""
    office = current_office()
    today = office.day(clock.now())
    lists = {kind: standings(all_entries(KINDS[kind], office), today) for kind in KINDS}
    return render_template("desk/board_content.html", **lists, kinds=KINDS, today=today)


@bp.get("/sentences/new")
def ask_sentence() -> ResponseReturnValue:
    """Ask for one more sentence."""
    deciding_staff()
    return _form("sentences", EntryForm())


@bp.post("/sentences/new")
def new_sentence() -> ResponseReturnValue:
    """Say it from now on."""
    user, entered = deciding_staff(), EntryForm()
    if done := once(user):
        return done
    if not entered.validate():
        return _form("sentences", entered, status=422)
    try:
        add_announcement(current_office(), **_told(entered), by=user.actor, now=clock.now())
    except Invalid as error:
        return _refused("sentences", entered, error)
    return _done(_("Saved. The board follows at once."))


@bp.get("/slides/new")
def ask_slide() -> ResponseReturnValue:
    """Ask for one more picture."""
    deciding_staff()
    return _form("slides", NewSlideForm())


@bp.post("/slides/new")
@takes_files(MOST_SENT)
@reads_only
def new_slide() -> ResponseReturnValue:
    """Show it from now on; the picture is read and kept before anybody waits for the write."""
    deciding_staff()
    entered = NewSlideForm()
    if not entered.validate():
        return _form("slides", entered, status=422)
    try:
        check_entry(Slide, **_told(entered))
        digest = _keep_picture(entered)
    except RukoError as error:
        return _refused("slides", entered, error)
    db.session.rollback()
    begin_writing()
    user = deciding_staff()
    key = request.form.get("request_key")
    if done := once(user, key and f"{key} {digest}"):  # another picture is another press
        return done
    add_slide(current_office(), digest, **_told(entered), by=user.actor, now=clock.now())
    return _done(_("Saved. The board follows at once."))


@bp.get(ENTRY)
def ask_change(kind: str, entry_id: int) -> ResponseReturnValue:
    """Its words and its days, to be changed."""
    deciding_staff()
    entry = _entry(kind, entry_id)
    return _form(kind, FORMS[kind](obj=entry), entry)


@bp.post(ENTRY)
def change(kind: str, entry_id: int) -> ResponseReturnValue:
    """Say it otherwise, or on other days."""
    user, entered = deciding_staff(), FORMS[kind]()
    if done := once(user):
        return done
    entry = _entry(kind, entry_id)
    if not entered.validate():
        return _form(kind, entered, entry, status=422)
    try:
        change_entry(entry, **_told(entered), by=user.actor, now=clock.now())
    except Invalid as error:
        return _refused(kind, entered, error, entry)
    return _done(_("Saved. The board follows at once."))


@bp.post(f"{ENTRY}/move")
def move(kind: str, entry_id: int) -> ResponseReturnValue:
    """One place up or down; the page comes back at the moved one."""
    user = deciding_staff()
    if done := once(user):
        return done
    steps = STEPS.get(request.form.get("to", ""), 0)
    move_entry(_entry(kind, entry_id), steps, by=user.actor, now=clock.now())
    to = url_for(".overview", _anchor=f"{kind}-{entry_id}")
    return commit(make_response(redirect(to, 303)))


@bp.get(f"{ENTRY}/remove")
def ask_remove(kind: str, entry_id: int) -> ResponseReturnValue:
    """Ask before it is gone."""
    deciding_staff()
    entry = _entry(kind, entry_id)
    return make_response(render_template("desk/board_remove.html", kind=kind, entry=entry))


@bp.post(f"{ENTRY}/remove")
def remove(kind: str, entry_id: int) -> ResponseReturnValue:
    """Take it from the board for good."""
    user = deciding_staff()
    if done := once(user):
        return done
    remove_entry(_entry(kind, entry_id), by=user.actor, now=clock.now())
    return _done(_("Removed. The board no longer shows it."))


def _entry(kind: str, entry_id: int) -> BoardEntry:
    return get_entry(KINDS[kind], current_office(), entry_id)


def _told(entered: EntryForm) -> dict[str, Any]:
    return {
        "text": entered.text.data or "",
        "starts_on": entered.starts_on.data,
        "ends_on": entered.ends_on.data,
    }


def _keep_picture(entered: NewSlideForm) -> str:
    """The digest of the picture as screens get it; raises `Invalid`, or `Unavailable` on a full disk."""
    sent = entered.picture.data.read(pictures.MOST_BYTES + 1)
    try:
        return store("slides").keep(pictures.for_screen(sent))
    except OSError:
        log.exception("a picture could not be kept")
        raise Unavailable(
            N_(
                "The picture could not be kept: this computer’s disk may be full. Nothing was saved."
            )
        ) from None


def _done(said: str) -> Response:
    """Back to the lists; what was done is said only when it is kept."""
    answer = commit(make_response(redirect(url_for(".overview"), 303)))
    flash(said, "success")
    return answer


def _refused(
    kind: str, entered: EntryForm, error: RukoError, entry: BoardEntry | None = None
) -> Response:
    at_field = isinstance(error, Invalid) and show_at_field(entered, error)
    problem = None if at_field else words.sentence(error)
    return _form(kind, entered, entry, problem=problem, status=error.status)


def _form(
    kind: str,
    entered: EntryForm,
    entry: BoardEntry | None = None,
    *,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    """The form of a new entry, or of `entry`; a browser never keeps the file that was chosen."""
    entry_id = entry.id if entry else None
    digest = getattr(entry, "digest", None)
    if status != 200 and isinstance(entered, NewSlideForm) and not entered.picture.errors:
        entered.picture.errors = [_("Please choose the picture once more.")]
    undo()
    page = render_template(
        "desk/board_entry.html",
        kind=kind,
        form=entered,
        entry_id=entry_id,
        digest=digest,
        problem=problem,
        most_bytes=pictures.MOST_BYTES,
    )
    return make_response(page, status)
