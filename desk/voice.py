"""The board's voice: which clips are recorded, recording others, and a whole call to listen to."""

import logging
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

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
from flask_babel import format_decimal
from flask_babel import gettext as _

from desk.office_forms import ClipForm
from desk.seat import staff_bar
from desk.staff import SEES_OFFICE, deciding_staff
from ruko import clock, voice
from ruko.db import begin_writing, db
from ruko.errors import N_, Invalid, NotFound, Unavailable
from ruko.offices import Bidang, Counter, Office, all_bidang, all_counters
from ruko.tickets import ticket_code
from ruko.voice.sound import LONGEST_MS
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
bp = Blueprint("voice", __name__)
bp.before_request(sign_in_required(*SEES_OFFICE))
bp.context_processor(staff_bar)

Kind = Literal["first", "recall", "last"]
EXAMPLE_NUMBER, LARGEST_NUMBER = 12, 999


@dataclass(frozen=True, slots=True)
class Example:
    """One call to listen to."""

    bidang: Bidang
    place: Counter
    number: int
    kind: str
    clips: list[voice.Covered]


@dataclass(frozen=True, slots=True)
class Voice:
    """Every clip of the office, those that a call of today may need first."""

    groups: list[tuple[str, list[voice.Covered]]]
    spare: list[voice.Covered]
    """Allowed, but no call of today needs them."""
    example: Example | None

    @property
    def spoken(self) -> list[voice.Covered]:
        """Those that count; the chime has its own notes."""
        return [clip for _, clips in self.groups for clip in clips if clip.wanted.spoken]

    def count(self, source: str) -> int:
        return sum(clip.source == source for clip in self.spoken)


def read_voice(office: Office) -> Voice:
    """The clips as they are now, and the call that was chosen to be heard."""
    covered = voice.coverage(office)
    needed = [clip for clip in covered if clip.wanted.required]
    return Voice(
        groups=[(name, list(clips)) for name, clips in groupby(needed, lambda c: c.wanted.group)],
        spare=[clip for clip in covered if not clip.wanted.required],
        example=_example(office, {clip.wanted.name: clip for clip in covered}),
    )


def _example(office: Office, covered: dict[str, voice.Covered]) -> Example | None:
    """The call that the page's address chooses; None in an office without a bidang or a place."""
    bidang, places = all_bidang(office), all_counters(office)
    if not bidang or not places:
        return None
    code, place_id = request.args.get("bidang"), request.args.get("place", type=int)
    chosen = next((each for each in bidang if each.code == code), bidang[0])
    own = [each for each in places if each.bidang_id == chosen.id]
    place = next((each for each in places if each.id == place_id), (own or places)[0])
    number = request.args.get("number", EXAMPLE_NUMBER, type=int)
    number = min(max(number, 1), LARGEST_NUMBER)
    kind = request.args.get("kind", "")
    kind = kind if kind in get_args(Kind) else "first"
    names = voice.clips(ticket_code(chosen.letter, number), kind, place.id, chosen.code)
    return Example(chosen, place, number, kind, [covered[n] for n in names if n in covered])


@bp.get("")
def overview() -> ResponseReturnValue:
    """All clips, and how complete they are."""
    office = current_office()
    return render_template(
        "desk/voice.html",
        view=read_voice(office),
        all_bidang=all_bidang(office),
        all_places=all_counters(office),
        computer_speaks=voice.can_speak(),
        longest=LONGEST_MS,
        seconds=_seconds,
    )


@bp.get("/<name>")
def ask(name: str) -> ResponseReturnValue:
    """Ask for a file with this clip."""
    deciding_staff()
    return _question("voice_clip", _find(name), ClipForm())


@bp.post("/<name>")
@reads_only
@takes_files(2 * voice.MOST_BYTES)  # a file that is a little too large is told so at its field
def keep(name: str) -> ResponseReturnValue:
    """Keep the sound that was recorded or chosen, in the place of the one before."""
    deciding_staff()
    clip, entered = _find(name), ClipForm()
    if not entered.validate():
        return _question("voice_clip", clip, entered, 422)
    try:
        sound = voice.read_wav(entered.file.data.read()).trimmed()
        digest = store("clips").keep(sound.as_wav())
    except Invalid as error:
        show_at_field(entered, error)
        return _question("voice_clip", clip, entered, error.status)
    except OSError:
        log.exception("a recording could not be stored")
        raise Unavailable(
            N_("This recording was not kept: the server could not store it. Please try again.")
        ) from None
    db.session.rollback()
    begin_writing()
    by, length = deciding_staff().actor, sound.milliseconds
    voice.keep_clip(
        current_office(), name, digest=digest, milliseconds=length, by=by, now=clock.now()
    )
    return _done(clip, _("The recording of “%(words)s” is kept.", words=_label(clip)))


@bp.get("/<name>/remove")
def ask_remove(name: str) -> ResponseReturnValue:
    """Say what removing does."""
    deciding_staff()
    return _question("voice_remove", _find(name))


@bp.post("/<name>/remove")
def remove(name: str) -> ResponseReturnValue:
    """Take the recording away."""
    user = deciding_staff()
    if done := once(user):
        return done
    clip = _find(name)
    voice.remove_clip(current_office(), name, by=user.actor, now=clock.now())
    return _done(clip, _("The recording of “%(words)s” was removed.", words=_label(clip)))


def _find(name: str) -> voice.Covered:
    for clip in voice.coverage(current_office()):
        if clip.wanted.name == name:
            return clip
    raise NotFound


def _label(clip: voice.Covered) -> str:
    """What people call it; the chime alone has a name in the page's language."""
    label = clip.wanted.label
    return label if clip.wanted.spoken else _(label)


def _seconds(milliseconds: int) -> str:
    return str(format_decimal(milliseconds / 1000, "0.0"))


def _done(clip: voice.Covered, said: str) -> Response:
    """Back to its place in the list; what was done is said only when it is kept."""
    place = url_for("voice.overview", _anchor=f"clip-{clip.wanted.name}")
    answer = commit(make_response(redirect(place, 303)))
    flash(said, "success")
    return answer


def _question(
    page: str, clip: voice.Covered, entered: ClipForm | None = None, status: int = 200
) -> Response:
    undo()
    answer = render_template(
        f"desk/{page}.html", clip=clip, form=entered, label=_label(clip), seconds=_seconds
    )
    return make_response(answer, status)
