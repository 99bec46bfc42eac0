"""The forms of accounts: opening one, and the codes of the second step."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import AnyOf, InputRequired, Regexp, ValidationError

from desk.forms import LONGEST_USERNAME, _at_most, _needed
from ruko import words
from ruko.accounts import LONGEST_PASSWORD, Role
from ruko.offices import Bidang, Village

LONGEST_CODE = 40
"""As typed, with blanks and hyphens."""
_choose_role = _l("Please choose a role.")


class NewAccountForm(FlaskForm):
    """An account for one more person or village."""

    username = StringField(_l("Account name"), [_needed, _at_most(LONGEST_USERNAME)])
    role = RadioField(
        _l("Role"),
        [InputRequired(_choose_role), AnyOf([*Role], _choose_role)],
        validate_choice=False,
    )
    bidang = SelectField(_l("Bidang, for staff"), validate_choice=False)
    village = SelectField(_l("Village, for a village"), validate_choice=False)

    def offer(
        self, roles: Iterable[Role], all_bidang: Iterable[Bidang], villages: Iterable[Village]
    ) -> None:
        """Fill the lists with what may be chosen; a single role needs no choice."""
        self.role.choices = [(role.value, words.role(role)) for role in roles]
        if len(self.role.choices) == 1:
            self.role.data = self.role.choices[0][0]
        self.bidang.choices = [("", "–"), *((b.code, f"{b.letter} · {b.name}") for b in all_bidang)]
        self.village.choices = [("", "–"), *((v.code, v.full_name) for v in villages)]


class CodeForm(FlaskForm):
    """The code of the app, or one of the recovery codes."""

    code = StringField(_l("Code of the app"), [_at_most(LONGEST_CODE)])
    recovery = StringField(_l("Recovery code"), [_at_most(LONGEST_CODE)])

    def validate_code(self, field: Any) -> None:
        """One of the two is needed."""
        if not (field.data or self.recovery.data):
            raise ValidationError(_l("Please enter the six digits that the app shows."))


class AppForm(FlaskForm):
    """The first code of a new app."""

    salt = HiddenField(validators=[Regexp(r"[0-9a-f]{32}\Z")])
    code = StringField(_l("Code of the app"), [_needed, _at_most(LONGEST_CODE)])


class NoCodeForm(FlaskForm):
    """Taking the second step off an account."""

    password = PasswordField(_l("Password"), [_needed, _at_most(LONGEST_PASSWORD)])
    code = StringField(_l("Code of the app, or a recovery code"), [_needed, _at_most(LONGEST_CODE)])
