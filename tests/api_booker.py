"""What programs do about bookings, in one line each."""

from typing import Any

from tests.programs import OFFICE, Program, json_of

BINJAI, PANGGUNG = "63.11.07.2008", "63.11.07.2005"
BOOKINGS = f"{OFFICE}/bookings"


def rooms(somebody: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(somebody.get(f"{OFFICE}/rooms"))["items"]
    return found


def room_id(somebody: Program, number: int = 1) -> int:
    """Of Ruang RUKO 1 or 2; the second one needs approval."""
    return int(rooms(somebody)[number - 1]["id"])


def wish(somebody: Program, room: int = 0, **changes: Any) -> dict[str, Any]:
    """Tuesday at nine in the first room, unless changed."""
    return {
        "room": rooms(somebody)[room]["id"],
        "date": "2026-11-24",
        "start": "09:00",
        "end": "10:00",
        "bidang": "KES",
        "category": "stunting",
        "topic": "Makanan tambahan balita",
        "attendees": 5,
        "leader": "Rahmawati",
    } | changes


def book(somebody: Program, room: int = 0, **changes: Any) -> Any:
    return json_of(somebody.post(BOOKINGS, wish(somebody, room, **changes)), 201)


def times(somebody: Program, number: int = 1, **changes: Any) -> dict[str, Any]:
    """Where to move to: Wednesday at ten in that room, unless changed."""
    where = {"date": "2026-11-25", "start": "10:00", "end": "11:00"}
    return {"room": room_id(somebody, number)} | where | changes


def slot_states(somebody: Program, number: int = 1, **query: Any) -> dict[str, str]:
    """How the slots of a room stand, by their start."""
    asked = {"date": "2026-11-24", "room": room_id(somebody, number)} | query
    (room,) = json_of(somebody.get(f"{OFFICE}/slots", **asked))["rooms"]
    return {slot["start"]: slot["state"] for slot in room["slots"]}
