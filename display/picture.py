"""What the board shows at one moment; `static/js/display-picture.js` says the same for later ones."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from ruko import words
from ruko.offices import Office, weekly_hours

STAYS_MINUTES = 10
"""How long a call stays in the house after its visitor has left the counter."""
SHOWN_NUMBERS = 2
AGENDA_ENTRIES = 4
QUEUED_CALLS = 2

Json = dict[str, Any]


def board_words() -> Json:
    """Every word of the board in the page's language; `{…}` are filled in where they are shown."""
    return _board_words(words.language())


@cache
def _board_words(language: str) -> Json:
    return {
        "first": _("Queue number"),
        "recall": _("Called again"),
        "last": _("Last call"),
        "then": _("Then"),
        "also": _("Also called"),
        "known": _("Last known"),
        "said": _(
            "Queue number %(ticket)s, please go to %(place)s, %(bidang)s",
            ticket="{ticket}",
            place="{place}",
            bidang="{bidang}",
        ),
        "greetings": [_("Good morning,"), _("Good day,"), _("Good afternoon,"), _("Good evening,")],
        "enter": _("please come in."),
        "take": _("Take a number at the kiosk near the door."),
        "here": _("Numbers that are called appear here."),
        "break": _("Break"),
        "resumes": _("Service continues at %(time)s.", time="{time}"),
        "closed": _("Office closed"),
        "early": _("Closed early today: %(reason)s.", reason="{reason}"),
        "opens": _("We open again on %(date)s at %(time)s.", date="{date}", time="{time}"),
        "ready": {"open": _("ready"), "break": _("break"), "closed": _("closed")},
        "rest": _("break"),
        "back": _("back at %(time)s", time="{time}"),
        "full": _("full"),
        "straight": _("straight away"),
        "minutes": _("%(range)s min", range="{range}"),
        "now": _("now"),
        "colon": "." if language == "id" else ":",
    }


def picture(
    board: Json,
    say: Json,
    now: datetime,
    office: Office,
    *,
    zone: Sequence[str] = (),
    queued: Sequence[Json] = (),
) -> Json:
    """The parts of the board, ready to be put on the page; `zone` are the bidang of its screen."""
    view = _View(narrowed(board, zone), say, now, office)
    call = view.call()
    return {
        "scene": view.scene(),
        "call": call,
        "queued": queue(queued),
        "words": None if call else view.idle(),
        "slides": board["slides"],
        "free": not view.board["calls"],
        "rows": [view.row(bidang, call) for bidang in view.board["bidang"]],
        "agenda": view.agenda(),
        "messages": board["announcements"],
        "opens": view.opens(),
        "why": view.early() or board["holiday"],
    }


def narrowed(board: Json, zone: Sequence[str]) -> Json:
    """The board of a screen that shows those bidang alone; of all if it knows none of them."""
    known = {bidang["code"] for bidang in board["bidang"]}
    shown = known.intersection(zone) or None
    last = board["last_call"]
    return board | {
        "calls": [call for call in board["calls"] if shown is None or call["bidang"] in shown],
        "last_call": last if last and (shown is None or last["bidang"] in shown) else None,
        "bidang": [each for each in board["bidang"] if shown is None or each["code"] in shown],
        "letters": {each["code"]: each["letter"] for each in board["bidang"]},
    }


def queue(calls: Sequence[Json]) -> Json:
    """Those still in line: the next two, and how many more."""
    following = [{"ticket": c["ticket"], "place": c["place"]} for c in calls[:QUEUED_CALLS]]
    return {"calls": following, "more": len(calls) - len(following)}


