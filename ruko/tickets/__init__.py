"""The queue: a number for the visit, a turn with each bidang, a call for each announcement."""

from ruko.tickets.calling import call_next, call_ticket, recall, resume
from ruko.tickets.counters import CounterBusy, Rest, breaks_now, end_break, take_break
from ruko.tickets.days import begin_day, close_past_days
from ruko.tickets.estimates import estimate
from ruko.tickets.figures import DayFigures, OwnFigures, full_bidang, own_figures
from ruko.tickets.issuing import QueueFull, check_in, issue
from ruko.tickets.leaving import leave, let_pass, rejoin, rejoin_until
from ruko.tickets.models import (
    AT_COUNTER,
    Call,
    CounterBreak,
    Outcome,
    State,
    Ticket,
    TicketSeries,
    Turn,
    VisitorKind,
    state_in,
)
from ruko.tickets.moves import bidang_of, find_turn, get_turn, turn_at
from ruko.tickets.queries import Queue, queue_of, visits_at_counters
from ruko.tickets.results import Result, open_ticket_of, results_of
from ruko.tickets.serving import finish, hold, mark_no_show, send_back, start, transfer
from ruko.tickets.undoing import stepped_turn, undo
from ruko.tickets.visits import (
    LATEST_FIRST,
    Step,
    Visit,
    estimate_for,
    get_called,
    get_visit,
    history_of,
    served_now,
    somebody_behind,
    ticket_code,
    version_at,
)

__all__ = [
    "AT_COUNTER",
    "LATEST_FIRST",
    "Call",
    "CounterBreak",
    "CounterBusy",
    "DayFigures",
    "Outcome",
    "OwnFigures",
    "Queue",
    "QueueFull",
    "Rest",
    "Result",
    "State",
    "Step",
    "Ticket",
    "TicketSeries",
    "Turn",
    "Visit",
    "VisitorKind",
    "begin_day",
    "bidang_of",
    "breaks_now",
    "call_next",
    "call_ticket",
    "check_in",
    "close_past_days",
    "end_break",
    "estimate",
    "estimate_for",
    "find_turn",
    "finish",
    "full_bidang",
    "get_called",
    "get_turn",
    "get_visit",
    "history_of",
    "hold",
    "issue",
    "leave",
    "let_pass",
    "mark_no_show",
    "open_ticket_of",
    "own_figures",
    "queue_of",
    "recall",
    "rejoin",
    "rejoin_until",
    "results_of",
    "resume",
    "send_back",
    "served_now",
    "somebody_behind",
    "start",
    "state_in",
    "stepped_turn",
    "take_break",
    "ticket_code",
    "transfer",
    "turn_at",
    "undo",
    "version_at",
    "visits_at_counters",
]
