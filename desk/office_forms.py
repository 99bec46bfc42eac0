"""The forms of the pages that run the office: devices, a number at the counter, closing early."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Optional

from desk.forms import _at_most, _needed
from ruko.devices import LONGEST_NAME
from ruko.offices import Bidang
from ruko.offices.closures import LONGEST_REASON
from ruko.tickets import VisitorKind

LONGEST_CODE = 20
"""As typed, with blanks and hyphens."""
_choose_who = _l("Please choose who it is.")


class ApproveForm(FlaskForm):
    """The code that an unpaired screen shows, and the name that the device gets."""

    code = StringField(_l("Code on the screen"), [_needed, _at_most(LONGEST_CODE)])
    name = StringField(_l("Name of the device"), [_needed, _at_most(LONGEST_NAME)])


class RenameForm(FlaskForm):
    """Another name for a device."""

    name = StringField(_l("Name of the device"), [_needed, _at_most(LONGEST_NAME)])


class CloseForm(FlaskForm):
    """Closing the day early."""

    reason = TextAreaField(_l("Reason that visitors read"), [_needed, _at_most(LONGEST_REASON)])


class NewNumberForm(FlaskForm):
    """A number for somebody at the counter."""

    visitor = RadioField(
        _l("Who is it?"),
        [InputRequired(_choose_who), AnyOf([*VisitorKind], _choose_who)],
        choices=lambda: [
            (VisitorKind.RESIDENT.value, _l("Resident")),
            (VisitorKind.VILLAGE_OFFICIAL.value, _l("Village official")),
            (VisitorKind.OTHER.value, _l("Institution")),
        ],
        validate_choice=False,
    )
    village = StringField(_l("Village of the official"))
    bidang = RadioField(
        _l("Bidang"), [InputRequired(_l("Please choose a bidang."))], validate_choice=False
    )
    service = StringField(_l("Service"), [Optional()])
    priority = BooleanField(_l("Priority queue"))

    def offer(self, all_bidang: Iterable[Bidang]) -> None:
        """Fill the list of bidang; the page itself offers villages and services."""
        self.bidang.choices = [(b.code, f"{b.letter} · {b.name}") for b in all_bidang]


class ClipForm(FlaskForm):
    """The sound of one clip."""

    file = FileField(_l("Sound file"), [FileRequired(_l("Please choose a sound file."))])
