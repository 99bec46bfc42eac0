"""The forms of the rooms: closing one or the whole house, and the officers of each bidang."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import cast

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField, StringField, TimeField
from wtforms.validators import InputRequired, NumberRange, Optional

from desk.board_forms import DayField
from desk.forms import _at_most, _needed
from ruko.bookings.closures import LONGEST_REASON
from ruko.offices import Bidang, Office
from ruko.offices.officers import MOST_OFFICERS

WHOLE_HOUSE = "house"


class HourField(TimeField):
    """A time of day, as the browser's own field or a person writes it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([text.replace(".", ":") for text in valuelist])
        except ValueError:
            told = gettext("Please write the time as hours and minutes, such as 13:30.")
            raise ValueError(told) from None


class CountField(IntegerField):
    """A whole number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            told = gettext(
                "Please write a number from 1 to %(most)d, or leave it empty.", most=MOST_OFFICERS
            )
            raise ValueError(told) from None


class CloseRoomForm(FlaskForm):
    """What is closed, from when to when, and why."""

    room = RadioField(
        _l("What is closed"), [InputRequired(_l("Please choose a room or the whole house."))]
    )
    start = DayField(_l("First day"), [_needed])
    start_time = HourField(_l("From what time"), [_needed])
    end = DayField(_l("Last day"), [_needed])
    end_time = HourField(_l("Until what time"), [_needed])
    reason = StringField(
        _l("Reason that villages and visitors read"), [_needed, _at_most(LONGEST_REASON)]
    )
    agreed = HiddenField()
    """The codes of the meetings that were shown as met."""

    def stretch(self, office: Office) -> tuple[datetime, datetime]:
        """From when to when, once the form is valid."""
        return (
            office.at(cast(date, self.start.data), cast(time, self.start_time.data)),
            office.at(cast(date, self.end.data), cast(time, self.end_time.data)),
        )


class OfficersForm(FlaskForm):
    """One number for each bidang; see `officers_form`."""

    def field_of(self, bidang: Bidang) -> CountField:
        return cast(CountField, self[f"officers-{bidang.id}"])

    def of(self, bidang: Bidang) -> int | None:
        return cast(int | None, self.field_of(bidang).data)


def officers_form(all_bidang: Sequence[Bidang]) -> OfficersForm:
    """The form with a field for each bidang, filled with what is so now."""
    told = _l("Please write a number from 1 to %(most)d, or leave it empty.", most=MOST_OFFICERS)
    fields = {
        f"officers-{bidang.id}": CountField(
            f"{bidang.letter} · {bidang.name}",
            [Optional(), NumberRange(1, MOST_OFFICERS, told)],
            default=bidang.officers,
            render_kw={"min": 1, "max": MOST_OFFICERS, "inputmode": "numeric"},
        )
        for bidang in all_bidang
    }
    form = type("OfficersOfThisOffice", (OfficersForm,), fields)()
    return cast(OfficersForm, form)
