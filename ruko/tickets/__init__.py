"""The queue: a number for the visit, a turn with each bidang, a call for each announcement."""

from ruko.tickets.calling import CounterBusy, call_next, call_ticket, recall
from ruko.tickets.estimates import estimate
from ruko.tickets.issuing import check_in, close_past_days, issue
from ruko.tickets.models import (
    Call,
    CounterBreak,
    Outcome,
    State,
    Ticket,
    TicketSeries,
    Turn,
    VisitorKind,
)
from ruko.tickets.moves import find_turn, turn_at
from ruko.tickets.queries import (
    DayFigures,
    Queue,
    Step,
    Visit,
    estimate_for,
    get_called,
    get_visit,
    history_of,
    queue_of,
    served_now,
    ticket_code,
    visits_at_counters,
)
from ruko.tickets.serving import finish, mark_no_show, start, transfer

__all__ = [
    "Call",
    "CounterBreak",
    "CounterBusy",
    "DayFigures",
    "Outcome",
    "Queue",
    "State",
    "Step",
    "Ticket",
    "TicketSeries",
    "Turn",
    "Visit",
    "VisitorKind",
    "call_next",
    "call_ticket",
    "check_in",
    "close_past_days",
    "estimate",
    "estimate_for",
    "find_turn",
    "finish",
    "get_called",
    "get_visit",
    "history_of",
    "issue",
    "mark_no_show",
    "queue_of",
    "recall",
    "served_now",
    "start",
    "ticket_code",
    "transfer",
    "turn_at",
    "visits_at_counters",
]
