"""The forms of the desk."""

from collections.abc import Iterable

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, StringField, TextAreaField
from wtforms.validators import AnyOf, EqualTo, InputRequired, Length, Optional

from ruko import words
from ruko.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from ruko.bookings import entered
from ruko.offices import Bidang
from ruko.tickets import Outcome, moves, serving

LONGEST_USERNAME = 40
LONGEST_NUMBER = 10
BECAME = ("finish", "no_show", "hold", "return")
REST_MINUTES = ("15", "30", "60")
OPEN_END = "open"
_choose_result = _l("Please choose the result.")
_choose_one = _l("Please choose one.")
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
    password = PasswordField(
        _l("New password"),
        [_needed],
        render_kw={"minlength": SHORTEST_PASSWORD, "maxlength": LONGEST_PASSWORD},
    )
    again = PasswordField(
        _l("New password, once more"),
        [_needed, EqualTo("password", _l("This differs from the new password above."))],
        render_kw={"maxlength": LONGEST_PASSWORD},
    )


class NumberForm(FlaskForm):
    """Calling one given number."""

    number = StringField(_l("Number"), [_needed, _at_most(LONGEST_NUMBER)])
    reason = StringField(_l("Reason, if it is not the next one"), [_at_most(moves.LONGEST_REASON)])


class ReasonForm(FlaskForm):
    """Why; whether a reason is needed, the rule decides."""

    reason = StringField(_l("Reason"), [_at_most(moves.LONGEST_REASON)])


class HoldForm(FlaskForm):
    """Letting a visitor wait aside."""

    reason = StringField(_l("Reason"), [Optional(), _at_most(serving.LONGEST_HELD_REASON)])


class OnwardForm(FlaskForm):
    """What became of the one who is called, before the next one is."""

    became = RadioField(
        _l("What became of this visitor"),
        [InputRequired(_choose_one), AnyOf(BECAME, _choose_one)],
        choices=lambda: [
            ("finish", gettext("Was served already")),
            ("no_show", gettext("Absent")),
            ("hold", gettext("Waits aside")),
            ("return", gettext("Back to the queue")),
        ],
        validate_choice=False,
    )
    reason = StringField(_l("Reason"), [Optional(), _at_most(serving.LONGEST_HELD_REASON)])


class RestForm(FlaskForm):
    """A break, and when service goes on."""

    minutes = RadioField(
        _l("Back"),
        [InputRequired(_choose_one), AnyOf([*REST_MINUTES, OPEN_END], _choose_one)],
        choices=lambda: [
            *(
                (m, ngettext("in %(num)d minute", "in %(num)d minutes", int(m)))
                for m in REST_MINUTES
            ),
            (OPEN_END, gettext("not known yet")),
        ],
        default=REST_MINUTES[0],
        validate_choice=False,
    )


class TransferForm(FlaskForm):
    """Handing the visitor to another bidang."""

    bidang = RadioField(_l("To"), [_needed], validate_choice=False)
    note = TextAreaField(_l("Note for that bidang"), [Optional(), _at_most(moves.LONGEST_REASON)])

    def offer(self, all_bidang: Iterable[Bidang]) -> None:
        """Fill the list with where the visitor may go."""
        self.bidang.choices = [(b.code, f"{b.letter} · {b.name}") for b in all_bidang]


class FinishForm(FlaskForm):
    """The end of a visit."""

    outcome = RadioField(
        _l("Result"),
        [InputRequired(_choose_result), AnyOf([*Outcome], _choose_result)],
        choices=lambda: [(outcome.value, words.outcome(outcome)) for outcome in Outcome],
        default=Outcome.ANSWERED,
        validate_choice=False,
    )
    note = TextAreaField(_l("Short note"), [Optional(), _at_most(serving.LONGEST_NOTE)])


class DeclineForm(FlaskForm):
    """Refusing a request for a room."""

    reason = TextAreaField(
        _l("Reason for the village"), [_needed, _at_most(entered.LONGEST_REASON)]
    )


class BringForm(FlaskForm):
    """What the village is asked to bring; left empty, it is asked for nothing."""

    bring_along = TextAreaField(
        _l("Please bring also"), [Optional(), _at_most(entered.LONGEST_NOTE)]
    )
