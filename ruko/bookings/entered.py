"""What people enter about a booking, checked and tidied; `Invalid` names the field."""

import re
import unicodedata

from ruko.bookings.models import LeaderRole, Room
from ruko.errors import N_, Invalid

LONGEST_TOPIC = 500
LONGEST_LEADER = 80
LONGEST_PHONE = 20
LONGEST_REASON = 500
LONGEST_NOTE = 500
LONGEST_QUOTA_REASON = 200
LARGEST_VISIT = 1000
"""How many may attend an outside visit, which has no room to limit it."""

_PHONE = re.compile(r"\+?[0-9(][0-9 ().-]{4,18}")


def plain_text(field: str, text: str, longest: int) -> str:
    """The text without blanks around it; line breaks may stay inside."""
    text = "\n".join(text.strip().splitlines())
    if not text:
        raise Invalid(field, N_("Please fill in this field."))
    if len(text) > longest:
        raise Invalid(
            field, N_("This is too long. Please use at most %(count)d characters."), count=longest
        )
    if any(c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise Invalid(
            field, N_("This holds characters that cannot be shown. Please type it again.")
        )
    return text


def phone_number(phone: str | None) -> str | None:
    phone = " ".join((phone or "").split())
    if phone and not _PHONE.fullmatch(phone):
        raise Invalid("phone", N_("Please enter a phone number such as 0812-3456-7890, or none."))
    return phone or None


def attendance(attendees: int, room: Room | None) -> int:
    if attendees < 1:
        raise Invalid("attendees", N_("Please enter how many people will come, at least 1."))
    if room and attendees > room.capacity:
        raise Invalid(
            "attendees",
            N_("%(room)s has %(count)d seats. Please choose a larger room or fewer people."),
            room=room.name,
            count=room.capacity,
        )
    if attendees > LARGEST_VISIT:
        raise Invalid(
            "attendees", N_("Please enter at most %(count)d people."), count=LARGEST_VISIT
        )
    return attendees


def one_line(field: str, text: str, longest: int) -> str:
    """The text on one line."""
    return " ".join(plain_text(field, text, longest).split())


def leader_role(role: str | None) -> str | None:
    """The leader's office, a `LeaderRole`, or None."""
    if not role:
        return None
    if role not in set(LeaderRole):
        raise Invalid("leader_role", N_("Please choose one of the offices of the list."))
    return role
