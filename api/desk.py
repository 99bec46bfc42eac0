"""The queue of a bidang, the places to serve at, and calling."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from api.body import Text, Whole, answered, read_body, read_query
from api.operations import operation
from api.pages import PAGING, page
from api.shown import call_json, turn_json, turns_json
from ruko import clock, tickets
from ruko.accounts import Role
from ruko.errors import Forbidden
from ruko.offices import Counter, all_counters, get_bidang, get_counter
from ruko.tickets import get_called, queue_of
from ruko.tickets.moves import LONGEST_REASON
from ruko.web import commit, current_office, require_role

bp = Blueprint("desk", __name__)

SERVING = (Role.STAFF, Role.OPERATOR, Role.ADMIN)
WATCHING = (*SERVING, Role.CAMAT)
QUEUE = {"bidang": Text()}
CALL = {
    "bidang": Text(),
    "counter": Whole(),
    "ticket": Text(optional=True),
    "reason": Text(longest=LONGEST_REASON, optional=True),
}


@bp.get("/offices/<office>/queue")
@operation("The queue of one bidang today (its staff, camat)", {200: "Queue"}, query=QUEUE)
def queue() -> ResponseReturnValue:
    """Who is served, who waits in calling order, who was missed."""
    user, office = require_role(*WATCHING), current_office()
    bidang = get_bidang(office, read_query(QUEUE)["bidang"])
    if not user.may_see(bidang.id):
        raise Forbidden
    now = clock.now()
    found = queue_of(office, bidang, now=now)
    lists = {name: getattr(found, name) for name in ("current", "waiting", "held", "no_show")}
    return jsonify(
        {name: turns_json(office, visits, now=now) for name, visits in lists.items()}
        | {"today": asdict(found.today)}
    )


@bp.get("/offices/<office>/counters")
@operation("The places where visitors are served (staff, camat)", {200: "Counters"}, query=PAGING)
def counters() -> ResponseReturnValue:
    """Loket and rooms; one of no bidang is used by any."""
    require_role(*WATCHING)

    def show(counter: Counter) -> dict[str, object]:
        return {
            "id": counter.id,
            "name": counter.name,
            "kind": counter.kind,
            "bidang": counter.bidang.code if counter.bidang else None,
        }

    return jsonify(page(all_counters(current_office()), read_query(PAGING), show))


@bp.post("/offices/<office>/calls")
@operation(
    "Call the next visitor, or a given one (staff of that bidang)",
    {200: "CallAnswer", 204: None},
    body=CALL,
)
def call() -> ResponseReturnValue:
    """204 when nobody waits; out of the published order only with a reason."""
    user = require_role(*SERVING)
    if done := answered(user):
        return done
    given, office, now = read_body(CALL), current_office(), clock.now()
    bidang = get_bidang(office, given["bidang"])
    counter = get_counter(office, given["counter"], bidang)
    if not user.may_serve(bidang.id):
        raise Forbidden
    if "ticket" in given:
        reason = given.get("reason", "")
        seq: int | None = tickets.call_ticket(
            office, bidang, counter, given["ticket"], reason=reason, by=user.actor, now=now
        )
    else:
        seq = tickets.call_next(office, bidang, counter, by=user.actor, now=now)
    if seq is None:
        return commit(Response(status=204))
    called, visit = get_called(office, seq, now=now)
    return commit(jsonify(turn=turn_json(office, visit, now=now), call=call_json(office, called)))