class _View:
    def __init__(self, board: Json, say: Json, now: datetime, office: Office) -> None:
        self.board, self.say, self.now, self.office = board, say, office.local(now), office

    def scene(self) -> str:
        """The board goes to sleep only when the last visitor is served."""
        busy = any(b["serving"] or b["waiting"] for b in self.board["bidang"])
        return "closed" if self.board["state"] == "closed" and not busy else "open"

    def call(self) -> Json | None:
        """The newest call, while somebody may still look for it."""
        told = [self.board["last_call"], *self.board["calls"]]
        wanted = [call for call in told if call and self._is_wanted(call)]
        return max(wanted, key=lambda call: call["seq"], default=None)

    def _is_wanted(self, call: Json) -> bool:
        if self.board["state"] != "open":
            return any(each["seq"] == call["seq"] for each in self.board["calls"])
        ends = self._at(call["called_at"]) + timedelta(minutes=STAYS_MINUTES)
        return self.now < ends or any(
            s["ticket"] == call["ticket"] for b in self.board["bidang"] for s in b["serving"]
        )

    def idle(self) -> Json:
        """The house without a number: a greeting, the break, or the next opening."""
        if self.board["state"] == "break":
            clock = self._clock(self.board["opens_at"])
            return {"title": [self.say["break"]], "lines": [[self.say["resumes"], {"time": clock}]]}
        if self.board["state"] == "closed":
            early = self.early()
            lines = [self.opens(), *([[early, {}]] if early else [])]
            return {"title": [self.say["closed"]], "lines": lines}
        hour = self.now.hour
        greeting = self.say["greetings"][(hour >= 11) + (hour >= 15) + (hour >= 18)]
        take = self.board["message"] or self.say["take"]
        lines = [[take, {}], [self.say["here"], {}]]
        return {"title": [greeting, self.say["enter"]], "lines": lines}

    def opens(self) -> list[Any]:
        """The next opening in words."""
        opens_at = self.board["opens_at"]
        if opens_at is None:
            return [self.board["message"] or "", {}]
        day = format_date(datetime.fromisoformat(opens_at).date(), "EEEE, d MMMM")
        return [self.say["opens"], {"date": day, "time": self._clock(opens_at)}]

    def early(self) -> str | None:
        """Why the day was closed early."""
        reason = self.board["closure"]
        return str(self.say["early"]).replace("{reason}", reason) if reason else None

    def row(self, bidang: Json, call: Json | None) -> Json:
        """One line of the table: the latest two numbers, the called one first and gold."""
        called = call["ticket"] if call and call["bidang"] == bidang["code"] else None
        serving = sorted(bidang["serving"], key=lambda s: s["ticket"] != called)
        latest = serving[:SHOWN_NUMBERS]
        return {
            "letter": bidang["letter"],
            "name": bidang["short_name"],
            "now": called if any(s["ticket"] == called for s in serving) else None,
            "numbers": [s["ticket"] for s in latest],
            "places": [s["place"].removeprefix("Loket ") for s in latest],
            "more": len(serving) - len(latest),
            **self._rest(bidang),
            "waiting": bidang["waiting"],
            "estimate": self._estimate(bidang),
        }

    def _rest(self, bidang: Json) -> Json:
        """The word in place of a number, and until when a break at the bidang's places lasts."""
        state = self.board["state"]
        if state != "open" or not bidang["breaks"]:
            return {"ready": self.say["ready"][state], "back": ""}
        ahead = [b["back_at"] for b in bidang["breaks"] if b["back_at"]]
        ahead = [back_at for back_at in ahead if self._at(back_at) > self.now]
        back = str(self.say["back"]).replace("{time}", self._hour(min(ahead))) if ahead else ""
        return {"ready": self.say["rest"], "back": back}

    def agenda(self) -> list[Json]:
        """The rooms' appointments that are not over, running ones first."""
        ahead = [e for e in self.board["agenda"] if self._at(e["ends_at"]) > self.now]
        return [
            {
                "time": f"{self._hour(e['starts_at'])}–{self._hour(e['ends_at'])}",
                "now": self._at(e["starts_at"]) <= self.now,
                "village": e["village_name"],
                "room": e["room_name"],
                "letter": self.board["letters"].get(e["bidang"], ""),
            }
            for e in ahead[:AGENDA_ENTRIES]
        ]

    def _estimate(self, bidang: Json) -> str:
        if self.board["state"] == "open" and bidang["full"]:
            return str(self.say["full"])
        if self.board["state"] != "open" or bidang["estimate_minutes"] is None:
            return "–"
        low, high = bidang["estimate_minutes"]
        if high == 0:
            return str(self.say["straight"])
        return str(self.say["minutes"]).replace("{range}", f"{low}–{high}")

    def _at(self, moment: str) -> datetime:
        return datetime.fromisoformat(moment)

    def _hour(self, moment: str) -> str:
        return moment[11:16].replace(":", str(self.say["colon"]))

    def _clock(self, moment: str | None) -> str:
        return f"{self._hour(moment)} {self.office.zone_name}" if moment else "–"


def opening_hours(office: Office) -> list[tuple[str, list[str]]]:
    """The week's hours in words, equal days together: ("Senin–Kamis", ["08.00–12.00", …])."""
    return _hours_in_words(tuple(weekly_hours(office)), words.language())


@lru_cache
def _hours_in_words(
    week: tuple[tuple[tuple[time, time], ...], ...], _language: str
) -> list[tuple[str, list[str]]]:
    lines: list[tuple[str, list[str]]] = []
    for spans, group in groupby(range(7), key=week.__getitem__):
        days = list(group)
        names = [_weekday(days[0])] if len(days) == 1 else [_weekday(days[0]), _weekday(days[-1])]
        joint = ", " if len(days) == 2 else "–"
        lines.append((joint.join(names), _spans(spans)))
    return lines


def _spans(spans: Iterable[tuple[time, time]]) -> list[str]:
    return [words.clock_span(opens, closes) for opens, closes in spans] or [_("Closed")]


def _weekday(number: int) -> str:
    any_monday = date(2026, 1, 5)
    return str(format_date(any_monday + timedelta(days=number), "EEEE"))
