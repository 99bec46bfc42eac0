"""The board's running text, one sentence after the other."""

from datetime import date, datetime

from ruko.audit import Actor
from ruko.db import db
from ruko.offices.entries import add_entry, entries_on
from ruko.offices.models import Announcement, Office

_SHOWN = entries_on(Announcement, Announcement.text)


def add_announcement(
    office: Office,
    text: str,
    starts_on: date | None,
    ends_on: date | None,
    *,
    by: Actor,
    now: datetime,
) -> Announcement:
    """Say one more sentence, after the others; raises `Invalid`."""
    sentence = Announcement(office_id=office.id, text=text, starts_on=starts_on, ends_on=ends_on)
    return add_entry(sentence, by=by, now=now)


def announcements_on(office: Office, day: date) -> list[str]:
    """The sentences of that day's running text, at most four."""
    found = db.session.connection().execute(_SHOWN, {"b_office": office.id, "b_day": day})
    return list(found.scalars())
