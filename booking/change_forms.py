"""The form for calling a booking off."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import AnyOf, Length, Optional

from ruko import words
from ruko.bookings import CancelCode
from ruko.bookings.entered import LONGEST_REASON


class CancelForm(FlaskForm):
    """Why a booking is called off: the kind of reason for the figures, and words for people."""

    code = RadioField(
        _l("Why is it called off?"),
        [AnyOf(list(CancelCode), message=_l("Please choose a reason."))],
        choices=lambda: [(code.value, words.cancel_code(code)) for code in CancelCode],
        validate_choice=False,
    )
    reason = TextAreaField(
        _l("More about it"),
        [Optional(), Length(max=LONGEST_REASON, message=_l("This is too long."))],
    )
