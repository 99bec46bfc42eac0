"""What staff do with the visitor whom a ticket's token stands for."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from api.body import Fields, Text, Whole, answered, read_body
from api.desk import SERVING
from api.operations import operation
from api.shown import turn_json
from ruko import clock, tickets
from ruko.db import db
from ruko.errors import Forbidden, Unauthenticated
from ruko.offices import Bidang, get_bidang, get_counter
from ruko.tickets import Turn, get_turn, get_visit, stepped_turn
from ruko.tickets.moves import LONGEST_REASON
from ruko.tickets.serving import LONGEST_HELD_REASON, LONGEST_NOTE, LONGEST_OUTCOME
from ruko.web import caller, commit, office_of, require_role

bp = Blueprint("turns", __name__, url_prefix="/turns/<token>")

FINISH = {
    "outcome": Text(longest=LONGEST_OUTCOME, optional=True),
    "note": Text(longest=LONGEST_NOTE, optional=True),
}
NO_SHOW = {"reason": Text(longest=LONGEST_REASON, optional=True)}
HOLD = {"reason": Text(longest=LONGEST_HELD_REASON, optional=True)}
RESUME = {"counter": Whole(optional=True)}
TRANSFER = {"bidang": Text(), "note": Text(longest=LONGEST_REASON, optional=True)}


@bp.post("/recall")
@operation("Announce the called visitor again", {200: "Turn"})
def recall(token: str) -> ResponseReturnValue:
    """The third announcement is the last one."""
    return _act(token, {}, tickets.recall)


@bp.post("/start")
@operation("The called visitor sits down", {200: "Turn"})
def start(token: str) -> ResponseReturnValue:
    """Serving begins."""
    return _act(token, {}, tickets.start)


@bp.post("/finish")
@operation("The visit at this bidang is over", {200: "Turn"}, body=FINISH)
def finish(token: str) -> ResponseReturnValue:
    """The place is free again."""
    return _act(token, FINISH, tickets.finish)


@bp.post("/no-show")
@operation("The called visitor did not come", {200: "Turn"}, body=NO_SHOW)
def no_show(token: str) -> ResponseReturnValue:
    """Before the last announcement only with a reason."""
    return _act(token, NO_SHOW, tickets.mark_no_show)


@bp.post("/hold")
@operation("Let the visitor wait aside; the place is free meanwhile", {200: "Turn"}, body=HOLD)
def hold(token: str) -> ResponseReturnValue:
    """Such as for a missing paper."""
    return _act(token, HOLD, tickets.hold)


@bp.post("/resume")
@operation("Call a held visitor again", {200: "Turn"}, body=RESUME)
def resume(token: str) -> ResponseReturnValue:
    """To the last place unless another is named."""

    def call_again(office: Any, turn: Turn, *, counter: int | None = None, **given: Any) -> None:
        bidang = db.session.get_one(Bidang, turn.bidang_id)
        place = get_counter(office, counter, bidang) if counter is not None else None
        tickets.resume(office, turn, counter=place, **given)

    return _act(token, RESUME, call_again)


@bp.post("/return")
@operation("Let the called visitor wait again at their place", {200: "Turn"})
def send_back(token: str) -> ResponseReturnValue:
    """The call is over, the order as before it."""
    return _act(token, {}, tickets.send_back)


@bp.post("/undo")
@operation("Take the ticket's last step back, for a short time", {200: "Turn"})
def undo(token: str) -> ResponseReturnValue:
    """Also after finishing; whoever may serve the bidang that took the step."""
    return _act(token, {}, tickets.undo, whose=stepped_turn)


@bp.post("/transfer")
@operation("Hand the visitor to another bidang", {200: "Turn"}, body=TRANSFER)
def transfer(token: str) -> ResponseReturnValue:
    """Same number, original arrival; answers with the new waiting turn."""

    def hand_over(office: Any, turn: Any, *, bidang: str, **given: Any) -> None:
        tickets.transfer(office, turn, get_bidang(office, bidang), **given)

    return _act(token, TRANSFER, hand_over)


def _act(
    token: str,
    fields: Fields,
    step: Callable[..., object],
    *,
    whose: Callable[[Turn], Turn] = lambda turn: turn,
) -> ResponseReturnValue:
    """Take one step with the ticket's latest turn, and show how it stands then.

    `whose` gives the turn whose bidang the caller must serve.
    """
    if caller() is None:
        raise Unauthenticated
    now = clock.now()
    office, turn = get_turn(token, office_of=office_of)
    user = require_role(*SERVING)
    if done := answered(user):
        return done
    given = read_body(fields)
    if not user.may_serve(whose(turn).bidang_id):
        raise Forbidden
    step(office, turn, by=user.actor, now=now, **given)
    _, visit = get_visit(token, office_of=office_of, now=now)
    return commit(jsonify(turn_json(office, visit, now=now)))
