"""How sentences, moments and numbers read to people, in the language of the page."""

from datetime import date, datetime, time
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from flask_babel import force_locale, get_locale, gettext, ngettext

from ruko.accounts import Role, SignIn
from ruko.bookings import CancelCode, Channel, LeaderRole
from ruko.errors import N_, RukoError
from ruko.offices import Office
from ruko.offices.models import ZONE_NAMES
from ruko.tickets import Outcome

LANGUAGES = {"id": "Indonesia", "en": "English"}
DEFAULT_LANGUAGE = "id"
ROLES: dict[Role, str] = {
    Role.ADMIN: N_("Administrator"),
    Role.OPERATOR: N_("Operator"),
    Role.STAFF: N_("Staff of a bidang"),
    Role.CAMAT: N_("Camat"),
    Role.VILLAGE: N_("Village"),
}
OUTCOMES: dict[str, str] = {
    Outcome.ANSWERED: N_("Settled"),
    Outcome.FOLLOW_UP: N_("Needs a follow-up"),
    Outcome.REFERRED: N_("Referred"),
}

LEADER_ROLES: dict[str, str] = {
    LeaderRole.HEAD: N_("Village head"),
    LeaderRole.SECRETARY: N_("Village secretary"),
    LeaderRole.KAUR: N_("Head of affairs (Kaur)"),
    LeaderRole.KASI: N_("Head of section (Kasi)"),
    LeaderRole.HAMLET: N_("Head of hamlet"),
    LeaderRole.BPD: N_("Village council (BPD)"),
    LeaderRole.LPM: N_("Community empowerment body (LPM)"),
    LeaderRole.PKK: N_("Family welfare movement (PKK)"),
    LeaderRole.YOUTH: N_("Youth organisation (Karang Taruna)"),
    LeaderRole.FACILITATOR: N_("Village facilitator"),
    LeaderRole.OTHER: N_("Someone else"),
}
CHANNELS: dict[str, str] = {
    Channel.PHONE: N_("Telephone"),
    Channel.WHATSAPP: N_("WhatsApp"),
    Channel.VISIT: N_("Came in person"),
    Channel.LETTER: N_("Letter"),
}
CANCEL_CODES: dict[str, str] = {
    CancelCode.SETTLED: N_("The matter is settled without a meeting"),
    CancelCode.CLASH: N_("It clashes with something else"),
    CancelCode.UNPREPARED: N_("The papers or figures are not ready"),
    CancelCode.WEATHER: N_("The weather or the road"),
    CancelCode.OFFICE: N_("The sub-district office asked for it"),
    CancelCode.OTHER: N_("Another reason"),
}

BOOKING_STEPS = {
    "book": N_("Asked for"),
    "attach": N_("A paper was added"),
    "detach": N_("A paper was removed"),
    "note": N_("Note for the village changed"),
    "approve": N_("Approved"),
    "decline": N_("Declined"),
    "propose": N_("Another time proposed"),
    "withdraw": N_("Proposal taken back"),
    "accept": N_("The village took the proposed time"),
    "refuse": N_("The village did not take the proposed time"),
    "acknowledge": N_("Confirmed by the village"),
    "move": N_("Moved"),
    "cancel": N_("Cancelled"),
    "expire": N_("Not answered before its start"),
    "check_in": N_("Checked in"),
    "begin": N_("Under way"),
    "complete": N_("Ended"),
    "no_show": N_("Nobody came"),
    "conclude": N_("Took place, says the office"),
    "undo": N_("Last step taken back"),
    "take_back": N_("Its later hours were taken again"),
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


def long_day(day: date) -> str:
    """Senin, 23 November."""
    return format_date(day, "EEEE, d MMMM", locale=language())


def days_span(first: date, last: date) -> str:
    """23–27 November, 30 November–4 Desember."""
    if first == last:
        return format_date(first, "d MMMM", locale=language())
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{format_date(last, 'd MMMM', locale=language())}"
    return f"{format_date(first, 'd MMMM', locale=language())}–{format_date(last, 'd MMMM', locale=language())}"


def short_date(day: date) -> str:
    """Sen, 23 Nov."""
    return format_date(day, "EEE, d MMM", locale=language())


def moment(at: datetime, office: Office) -> str:
    """Sen, 23 Nov, 09.42."""
    return f"{short_date(office.day(at))}, {clock(at, office)}"


def weekday(day: date) -> str:
    """Sen."""
    return format_date(day, "EEE", locale=language())


def day_name(day: date) -> str:
    """Senin."""
    return format_date(day, "EEEE", locale=language())


def date_span(first: date, last: date) -> str:
    """23–27 November 2026; a whole date on each side where a month ends between them."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{format_date(last, 'd MMMM y', locale=language())}"
    start = "d MMMM" if first.year == last.year else "d MMMM y"
    return " – ".join(
        (
            format_date(first, start, locale=language()),
            format_date(last, "d MMMM y", locale=language()),
        )
    )


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


def duration(minutes: int) -> str:
    """1 jam, 45 menit, 1 jam 30 menit."""
    hours, rest = divmod(minutes, 60)
    parts = [ngettext("%(num)d hour", "%(num)d hours", hours)] if hours else []
    if rest:
        parts.append(ngettext("%(num)d minute", "%(num)d minutes", rest))
    return " ".join(parts)


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


def officers(count: int) -> str:
    """2 petugas."""
    return ngettext("%(num)d officer", "%(num)d officers", count)


def size(count: int) -> str:
    """340 KB, 1,2 MB."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} KB"
    return f"{format_decimal(count / 1_000_000, '0.#', locale=language())} MB"


def outcome(told: str) -> str:
    """How a visit ended; what another program told is shown as it is."""
    return gettext(OUTCOMES[told]) if told in OUTCOMES else told


def cancel_code(code: str) -> str:
    """Why a booking was called off, where the kind of reason was chosen."""
    return gettext(CANCEL_CODES[code]) if code in CANCEL_CODES else code


def role(which: Role) -> str:
    """What an account is for."""
    return gettext(ROLES[which])


def leader_role(which: str | None) -> str:
    """What the leader of a group is in the village; nothing when nobody said it."""
    return gettext(LEADER_ROLES[which]) if which in LEADER_ROLES else ""


def channel(which: str | None) -> str:
    """How a village asked for what the office booked; nothing when nobody said it."""
    return gettext(CHANNELS[which]) if which in CHANNELS else ""


def booking_step(action: str) -> str:
    """What happened to a booking, in a few words."""
    return gettext(BOOKING_STEPS[action]) if action in BOOKING_STEPS else action


def browser(of: SignIn) -> str:
    """Chrome di Android."""
    if of.browser and of.system:
        return gettext("%(browser)s on %(system)s", browser=of.browser, system=of.system)
    return of.browser or of.system or gettext("Unknown browser")


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
