"""What one display shows and how it sounds: its bidang, volume, repeats, quiet hours."""

from collections.abc import Iterable
from datetime import time

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import AnyOf, InputRequired, Optional, Regexp
from wtforms.widgets import CheckboxInput

from desk.seat import staff_bar
from desk.staff import SEES_OFFICE, deciding_staff
from ruko import clock
from ruko.devices import Device, get_device
from ruko.displays import MOST_REPEATS, DisplaySettings, set_display, settings_of, zone_of
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Bidang, all_bidang
from ruko.web import commit, current_office, once, show_at_field, sign_in_required, undo

bp = Blueprint("displays", __name__)
bp.before_request(sign_in_required(*SEES_OFFICE))
bp.context_processor(staff_bar)

_a_volume = _l("The volume is a number from 0 to 100.")
_a_time = Regexp(
    r"\s*([01]?\d|2[0-3])[:.][0-5]\d\s*$", message=_l("Please write a time such as 12:30.")
)
_choose_repeats = _l("Please choose how often.")


class DisplayForm(FlaskForm):
    """The settings of one display; nothing chosen means every bidang."""

    zone = SelectMultipleField(
        _l("Bidang on this board"), option_widget=CheckboxInput(), validate_choice=False
    )
    volume = StringField(
        _l("Volume in percent"),
        [InputRequired(_a_volume), Regexp(r"\s*\d{1,3}\s*$", message=_a_volume)],
    )
    repeats = RadioField(
        _l("Repeat of a call"),
        [
            InputRequired(_choose_repeats),
            AnyOf([str(n) for n in range(MOST_REPEATS + 1)], _choose_repeats),
        ],
        choices=lambda: [
            (str(n), ngettext("%(num)d time", "%(num)d times", n) if n else _("Not repeated"))
            for n in range(MOST_REPEATS + 1)
        ],
        validate_choice=False,
    )
    quiet_from = StringField(_l("Quiet from"), [Optional(), _a_time])
    quiet_until = StringField(_l("Quiet until"), [Optional(), _a_time])

    def offer(self, offered: Iterable[Bidang]) -> None:
        """Fill the list of bidang."""
        self.zone.choices = [
            (b.code, f"{b.letter} · {b.name}" + ("" if b.active else " " + _("(not active)")))
            for b in offered
        ]

    def show(self, zone: Iterable[Bidang], settings: DisplaySettings) -> None:
        """Fill in how it is set now."""
        self.zone.data = [bidang.code for bidang in zone]
        self.volume.data = str(settings.volume)
        self.repeats.data = str(settings.repeats)
        if settings.quiet_from and settings.quiet_until:
            self.quiet_from.data = f"{settings.quiet_from:%H:%M}"
            self.quiet_until.data = f"{settings.quiet_until:%H:%M}"

    def validate_zone(self, field: SelectMultipleField) -> None:
        """Another bidang than those offered would silently become every one."""
        known = {code for code, _label in field.choices}
        if not known.issuperset(field.data or ()):
            raise ValidationError(_("Please choose from the list."))

    def quiet(self) -> tuple[time, time] | None:
        """The quiet hours; raises `Invalid` when one end is missing."""
        begins, ends = (_time_of(f.data or "") for f in (self.quiet_from, self.quiet_until))
        if begins and ends:
            return begins, ends
        if begins or ends:
            raise Invalid(
                "quiet_until" if begins else "quiet_from",
                N_("Please give both times, or leave both empty."),
            )
        return None


def _time_of(typed: str) -> time | None:
    hour, _colon, minute = typed.strip().replace(".", ":").partition(":")
    return time(int(hour), int(minute)) if minute else None


@bp.get("/<int:device_id>/settings")
def ask(device_id: int) -> ResponseReturnValue:
    """How it is set now."""
    deciding_staff()
    device = _display(device_id)
    form = DisplayForm()
    form.show(zone_of(device), settings_of(device.id)[device.id])
    return _page(device, form)


@bp.post("/<int:device_id>/settings")
def keep(device_id: int) -> ResponseReturnValue:
    """Set it; the display changes at once."""
    user = deciding_staff()
    if done := once(user):
        return done
    device, form = _display(device_id), DisplayForm()
    offered = _offered(device)
    form.offer(offered)
    if not form.validate():
        return _page(device, form, 422)
    try:
        set_display(
            current_office(),
            device,
            zone=[bidang for bidang in offered if bidang.code in (form.zone.data or ())],
            volume=int(form.volume.data or ""),
            repeats=int(form.repeats.data),
            quiet=form.quiet(),
            by=user.actor,
            now=clock.now(),
        )
    except Invalid as error:
        show_at_field(form, error)
        return _page(device, form, error.status)
    name = device.name
    answer = commit(make_response(redirect(url_for("devices.overview"), 303)))
    flash(_("“%(name)s” is set; its board changes by itself.", name=name), "success")
    return answer


def _display(device_id: int) -> Device:
    device = get_device(current_office(), device_id)
    if device.kind != "display":
        raise NotFound
    return device


def _offered(device: Device) -> list[Bidang]:
    """The active bidang, and those that saving would else forget because they are closed today."""
    closed = [bidang for bidang in zone_of(device) if not bidang.active]
    return [*all_bidang(current_office()), *closed]


def _page(device: Device, form: DisplayForm, status: int = 200) -> Response:
    undo()
    form.offer(_offered(device))
    return make_response(render_template("desk/display.html", form=form, device=device), status)
