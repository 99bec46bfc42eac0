"""What a visitor answers: the choices on the way to a number, and the code of a booking."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask_wtf import FlaskForm
from wtforms import StringField

from ruko.bookings import Booking, find_booking
from ruko.bookings.codes import is_code, normalise_code
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Bidang, Office, Service, Village, get_bidang, get_service, get_village
from ruko.tickets import VisitorKind

OTHER = "other"
"""The answer of somebody who does not find, or does not know, the service."""
TICKET = re.compile(r"/t/[\w-]{16,}")
"""The address of a ticket, as its QR picture holds it."""
STEPS = {"who": 1, "village": 1, "bidang": 2, "service": 3, "priority": 4}
"""The step that each question belongs to; the village is the second half of "who are you"."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The answers so far; they travel in the address, so that back and reload always work."""

    visitor: VisitorKind | None = None
    village: Village | None = None
    bidang: Bidang | None = None
    service: Service | None = None
    other: bool = False

    @property
    def questions(self) -> list[str]:
        """What this visitor is asked, in order."""
        official = self.visitor == VisitorKind.VILLAGE_OFFICIAL
        several = self.bidang is None or len(self.bidang.services) > 1
        left_out = ([] if official else ["village"]) + ([] if several else ["service"])
        return [question for question in STEPS if question not in left_out]

    def next_question(self) -> str:
        """The first question without an answer."""
        answered = {
            "who": self.visitor,
            "village": self.village,
            "bidang": self.bidang,
            "service": self.service or self.other,
        }
        return next(question for question in self.questions if not answered.get(question))

    def before(self, question: str) -> "Choices":
        """The answers given before `question`."""
        earlier = self.questions[: self.questions.index(question)]
        asked = "service" in earlier
        return Choices(
            visitor=self.visitor if "who" in earlier else None,
            village=self.village if "village" in earlier else None,
            bidang=self.bidang if "bidang" in earlier else None,
            service=self.service if asked else None,
            other=self.other and asked,
        )

    def previous(self, question: str) -> str | None:
        """The question before `question`, or None before the first."""
        index = self.questions.index(question)
        return self.questions[index - 1] if index else None

    @property
    def query(self) -> dict[str, str]:
        """The answers for an address or for hidden fields."""
        given = {
            "visitor": self.visitor and self.visitor.value,
            "village": self.village and self.village.code,
            "bidang": self.bidang and self.bidang.code,
            "service": OTHER if self.other else self.service and str(self.service.id),
        }
        return {name: value for name, value in given.items() if value}


def read_choices(office: Office, given: Mapping[str, str]) -> Choices:
    """The answers in an address or a form; raises `Invalid` for one that this office never offered."""
    bidang = get_bidang(office, given["bidang"]) if given.get("bidang") else None
    village = get_village(office, given["village"]) if given.get("village") else None
    service = given.get("service", "")
    chosen = service and service != OTHER and bidang
    return Choices(
        visitor=_visitor(given.get("visitor", "")),
        village=village,
        bidang=bidang,
        service=get_service(bidang, service) if chosen and bidang else None,
        other=service == OTHER,
    )


def _visitor(text: str) -> VisitorKind | None:
    if not text:
        return None
    try:
        return VisitorKind(text)
    except ValueError:
        raise Invalid("visitor", N_("Please choose who you are.")) from None


class CodeForm(FlaskForm):
    """The code of a booking; bad ones are refused by the rule, which knows them all."""

    code = StringField()


def booking_in(office: Office, text: str) -> Booking:
    """The booking that was typed or scanned; `NotFound` says what it is instead."""
    code = code_in(text)
    booking = find_booking(code)
    if booking is None:
        raise NotFound(_why_none(text, code))
    if booking.office_id != office.id:
        raise NotFound(
            N_(
                "You are not checked in: this appointment is not here but at %(office)s."
                " Please go there, or take a number."
            ),
            office=booking.office.name,
        )
    return booking


def _why_none(text: str, code: str) -> str:
    if is_code(code):
        return N_(
            "There is no appointment with this code. Please check its eight characters, or take a number."
        )
    if TICKET.search(text):
        return N_(
            "This is the QR code of a queue number, not of an appointment."
            " The number is already in the queue: please wait until it is called."
        )
    return N_(
        "This is not the code of an appointment. The code has eight letters and digits and stands"
        " below the QR code of the confirmation."
    )


def code_in(text: str) -> str:
    """The booking code in what was typed, pasted or scanned: the code itself or a booking's address.

    A scanner may type the address through another keyboard's layout, with other signs between its words.
    """
    for signs in (r"[/?#&=]", r"[^A-Za-z0-9]+"):
        for part in reversed(re.split(signs, text)):
            if is_code(code := normalise_code(part)):
                return code
    return normalise_code(text)
