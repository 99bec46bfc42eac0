"""The voice of the waiting room, for screens: which clips there are, and their sound."""

import hashlib
import io

from flask import Blueprint, Response, json, request, send_file, url_for
from flask.typing import ResponseReturnValue

from ruko import voice
from ruko.db import db
from ruko.errors import NotFound
from ruko.voice import Covered, Wanted
from ruko.web import current_office, store
from ruko.web.doors import settings

bp = Blueprint("display_voice", __name__)

YEAR_SECONDS = 365 * 24 * 3600


@bp.get("/voice.json")
def manifest() -> ResponseReturnValue:
    """Every clip that can be had, with its address, and the names of those that a call would lack."""
    covered = voice.coverage(current_office())
    content = json.dumps(
        {
            "clips": {
                clip.wanted.name: url_for(".clip", name=clip.wanted.name, v=clip.edition)
                for clip in covered
                if clip.edition and not _is_usual_chime(clip)
            },
            "missing": [
                clip.wanted.name
                for clip in covered
                if clip.wanted.required and clip.source == "missing"
            ],
        }
    )
    answer = Response(content, mimetype="application/json")
    answer.set_etag(hashlib.sha256(content.encode()).hexdigest()[:32], weak=True)
    answer.cache_control.no_cache = True
    return answer.make_conditional(request)


@bp.get("/clips/<name>.wav")
def clip(name: str) -> ResponseReturnValue:
    """The sound of one clip: as recorded, else spoken by this computer; the chime always sounds."""
    covered = next((c for c in voice.coverage(current_office()) if c.wanted.name == name), None)
    if covered is None:
        raise NotFound
    recording = store("clips").path_of(covered.clip.digest) if covered.clip else None
    db.session.rollback()  # speaking takes its time: another request may have this connection
    recorded = recording.read_bytes() if recording and recording.is_file() else None
    content = recorded or _made_here(covered.wanted)
    if content is None:
        raise NotFound
    is_lost = recording is not None and recorded is None  # what stands in for it may not stay
    lasts = not is_lost and request.args.get("v") == covered.edition
    answer = send_file(
        io.BytesIO(content),
        mimetype="audio/wav",
        download_name=f"{name}.wav",
        etag=hashlib.sha256(content).hexdigest()[:32],
        max_age=YEAR_SECONDS if lasts else 0,
    )
    answer.cache_control.immutable = lasts
    return answer


def _made_here(wanted: Wanted) -> bytes | None:
    """The two notes, or speech; None where this computer cannot speak."""
    if wanted.name == voice.CHIME:
        return voice.chime().as_wav()
    path = voice.speak(settings().data_dir / "speech", wanted.spoken)
    return path.read_bytes() if path else None


def _is_usual_chime(clip: Covered) -> bool:
    """The one that every screen makes by itself."""
    return clip.wanted.name == voice.CHIME and clip.source == "generated"
