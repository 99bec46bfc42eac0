"""The forms of the desk, and how a rule's refusal is shown at its field."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Form, PasswordField, StringField, TextAreaField
from wtforms.validators import AnyOf, EqualTo, InputRequired, Length, Optional

from ruko import words
from ruko.accounts import LONGEST_PASSWORD
from ruko.errors import Invalid

LONGEST_USERNAME = 40
LONGEST_REASON = 200
LONGEST_NOTE = 500
LONGEST_RESULT = 1000

OUTCOMES = ("answered", "follow_up", "referred")
"""How a visit may end."""

_choose_result = _l("Please choose the result.")
_needed = InputRequired(_l("Please fill in this field."))


def _at_most(count: int) -> Length:
    return Length(max=count, message=_l("Please use at most %(max)d characters."))


class SignInForm(FlaskForm):
    """Signing in with a name and a password."""

    username = StringField(_l("Account name"), [_needed, _at_most(LONGEST_USERNAME)])
    password = PasswordField(_l("Password"), [_needed, _at_most(LONGEST_PASSWORD)])


class PasswordForm(FlaskForm):
    """A password of one's own; its shortest length is the rule's."""

    current = PasswordField(_l("Present password"), [_needed, _at_most(LONGEST_PASSWORD)])
    password = PasswordField(_l("New password"), [_needed])
    again = PasswordField(
        _l("New password, once more"),
        [_needed, EqualTo("password", _l("This differs from the new password above."))],
    )


class NumberForm(FlaskForm):
    """Calling one given number."""

    number = StringField(_l("Number"), [_needed, _at_most(10)])
    reason = StringField(_l("Reason, if it is not the next one"), [_at_most(LONGEST_REASON)])


class AbsentForm(FlaskForm):
    """Marking absent; whether a reason is needed, the rule decides."""

    reason = StringField(_l("Reason"), [_at_most(LONGEST_REASON)])


class TransferForm(FlaskForm):
    """Handing the visitor to another bidang."""

    bidang = StringField(_l("To"), [_needed])
    note = TextAreaField(_l("Note for that bidang"), [Optional(), _at_most(LONGEST_NOTE)])


class FinishForm(FlaskForm):
    """The end of a visit."""

    outcome = StringField(
        _l("Result"),
        [InputRequired(_choose_result), AnyOf(OUTCOMES, _choose_result)],
    )
    note = TextAreaField(_l("Short note"), [Optional(), _at_most(LONGEST_RESULT)])


class DeclineForm(FlaskForm):
    """Refusing a request for a room."""

    reason = TextAreaField(_l("Reason for the village"), [_needed, _at_most(LONGEST_NOTE)])


def show_at_field(form: Form, error: Invalid) -> bool:
    """Put the refusal at the field it names; False when the form has no such field."""
    field = form._fields.get(error.field)
    if field is None:
        return False
    field.errors = [words.sentence(error)]
    return True
