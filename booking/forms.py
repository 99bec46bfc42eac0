"""The forms of booking: what the meeting is about, and why one is called off."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from ruko import words
from ruko.bookings.rules import LONGEST_LEADER, LONGEST_PHONE, LONGEST_REASON, LONGEST_TOPIC
from ruko.offices import Office, all_bidang, all_categories, all_villages


class Filled(InputRequired):
    """Something other than blanks; the browser is told so too."""

    def __call__(self, form: Any, field: Any) -> None:
        if not field.raw_data or not field.raw_data[0].strip():
            field.errors[:] = []
            raise StopValidation(_("Please fill in this field."))


class NumberField(IntegerField):
    """A whole number; says in the page's language when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([text.strip() for text in valuelist])
        except ValueError:
            raise ValueError(_("Please enter a number, such as 4.")) from None


def _at_most(count: int) -> Length:
    return Length(max=count, message=_l("This is too long."))


class RequestForm(FlaskForm):
    """A village's wish for a room, or for a visit of the office (`room` empty)."""

    room = HiddenField()
    date = HiddenField()
    village = SelectField(_l("Which village?"), [Filled()], validate_choice=False)
    start = SelectField(_l("Starts at"), validate_choice=False)
    end = SelectField(_l("Ends at"), validate_choice=False)
    category = SelectField(_l("Kind of problem"), [Filled()], validate_choice=False)
    bidang = SelectField(_l("Bidang"), [Optional()], validate_choice=False)
    topic = TextAreaField(_l("What will be discussed"), [Filled(), _at_most(LONGEST_TOPIC)])
    attendees = NumberField(_l("How many people will come"), [Filled()])
    leader = StringField(_l("Who leads the group"), [Filled(), _at_most(LONGEST_LEADER)])
    phone = TelField(_l("Phone number"), [Optional(), _at_most(LONGEST_PHONE)])

    def offer(self, office: Office, starts: Iterable[time], ends: Iterable[time]) -> None:
        """Fill the lists with what the office and the day have."""
        english = words.language() == "en"
        self.bidang.choices = [("", _("The one for this kind of problem"))] + [
            (b.code, b.name) for b in all_bidang(office)
        ]
        self.category.choices = [("", _("Please choose"))] + [
            (c.code, c.name_en if english else c.name, {"data-bidang": c.bidang.code})
            for c in all_categories(office)
        ]
        if "village" in self:
            self.village.choices = [("", _("Please choose"))] + [
                (v.code, v.full_name) for v in all_villages(office)
            ]
        for field, times in ((self.start, starts), (self.end, ends)):
            field.choices = [(t.isoformat("minutes"), words.clock(t)) for t in sorted(set(times))]


class CancelForm(FlaskForm):
    """Why a booking is called off."""

    reason = TextAreaField(_l("Why is it called off?"), [Filled(), _at_most(LONGEST_REASON)])
