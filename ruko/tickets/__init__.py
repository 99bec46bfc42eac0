"""The queue: a number for the visit, a turn with each bidang, a call for each announcement."""

from ruko.tickets.estimates import estimate
from ruko.tickets.issuing import check_in, close_past_days, issue
from ruko.tickets.models import Call, State, Ticket, TicketSeries, Turn, VisitorKind
from ruko.tickets.queries import (
    DayFigures,
    Queue,
    Step,
    Visit,
    call_by_seq,
    estimate_for,
    get_visit,
    history_of,
    queue_of,
    ticket_code,
)
from ruko.tickets.serving import (
    CounterBusy,
    call_next,
    call_ticket,
    find_turn,
    finish,
    mark_no_show,
    recall,
    start,
    transfer,
    turn_at,
)

__all__ = [
    "Call",
    "CounterBusy",
    "DayFigures",
    "Queue",
    "State",
    "Step",
    "Ticket",
    "TicketSeries",
    "Turn",
    "Visit",
    "VisitorKind",
    "call_by_seq",
    "call_next",
    "call_ticket",
    "check_in",
    "close_past_days",
    "estimate",
    "estimate_for",
    "find_turn",
    "finish",
    "get_visit",
    "history_of",
    "issue",
    "mark_no_show",
    "queue_of",
    "recall",
    "start",
    "ticket_code",
    "transfer",
    "turn_at",
]
