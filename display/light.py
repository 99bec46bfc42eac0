"""The board for TVs too old for its scripts and style: drawn by the server alone, every few seconds."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from display.picture import QUEUED_CALLS, narrowed, opening_hours, picture, queue
from display.screen import this_screen
from ruko.web import page_edition
from ruko.web.callers import revoked_device

bp = Blueprint("display_light", __name__)

NEW = timedelta(seconds=12)
"""How long a call is gold."""
RECENT = timedelta(minutes=1)
"""How long a call is told below a newer one: such a screen shows them all at once."""


@bp.get("")
def show() -> ResponseReturnValue:
    """The page; its script asks for its content anew, without one the browser does."""
    return render_template("display/light.html", revoked=revoked_device("display"), **_shown())


@bp.get("/isi")
def content() -> ResponseReturnValue:
    """What the page shows, as a part of it; the time and the edition stand in headers."""
    shown = _shown()
    answer = make_response(render_template("display/_light.html", **shown))
    answer.headers["Ruko-Now"] = str(shown["now_ms"])
    answer.headers["Ruko-Page"] = shown["page"]
    return answer


def _shown() -> dict[str, Any]:
    it = this_screen()
    zone = it.settings.zone
    calls = narrowed(it.board, zone)["calls"]
    view = picture(it.board, it.say, it.now, it.office, zone=zone)
    card = view["call"]
    others = [c for c in reversed(calls) if c != card and _age(c, it.now) < RECENT] if card else []
    shown = [call for call in (card, *others[:QUEUED_CALLS]) if call in calls]
    view["queued"] = queue(others)
    local = it.office.local(it.now)
    offset = local.utcoffset() or timedelta()
    return {
        "view": view,
        "say": it.say,
        "paired": it.paired,
        "page": page_edition(),
        "hours": opening_hours(it.office),
        "seq": it.board["seq"],
        "said": _said(card, it.say),
        "shown": [call["seq"] for call in shown],
        "open": [call["seq"] for call in calls],
        "speech": {call["seq"]: call["speech"][1:] for call in shown},  # all begin with the chime
        "repeats": it.settings.repeats,
        "newest": max((call["seq"] for call in calls), default=0),
        "is_new": card is not None and _age(card, it.now) < NEW,
        "volume": 0 if it.settings.is_silent(local.time()) else it.settings.volume,
        "now_ms": int(it.now.timestamp() * 1000),
        "offset": int(offset.total_seconds() // 60),
    }


def _said(call: dict[str, Any] | None, say: dict[str, Any]) -> str:
    """A call for those who do not see it."""
    if call is None:
        return ""
    sentence: str = say["said"]
    return sentence.format(ticket=call["ticket"], place=call["place"], bidang=call["bidang_name"])


def _age(call: dict[str, Any], now: datetime) -> timedelta:
    return now - datetime.fromisoformat(call["called_at"])
