"""Writing a booking step by step: each step is kept, the chosen time is held for a while.

Nothing typed is lost, whatever happens to the line or to the time; sending twice books once.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, select

from ruko.audit import Actor
from ruko.bookings.attachments import Attachment, hand_over, have_alone
from ruko.bookings.claims import Holder, claim, take_seat
from ruko.bookings.closures import vacate
from ruko.bookings.entered import (
    LONGEST_LEADER,
    LONGEST_QUOTA_REASON,
    LONGEST_TOPIC,
    attendance,
    leader_role,
    one_line,
    phone_number,
    plain_text,
)
from ruko.bookings.errors import SlotTaken
from ruko.bookings.models import Booking, Channel, Draft, Room
from ruko.bookings.rules import book, choose, let_go, place_of, where_of, with_alternatives
from ruko.bookings.slots import Wish
from ruko.bookings.states import settle
from ruko.db import db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Bidang, Category, Office, Village

KEPT = timedelta(days=14)
"""A draft that nobody touched for so long is forgotten, with its papers."""


def get_draft(office: Office, token: str, *, village: Village | None, by: Actor) -> Draft:
    """The draft with that token: of the village, or of the operator who writes it; raises `NotFound`."""
    draft = db.session.scalar(
        select(Draft)
        .filter_by(office_id=office.id, token=token)
        .where(Draft.for_booking_id.is_(None))
    )
    mine = draft and (
        draft.created_by == by.id if village is None else draft.village_id == village.id
    )
    if draft is None or not mine:
        raise NotFound(
            N_("This request is no longer kept. Please begin a new one; nothing was booked.")
        )
    return draft


def unsent_drafts(
    office: Office, *, village: Village | None, by: Actor, now: datetime
) -> list[Draft]:
    """What is being written and was not sent, the newest first; a village's, or the operator's own."""
    found = select(Draft).where(
        Draft.office_id == office.id,
        Draft.booking_id.is_(None),
        Draft.for_booking_id.is_(None),
        Draft.changed_at > now - KEPT,
        Draft.created_by == by.id if village is None else Draft.village_id == village.id,
    )
    return list(db.session.scalars(found.order_by(Draft.changed_at.desc(), Draft.id.desc())))


def begin(
    office: Office,
    *,
    village: Village,
    bidang: Bidang,
    category: Category,
    topic: str,
    by: Actor,
    now: datetime,
    channel: Channel | None = None,
) -> Draft:
    """The first step: who and what about; raises `Invalid`."""
    _forget_old(office, now)
    draft = Draft(
        office_id=office.id,
        token=secrets.token_urlsafe(16)[:24],
        village_id=village.id,
        created_by=by.id,
        created_at=now,
        changed_at=now,
    )
    describe(draft, bidang=bidang, category=category, topic=topic, now=now, channel=channel)
    db.session.add(draft)
    db.session.flush()
    return draft


def describe(
    draft: Draft,
    *,
    bidang: Bidang,
    category: Category,
    topic: str,
    now: datetime,
    channel: Channel | None = None,
) -> None:
    """What it is about; with another bidang the held time is let go, for it held an officer, too."""
    text = plain_text("topic", topic, LONGEST_TOPIC)
    if draft.id is not None:
        _lock(draft, now)
        _require_unsent(draft)
        if draft.bidang_id != bidang.id:
            _let_go(draft)
    draft.bidang_id, draft.category_id = bidang.id, category.id
    draft.topic, draft.channel, draft.changed_at = text, channel, now


def hold(
    draft: Draft,
    *,
    room: Room | None,
    day: date,
    start: time,
    end: time,
    now: datetime,
    quota_reason: str | None = None,
) -> None:
    """Choose a time, and keep it for `hold_minutes`; the one chosen before is let go.

    Refused, the draft keeps what it had. Raises as `book` does.
    """
    _lock(draft, now)
    _require_unsent(draft)
    office, village, bidang = draft.office, draft.village, draft.bidang
    if bidang is None:
        raise Invalid("bidang", N_("Please choose a bidang of this office."))
    if quota_reason is not None:
        quota_reason = one_line("quota_reason", quota_reason, LONGEST_QUOTA_REASON)
    wish = Wish(village, bidang, room, draft.attendees or 1, day, start, end, draft)
    chosen = choose(office, wish, now)
    place, holder = place_of(wish, chosen), Holder("draft", draft.id)
    try:
        with db.session.begin_nested():
            let_go(office, village, place, draft)
            take_seat(holder, office, village, day, beyond=quota_reason is not None)
            claim(holder, place)
            for name, value in where_of(office, wish, chosen).items():
                setattr(draft, name, value)
            draft.held_until = now + timedelta(minutes=office.hold_minutes)
            draft.quota_reason, draft.changed_at = quota_reason, now
            db.session.flush()
    except SlotTaken as refusal:
        raise with_alternatives(refusal, office, wish, now) from None
    db.session.refresh(draft)


def who_comes(
    draft: Draft,
    *,
    leader: str,
    role: str | None,
    attendees: int,
    phone: str | None,
    now: datetime,
) -> None:
    """Who comes; raises `Invalid` for what cannot be."""
    _lock(draft, now)
    _require_unsent(draft)
    leader = one_line("leader", leader, LONGEST_LEADER)
    role, phone = leader_role(role), phone_number(phone)
    draft.attendees = attendance(attendees, draft.room)
    draft.leader, draft.leader_role, draft.phone, draft.changed_at = leader, role, phone, now


def send(draft: Draft, *, by: Actor, on_behalf: bool, now: datetime) -> Booking:
    """Make it a booking; sent again, it is the same booking. Raises as `book` does.

    A hold that has run out is no harm while nobody else took the time.
    """
    if draft.booking_id is not None:
        return db.session.get_one(Booking, draft.booking_id)
    _lock(draft, now)  # the other press may just have sent it
    if draft.booking_id is not None:
        return db.session.get_one(Booking, draft.booking_id)
    office = draft.office
    if draft.bidang is None or draft.category is None or draft.topic is None:
        raise Invalid("topic", N_("Please say first what the meeting is about."))
    start, end = draft.hours
    if draft.leader is None or draft.attendees is None:
        raise Invalid("leader", N_("Please say first who comes."))
    booking = book(
        office,
        village=draft.village,
        bidang=draft.bidang,
        category=draft.category,
        topic=draft.topic,
        attendees=draft.attendees,
        leader=draft.leader,
        role=draft.leader_role,
        phone=draft.phone,
        room=draft.room,
        day=start.date(),
        start=start.time(),
        end=end.time(),
        by=by,
        on_behalf=on_behalf,
        channel=Channel(draft.channel) if draft.channel else None,
        quota_reason=draft.quota_reason,
        draft=draft,
        now=now,
    )
    draft.booking_id, draft.changed_at = booking.id, now
    hand_over(draft, booking)
    db.session.flush()
    return booking


def discard(draft: Draft, *, now: datetime) -> None:
    """Throw it away; its time becomes free. One that was sent stays as it is."""
    _lock(draft, now)
    if draft.booking_id is not None:
        return
    _let_go(draft)
    _delete([draft.id])


def _lock(draft: Draft, now: datetime) -> None:
    """Have it to oneself, as it is now, and stand in line; raises `NotFound` if it was thrown away."""
    settle(draft.office, now=now)
    have_alone(draft)


def _let_go(draft: Draft) -> None:
    vacate(draft.office, Holder("draft", draft.id))
    draft.held_until = None


def _require_unsent(draft: Draft) -> None:
    if draft.booking_id is not None:
        raise Invalid(
            "start",
            N_("This request was sent already. Please change the booking itself."),
        )


def _forget_old(office: Office, now: datetime) -> None:
    old = db.session.scalars(
        select(Draft.id).where(
            Draft.office_id == office.id,
            Draft.changed_at < now - KEPT,
            Draft.held_until.is_(None),
            Draft.booking_id.is_(None),
            Draft.for_booking_id.is_(None),
        )
    ).all()
    _delete(old)


def _delete(draft_ids: Sequence[int]) -> None:
    db.session.execute(
        delete(Attachment).where(
            Attachment.draft_id.in_(draft_ids), Attachment.booking_id.is_(None)
        )
    )
    db.session.execute(delete(Draft).where(Draft.id.in_(draft_ids)))
