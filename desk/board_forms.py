"""The forms of what the board shows: a sentence, a picture with its words, and their days."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, TextAreaField
from wtforms.validators import Optional

from desk.forms import _at_most, _needed
from ruko.offices import LONGEST_TEXT


class DayField(DateField):
    """A day, as the browser's own field or a person writes it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            told = gettext("Please write the date as year-month-day, such as 2026-11-23.")
            raise ValueError(told) from None


class EntryForm(FlaskForm):
    """What every one of them has."""

    text = TextAreaField(_l("Sentence"), [_needed, _at_most(LONGEST_TEXT)])
    starts_on = DayField(_l("First day"), [Optional()])
    ends_on = DayField(_l("Last day"), [Optional()])


class SlideForm(EntryForm):
    """What a picture says, in words, and its days."""

    text = TextAreaField(_l("The picture in words"), [_needed, _at_most(LONGEST_TEXT)])


class NewSlideForm(SlideForm):
    """A picture that is not kept yet."""

    picture = FileField(_l("Picture"), [FileRequired(_l("Please choose a picture."))])
