"""What the API answers, in JSON Schema; the description and the tests use it."""

from typing import Any

from ruko.bookings import BookingState, CancelCode, Channel, LeaderRole
from ruko.tickets import State, VisitorKind
from ruko.web.answers import TITLES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
DATE: Schema = {"type": "string", "format": "date"}
CLOCK: Schema = {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}
LINK: Schema = {"type": "string", "format": "uri"}


def obj(**properties: Schema) -> Schema:
    """An object that has all these members."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def maybe(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def words(*values: str) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(name: str) -> Schema:
    """A page of a list."""
    return obj(items=array(ref(name)), next_cursor=maybe(TEXT))


ESTIMATE = maybe({"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2})
_SHOWN_STATE = words(*(s for s in State if s != State.TRANSFERRED))
_CALL_KIND = words("first", "recall", "last")
_BIDANG = {
    "code": TEXT,
    "name": TEXT,
    "short_name": TEXT,
    "letter": TEXT,
    "open": FLAG,
    "full": FLAG,
    "waiting": WHOLE,
    "estimate_minutes": ESTIMATE,
}
_TICKET = {
    "token": TEXT,
    "code": {"type": "string", "examples": ["A-012"]},
    "number": WHOLE,
    "bidang": TEXT,
    "bidang_name": TEXT,
    "service": maybe(TEXT),
    "state": _SHOWN_STATE,
    "priority": FLAG,
    "village": maybe(TEXT),
    "village_name": maybe(TEXT),
    "booking": maybe(TEXT),
    "people_ahead": WHOLE,
    "estimate_minutes": ESTIMATE,
    "place": maybe(TEXT),
    "issued_at": MOMENT,
    "rejoin_until": maybe(MOMENT),
    "url": LINK,
    "qr_url": LINK,
}

SCHEMAS: dict[str, Schema] = {
    "Problem": {
        **obj(type=TEXT, title=TEXT, status=WHOLE, detail=TEXT, code=words(*TITLES)),
        "description": "RFC 9457. `code` is stable; `detail` is a sentence for people.",
    },
    "OfficeName": obj(slug=TEXT, name=TEXT, timezone=TEXT),
    "Offices": listed("OfficeName"),
    "Service": obj(id=WHOLE, name=TEXT, requirements=array(TEXT), target_minutes=WHOLE, fee=TEXT),
    "Village": obj(code=TEXT, name=TEXT, kind=words("desa", "kelurahan")),
    "Category": obj(code=TEXT, name=TEXT, name_en=TEXT, bidang=TEXT),
    "Office": obj(
        slug=TEXT,
        name=TEXT,
        timezone=TEXT,
        open_now=FLAG,
        closed_reason=maybe(TEXT),
        opens_at=maybe(MOMENT),
        closes_at=maybe(MOMENT),
        last_number_at=maybe(MOMENT),
        bidang=array(obj(**_BIDANG, services=array(ref("Service")))),
        villages=array(ref("Village")),
        categories=array(ref("Category")),
        priority=obj(label=TEXT, head_start_minutes=WHOLE),
        rejoin=obj(minutes=WHOLE, behind=WHOLE),
        let_pass=obj(behind=WHOLE),
    ),
    "BoardCall": obj(
        seq=WHOLE,
        ticket=TEXT,
        bidang=TEXT,
        bidang_name=TEXT,
        place=TEXT,
        village=maybe(TEXT),
        village_name=maybe(TEXT),
        kind=_CALL_KIND,
        called_at=MOMENT,
        expires_at=MOMENT,
        speech=array(TEXT),
    ),
    "Board": obj(
        office=TEXT,
        version=WHOLE,
        seq=WHOLE,
        generated_at=MOMENT,
        state=words("open", "break", "closed"),
        message=maybe(TEXT),
        opens_at=maybe(MOMENT),
        holiday=maybe(TEXT),
        closure=maybe(TEXT),
        calls=array(ref("BoardCall")),
        last_call=maybe(ref("BoardCall")),
        bidang=array(
            obj(
                **_BIDANG,
                serving=array(obj(ticket=TEXT, place=TEXT, state=words("called", "serving"))),
                breaks=array(obj(place=TEXT, back_at=maybe(MOMENT))),
            )
        ),
        agenda=array(
            obj(
                room=WHOLE,
                room_name=TEXT,
                starts_at=MOMENT,
                ends_at=MOMENT,
                village=TEXT,
                village_name=TEXT,
                bidang=TEXT,
                state=words("confirmed", "checked_in", "in_session"),
            )
        ),
        announcements=array(TEXT),
        slides=array(obj(picture=TEXT, text=TEXT)),
    ),
    "Ticket": obj(**_TICKET),
    "TicketWithHistory": obj(
        **_TICKET,
        history=array(obj(at=MOMENT, state=TEXT, bidang=maybe(TEXT), place=maybe(TEXT))),
    ),
    "Turn": obj(
        ticket={"type": "string", "examples": ["A-012"]},
        token=TEXT,
        bidang=TEXT,
        bidang_name=TEXT,
        service=maybe(TEXT),
        state=_SHOWN_STATE,
        priority=FLAG,
        visitor=words(*VisitorKind),
        village=maybe(TEXT),
        village_name=maybe(TEXT),
        booking=maybe(TEXT),
        arrived_at=MOMENT,
        people_ahead=WHOLE,
        announcements=WHOLE,
        counter=maybe(WHOLE),
        place=maybe(TEXT),
        note=maybe(TEXT),
        held_reason=maybe(TEXT),
        call=maybe(ref("Hearing")),
    ),
    "Hearing": {
        **obj(
            seq=WHOLE,
            shown_at=maybe(MOMENT),
            spoken_at=maybe(MOMENT),
            heard=words("pending", "shown", "spoken", "unheard"),
        ),
        "description": "How the waiting room was told of a called turn's newest call; null when no"
        " paired display shows its bidang. `shown` is enough where every display is silent on"
        " purpose; `unheard` asks the desk to call aloud.",
    },
    "Queue": obj(
        current=array(ref("Turn")),
        waiting=array(ref("Turn")),
        held=array(ref("Turn")),
        no_show=array(ref("Turn")),
        today=obj(issued=WHOLE, done=WHOLE, no_show=WHOLE, median_wait_minutes=maybe(WHOLE)),
    ),
    "Counter": obj(id=WHOLE, name=TEXT, kind=words("loket", "room"), bidang=maybe(TEXT)),
    "Counters": listed("Counter"),
    "CallAnswer": obj(
        turn=ref("Turn"), call=obj(seq=WHOLE, kind=_CALL_KIND, place=TEXT, called_at=MOMENT)
    ),
    "Room": obj(id=WHOLE, name=TEXT, capacity=WHOLE, facilities=array(TEXT), needs_approval=FLAG),
    "Rooms": listed("Room"),
    "Slots": obj(
        date=DATE,
        open=FLAG,
        closed_reason=maybe(TEXT),
        quota=maybe(obj(period=TEXT, limit=WHOLE, used=WHOLE)),
        rooms=array(
            obj(
                room=WHOLE,
                name=TEXT,
                slots=array(
                    obj(
                        start=CLOCK,
                        end=CLOCK,
                        state=words("free", "mine", "taken", "closed", "past"),
                        reason=maybe(TEXT),
                    )
                ),
            )
        ),
    ),
    "Booking": obj(
        code=TEXT,
        state=words(*BookingState),
        room=maybe(WHOLE),
        room_name=maybe(TEXT),
        village=TEXT,
        village_name=TEXT,
        bidang=TEXT,
        bidang_name=TEXT,
        category=TEXT,
        topic=TEXT,
        attendees=WHOLE,
        leader=TEXT,
        leader_role=maybe(words(*LeaderRole)),
        phone=maybe(TEXT),
        papers=WHOLE,
        bring_along=maybe(TEXT),
        on_behalf=FLAG,
        channel=maybe(words(*Channel)),
        village_confirmed_at=maybe(MOMENT),
        starts_at=MOMENT,
        ends_at=MOMENT,
        reason=maybe(TEXT),
        cancel_code=maybe(words(*CancelCode)),
        url=LINK,
        qr_url=LINK,
        ics_url=LINK,
    ),
    "Bookings": listed("Booking"),
}
SCHEMAS["Problem"]["properties"] |= {
    "errors": array(obj(field=TEXT, message=TEXT)),
    "state": TEXT,
    "alternatives": array(obj(room=WHOLE, date=DATE, start=CLOCK, end=CLOCK)),
}
