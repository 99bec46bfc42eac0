"""The office's own recordings, and where the sound of each clip comes from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from ruko.audit import Actor, trail
from ruko.db import db, upsert
from ruko.errors import N_, NotFound
from ruko.events import record
from ruko.offices import Office
from ruko.voice.models import Clip, VoiceChanged
from ruko.voice.speech import can_speak, speech_digest
from ruko.voice.wanted import CHIME, Wanted, catalogue

EDITION = 12
"""So much of a digest stands in a clip's address."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One clip of the catalogue, and where its sound comes from."""

    wanted: Wanted
    source: Literal["recorded", "generated", "missing"]
    clip: Clip | None = None
    """The recording."""
    edition: str | None = None
    """Which sound it is: another one is at another address. None where there is none."""


def recorded(office: Office) -> dict[str, Clip]:
    """The office's recordings by name, also those that no call needs any longer."""
    rows = db.session.scalars(select(Clip).filter_by(office_id=office.id))
    return {clip.name: clip for clip in rows}


def coverage(office: Office) -> list[Covered]:
    """Every clip of the office and where it comes from; makes no sound and reads no file."""
    clips, speaks = recorded(office), can_speak()
    return [_covered(wanted, clips.get(name), speaks) for name, wanted in catalogue(office).items()]


def _covered(wanted: Wanted, clip: Clip | None, speaks: bool) -> Covered:
    if clip:
        return Covered(wanted, "recorded", clip, clip.digest[:EDITION])
    if wanted.name == CHIME:
        return Covered(wanted, "generated", None, CHIME)
    if speaks and wanted.spoken:
        return Covered(wanted, "generated", None, speech_digest(wanted.spoken)[:EDITION])
    return Covered(wanted, "missing")


def keep_clip(
    office: Office, name: str, *, digest: str, milliseconds: int, by: Actor, now: datetime
) -> Clip:
    """Put a recording in the place of whatever spoke before; its file is kept already.

    Raises `NotFound` for a clip that no call of this office has.
    """
    if name not in catalogue(office):
        raise NotFound(N_("No call of this office uses this clip. Please look at the list again."))
    values = {"digest": digest, "milliseconds": milliseconds, "recorded_at": now}
    clip_id = db.session.scalar(
        upsert(Clip.__table__)
        .values(office_id=office.id, name=name, **values)
        .on_conflict_do_update(index_elements=["office_id", "name"], set_=values)
        .returning(Clip.__table__.c.id)
    )
    clip = db.session.get_one(Clip, clip_id, populate_existing=True)
    trail("clip", clip.id, "recorded", office_id=office.id, by=by, now=now, name=name)
    record(VoiceChanged(office.id))
    return clip


def remove_clip(office: Office, name: str, *, by: Actor, now: datetime) -> None:
    """Take a recording away; without one nothing happens."""
    clip = recorded(office).get(name)
    if clip is None:
        return
    trail("clip", clip.id, "removed", office_id=office.id, by=by, now=now, name=name)
    db.session.delete(clip)
    db.session.flush()
    record(VoiceChanged(office.id))
