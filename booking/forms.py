"""The forms of the steps: what the meeting is about, and who comes."""

from collections import Counter
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from ruko import words
from ruko.bookings import Channel, LeaderRole
from ruko.bookings.entered import LONGEST_LEADER, LONGEST_PHONE, LONGEST_TOPIC
from ruko.offices import Office, Village, all_bidang, all_categories, all_villages


class Filled(InputRequired):
    """Something other than blanks; the browser is told so too."""

    def __call__(self, form: Any, field: Any) -> None:
        if not field.raw_data or not field.raw_data[0].strip():
            field.errors[:] = []
            raise StopValidation(self.message or _("Please fill in this field."))


class NumberField(IntegerField):
    """A whole number; says in the page's language when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([text.strip() for text in valuelist])
        except ValueError:
            raise ValueError(_("Please enter a number, such as 4.")) from None


def _at_most(count: int) -> Length:
    return Length(max=count, message=_l("This is too long."))


_ONE = Filled(message=_l("Please choose one of these."))


class AboutForm(FlaskForm):
    """What it is about; who books for a village says which one, and how it asked."""

    village = SelectField(_l("Which village?"), [Filled()], validate_choice=False)
    channel = RadioField(_l("How the village asked"), [_ONE])
    category = RadioField(_l("Kind of problem"), [_ONE], validate_choice=False)
    bidang = SelectField(_l("Bidang"), validate_choice=False)
    topic = TextAreaField(_l("What will be discussed"), [Filled(), _at_most(LONGEST_TOPIC)])

    def offer(self, office: Office) -> None:
        """Fill the lists with what the office has."""
        english = words.language() == "en"
        self.bidang.choices = [("", _("The one for this kind of problem"))] + [
            (b.code, b.name) for b in all_bidang(office)
        ]
        self.category.choices = [
            (c.code, c.name_en if english else c.name) for c in all_categories(office)
        ]
        if "village" in self:
            self.village.choices = [("", _("Please choose")), *_villages(all_villages(office))]
        if "channel" in self:
            self.channel.choices = [(str(each), words.channel(each)) for each in Channel]


def _villages(villages: list[Village]) -> list[tuple[str, str]]:
    """The villages by name; those of equal name with their code."""
    named = Counter(village.full_name for village in villages)
    return [
        (v.code, v.full_name if named[v.full_name] == 1 else f"{v.full_name} ({v.code})")
        for v in villages
    ]


class PeopleForm(FlaskForm):
    """Who comes, and whom to reach before the day."""

    leader = StringField(_l("Who leads the group"), [Filled(), _at_most(LONGEST_LEADER)])
    leader_role = SelectField(_l("Their office in the village"), [Optional()])
    attendees = NumberField(_l("How many people will come"), [Filled()])
    phone = TelField(_l("Phone number"), [Optional(), _at_most(LONGEST_PHONE)])

    def offer(self) -> None:
        """Fill the list of offices."""
        self.leader_role.choices = [("", _("Please choose"))] + [
            (str(each), words.leader_role(each)) for each in LeaderRole
        ]
