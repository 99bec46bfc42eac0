"""How sentences, moments and numbers read to people, in the language of the page."""

from datetime import date, datetime, time
from typing import Any

from babel.dates import format_date
from flask_babel import force_locale, get_locale, gettext, ngettext

from ruko.errors import N_, RukoError
from ruko.offices import Office
from ruko.offices.models import ZONE_NAMES
from ruko.tickets import Outcome

LANGUAGES = {"id": "Indonesia", "en": "English"}
DEFAULT_LANGUAGE = "id"
OUTCOMES: dict[str, str] = {
    Outcome.ANSWERED: N_("Settled"),
    Outcome.FOLLOW_UP: N_("Needs a follow-up"),
    Outcome.REFERRED: N_("Referred"),
}


def language() -> str:
    """The language of this page or answer."""
    locale = get_locale()
    return locale.language if locale else DEFAULT_LANGUAGE


def clock(moment: datetime | time, office: Office | None = None) -> str:
    """09.42 on Indonesian pages, 09:42 on English ones; a moment needs its office."""
    if isinstance(moment, datetime) and office:
        moment = office.local(moment)
    return moment.strftime("%H.%M" if language() == "id" else "%H:%M")


def clock_span(start: datetime | time, end: datetime | time, office: Office | None = None) -> str:
    """10.00–11.00."""
    return f"{clock(start, office)}–{clock(end, office)}"


def long_date(day: date) -> str:
    """Senin, 23 November 2026."""
    return format_date(day, "EEEE, d MMMM y", locale=language())


def short_date(day: date) -> str:
    """Sen, 23 Nov."""
    return format_date(day, "EEE, d MMM", locale=language())


def weekday(day: date) -> str:
    """Sen."""
    return format_date(day, "EEE", locale=language())


def month(day: date) -> str:
    """November 2026."""
    return format_date(day, "MMMM y", locale=language())


HOURS_FROM = 120
"""Minutes; a longer wait is told in hours, for nobody reckons in 185–240 minutes."""
LONGEST_MINUTES = 480
"""A day of service; nothing more exact can be said of tomorrow."""


def minutes_range(estimate: tuple[int, int] | None) -> str:
    """20–30 menit, 2–4 jam, langsung, lebih dari 8 jam, or that it is not known."""
    if estimate is None:
        return gettext("Waiting time not known yet")
    low, high = estimate
    if high == 0:
        return gettext("straight away")
    if low >= LONGEST_MINUTES:
        return gettext("more than %(count)d hours", count=LONGEST_MINUTES // 60)
    if low >= HOURS_FROM:
        return gettext("%(low)d–%(high)d hours", low=low // 60, high=-(-high // 60))
    return gettext("%(low)d–%(high)d minutes", low=low, high=high)


def stopwatch(seconds: float) -> str:
    """12.06, minutes and seconds."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes:02}{'.' if language() == 'id' else ':'}{rest:02}"


def ago(moment: datetime, now: datetime, office: Office) -> str:
    """2 menit lalu; of another day, the day and the time."""
    minutes = int((now - moment).total_seconds()) // 60
    if minutes < 1:
        return gettext("just now")
    if minutes < 60:
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes)
    if office.day(moment) == office.day(now):
        return gettext("at %(time)s", time=clock(moment, office))
    return f"{short_date(office.day(moment))}, {clock(moment, office)}"


def people(count: int) -> str:
    """4 orang."""
    return ngettext("%(num)d person", "%(num)d people", count)


def outcome(told: str) -> str:
    """How a visit ended; what another program told is shown as it is."""
    return gettext(OUTCOMES[told]) if told in OUTCOMES else told


def sentence(error: RukoError) -> str:
    """The refusal in the page's language, its moments in words."""
    text = gettext(error.message)
    return text % {k: _value(v) for k, v in error.values.items()} if error.values else text


def board_sentence(error: RukoError) -> str:
    """The refusal as the waiting room reads it: in Indonesian, whoever asks."""
    with force_locale(DEFAULT_LANGUAGE):
        return sentence(error)


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        zone = _zone_name(value)
        return gettext(
            "%(date)s at %(time)s", date=long_date(value.date()), time=clock(value) + zone
        )
    if isinstance(value, time):
        return clock(value) + _zone_name(value)
    if isinstance(value, date):
        return long_date(value)
    return value


def _zone_name(value: datetime | time) -> str:
    name = ZONE_NAMES.get(str(value.tzinfo), "")
    return f" {name}" if name else ""
