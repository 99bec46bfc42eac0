"""The office and its board, open to everybody."""

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from api.body import read_query
from api.operations import operation
from api.pages import PAGING, page
from api.shown import moment
from ruko import board, clock, words
from ruko.offices import (
    Bidang,
    Office,
    all_bidang,
    all_categories,
    all_offices,
    all_villages,
    opening,
)
from ruko.web import current_office

bp = Blueprint("offices", __name__)


@bp.get("/offices")
@operation("All offices", {200: "Offices"}, query=PAGING, public=True)
def offices() -> ResponseReturnValue:
    """Every office of this deployment."""

    def show(office: Office) -> dict[str, Any]:
        return {"slug": office.slug, "name": office.name, "timezone": office.timezone}

    return jsonify(page(all_offices(), read_query(PAGING), show))


@bp.get("/offices/<office>")
@operation("One office: its hours, bidang, villages and categories", {200: "Office"}, public=True)
def show() -> ResponseReturnValue:
    """What a program needs to know before it takes a number or books."""
    office, now = current_office(), clock.now()
    hours = opening(office, now)
    live = {b["code"]: b for b in board.recent(office, now=now).content["bidang"]}
    return jsonify(
        slug=office.slug,
        name=office.name,
        timezone=office.timezone,
        open_now=hours.state == "open",
        closed_reason=words.sentence(hours.reason)
        if hours.reason and hours.state != "open"
        else None,
        opens_at=moment(office, hours.opens_at) if hours.opens_at else None,
        closes_at=moment(office, hours.closes_at) if hours.closes_at else None,
        last_number_at=moment(office, hours.last_number_at) if hours.last_number_at else None,
        bidang=[_bidang(bidang, live[bidang.code]) for bidang in all_bidang(office)],
        villages=[{"code": v.code, "name": v.name, "kind": v.kind} for v in all_villages(office)],
        categories=[
            {"code": c.code, "name": c.name, "name_en": c.name_en, "bidang": c.bidang.code}
            for c in all_categories(office)
        ],
        priority={
            "label": _("Elderly, disabled, pregnant, or with a small child"),
            "head_start_minutes": office.priority_head_start_minutes,
        },
        rejoin={"minutes": office.rejoin_minutes, "behind": office.rejoin_behind},
        let_pass={"behind": office.let_pass_behind},
    )


@bp.get("/offices/<office>/board")
@operation("The waiting-room board", {200: "Board"}, public=True)
def show_board() -> ResponseReturnValue:
    """The same full state that `/board` emits over Socket.IO."""
    picture = board.recent(current_office(), now=clock.now())
    return jsonify(picture.as_json(words.board_sentence))


def _bidang(bidang: Bidang, live: dict[str, Any]) -> dict[str, Any]:
    return {key: live[key] for key in live if key not in {"serving", "breaks"}} | {
        "services": [
            {
                "id": service.id,
                "name": service.name,
                "requirements": service.requirements,
                "target_minutes": service.target_minutes,
                "fee": service.fee,
            }
            for service in bidang.services
        ]
    }
