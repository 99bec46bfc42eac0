"""The rooms and what is free in them; another village's slot is only `taken`."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from api.body import Day, Text, Whole, read_query
from api.operations import operation
from api.pages import PAGING, page
from ruko import clock, words
from ruko.accounts import Role
from ruko.bookings import Room, SlotView, all_rooms, day_grid, get_room
from ruko.errors import RukoError
from ruko.offices import get_bidang
from ruko.web import current_office, require_role

bp = Blueprint("rooms", __name__)

SLOTS = {"date": Day(), "room": Whole(optional=True), "bidang": Text(optional=True)}


@bp.get("/offices/<office>/rooms")
@operation("The rooms that villages may book", {200: "Rooms"}, query=PAGING)
def rooms() -> ResponseReturnValue:
    """Every room of the office."""
    require_role(*Role)

    def show(room: Room) -> dict[str, object]:
        return {
            "id": room.id,
            "name": room.name,
            "capacity": room.capacity,
            "facilities": room.facilities,
            "needs_approval": room.needs_approval,
        }

    return jsonify(page(all_rooms(current_office()), read_query(PAGING), show))


@bp.get("/offices/<office>/slots")
@operation(
    "What is free on one day; a village also sees its own and its quota",
    {200: "Slots"},
    query=SLOTS,
)
def slots() -> ResponseReturnValue:
    """Each room's slots of a day; with `bidang` they are free only while one of its officers is."""
    user, office = require_role(*Role), current_office()
    given, village = read_query(SLOTS), user.village
    wanted = get_room(office, given["room"]) if "room" in given else None
    bidang = get_bidang(office, given["bidang"]) if "bidang" in given else None
    grid = day_grid(office, given["date"], village=village, bidang=bidang, now=clock.now())
    quota = grid.quota
    return jsonify(
        date=grid.date.isoformat(),
        open=grid.open,
        closed_reason=_say(grid.closed_reason),
        quota=quota and {"period": quota.period, "limit": quota.limit, "used": quota.used},
        rooms=[
            {"room": room.id, "name": room.name, "slots": [_slot(slot) for slot in day]}
            for room, day in grid.rooms
            if wanted is None or room.id == wanted.id
        ],
    )


def _slot(slot: SlotView) -> dict[str, str | None]:
    return {
        "start": slot.starts.isoformat("minutes"),
        "end": slot.ends.isoformat("minutes"),
        "state": slot.state,
        "reason": _say(slot.reason),
    }


def _say(reason: RukoError | None) -> str | None:
    return words.sentence(reason) if reason else None
