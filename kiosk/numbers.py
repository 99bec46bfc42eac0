"""Taking a number: one question per page, every answer goes on at once, the last one issues."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.forms import STEPS, Choices, read_choices
from kiosk.printing import print_at
from kiosk.routes import bp, refused, this_kiosk
from ruko import clock, devices
from ruko.board import recent
from ruko.errors import IdempotencyMismatch, RukoError, WrongState
from ruko.offices import all_bidang, all_villages, opening
from ruko.tickets import VisitorKind, find_turn, issue, leave
from ruko.web import commit, current_office, led_to, once, undo


@bp.get("/number/<any(who,village,bidang,service,priority):question>")
def ask(question: str) -> ResponseReturnValue:
    """One question; whoever skipped an earlier one is led to it."""
    office, now = current_office(), clock.now()
    if not opening(office, now).numbers:
        return redirect(url_for("kiosk.start"))
    choices = read_choices(office, request.args)
    asked = choices.questions
    if question not in asked or asked.index(question) > asked.index(choices.next_question()):
        return redirect(_onward(choices))
    choices = choices.before(question)
    previous = choices.previous(question)
    back = (
        url_for("kiosk.ask", question=previous, **_query(choices.before(previous)))
        if previous
        else url_for("kiosk.start")
    )
    return render_template(
        f"kiosk/{question}.html",
        step=STEPS[question],
        steps=max(STEPS.values()),
        choices=choices,
        back=back,
        answer=lambda **given: _onward(replace(choices, **given)),
        **_offers(question, choices),
    )


@bp.post("/number")
def take() -> ResponseReturnValue:
    """Issue the number; a second press or a resend leads to the same one."""
    device, office, now = this_kiosk(), current_office(), clock.now()
    if done := once(device, now=now):
        return done
    try:
        choices = read_choices(office, request.form)
        priority = {"yes": True, "no": False}.get(request.form.get("priority", ""))
        answered = choices.next_question() == "priority" and priority is not None
        if not answered or choices.bidang is None or not choices.visitor:
            return redirect(_onward(choices), 303)
        token = issue(
            office,
            choices.bidang,
            visitor=choices.visitor,
            village=choices.village,
            service=choices.service,
            priority=bool(priority),
            by=device.actor,
            now=now,
        )
    except RukoError as error:
        undo()
        return refused(error, _("Your number was not taken"))
    print_at(device, token, now=now)
    devices.touch(device.id, now=now)
    return commit(redirect(url_for("kiosk.ticket", token=token), 303))


@bp.post("/withdraw")
def withdraw() -> ResponseReturnValue:
    """The visitor has gone before the answer to a press came: its number is given up, or never taken.

    The key is used up here; where the press was faster, the ticket that it led to is left – if it
    waits since that very press: a second scan finds a number that somebody holds already.
    """
    device, office, now = this_kiosk(), current_office(), clock.now()
    try:
        if done := once(device):
            return done
    except IdempotencyMismatch:
        where, pressed_at = led_to(device, request.form["request_key"]) or ("", None)
        turn = find_turn(office, where.rsplit("/", 1)[-1])
        if turn and turn.entered_at == pressed_at:
            with suppress(WrongState):  # called meanwhile: the desk sees that nobody comes
                leave(office, turn, by=device.actor, now=now)
    return commit(Response(status=204))


def _onward(choices: Choices) -> str:
    """The page of the first question that is still open."""
    return url_for("kiosk.ask", question=choices.next_question(), **_query(choices))


def _query(choices: Choices) -> dict[str, Any]:
    return dict(choices.query)


def _offers(question: str, choices: Choices) -> dict[str, Any]:
    """What the page of that question shows."""
    office = current_office()
    match question:
        case "who":
            return {"kinds": VisitorKind}
        case "village":
            villages = all_villages(office)
            return {"villages": sorted(villages, key=lambda village: village.kind)}
        case "bidang" | "service":
            rows = recent(office, now=clock.now()).content["bidang"]
            return {"all_bidang": all_bidang(office), "queues": {row["code"]: row for row in rows}}
        case _:
            return {}
