"""Visits of the example: past mornings for the estimates, and a session that is under way."""

import random
from datetime import datetime, timedelta

from ruko import tickets
from ruko.audit import SYSTEM
from ruko.offices import (
    Bidang,
    Counter,
    Office,
    Village,
    all_bidang,
    all_counters,
    all_villages,
    spans_on,
)
from ruko.tickets import Turn, VisitorKind

HISTORY_DAYS = 3
LOOK_BACK_DAYS = 30
AT_THE_COUNTER = ("serving", "called", "held", "serving", "serving", "break")
WAITING = (3, 2, 0, 2, 1, 0)
"""For each bidang in turn: what its counter does at this moment, and how many wait."""
VISITING = ("Batu Piring", "Baruh Bahinu Dalam", "Galumbang", "Lingsir", "Bungin", "Halubau Utara")
"""Whose officials come to the counters these days; some others have kept quiet for weeks."""
RECENT = timedelta(minutes=15)
"""The visitors of this moment have come since then; what is over was over before."""


def play_history(office: Office, dice: random.Random, now: datetime) -> None:
    """Past days, so that the estimates rest on services."""
    played = 0
    for ago in range(1, LOOK_BACK_DAYS):
        spans, _ = spans_on(office, office.day(now) - timedelta(days=ago))
        if spans and played < HISTORY_DAYS:
            played += 1
            for bidang, counter in _desks(office):
                cast = _Cast(office, bidang, counter, dice)
                cast.serve(dice.randint(2, 3), since=spans[0].opens, until=spans[0].closes)


def play_today(office: Office, dice: random.Random, now: datetime) -> None:
    """Today so far: some are done, some at the counters, some wait."""
    spans = [span for span in spans_on(office, office.day(now))[0] if span.opens <= now]
    begun = max(spans[-1].opens, now - RECENT)
    plan = zip(_desks(office), AT_THE_COUNTER, WAITING, strict=False)
    for (bidang, counter), doing, waiting in plan:
        cast = _Cast(office, bidang, counter, dice)
        for span in spans:
            cast.serve(3, since=span.opens, until=min(span.closes, begun))
        if doing == "called":
            cast.miss(begun)
        cast.do(doing, begun, now)
        for came in sorted(max(begun, _before(now, dice.randint(1, 12))) for _ in range(waiting)):
            cast.arrive(came)


def _desks(office: Office) -> list[tuple[Bidang, Counter]]:
    return list(zip(all_bidang(office), all_counters(office), strict=False))


def _before(now: datetime, minutes: int) -> datetime:
    return now - timedelta(minutes=minutes)


class _Cast:
    """The visitors and the officer of one bidang."""

    def __init__(
        self, office: Office, bidang: Bidang, counter: Counter, dice: random.Random
    ) -> None:
        self.office, self.bidang, self.counter, self.dice = office, bidang, counter, dice
        self.villages: list[Village] = [v for v in all_villages(office) if v.name in VISITING]

    def serve(self, most: int, *, since: datetime, until: datetime) -> None:
        """One visitor after the other from the kiosk to the end, as long as all of it fits."""
        free = since + timedelta(minutes=self.dice.randint(2, 8))
        for _ in range(most):
            came = max(since, free - timedelta(minutes=self.dice.randint(0, 6)))
            called = free + timedelta(seconds=self.dice.randint(10, 120))
            started = called + timedelta(seconds=self.dice.randint(20, 80))
            free = started + timedelta(minutes=self.dice.randint(6, 18))
            if free > until:
                return
            self.arrive(came)
            self.call(called)
            self.start(started)
            tickets.finish(self.office, self.visitor(), outcome="answered", by=SYSTEM, now=free)

    def do(self, doing: str, begun: datetime, now: datetime) -> None:
        """What happens at the counter at this moment."""
        if doing == "break":
            at = max(begun, _before(now, 1))
            tickets.take_break(
                self.office, self.bidang, self.counter, minutes=20, by=SYSTEM, now=at
            )
            return
        self.arrive(begun)
        self.call(max(begun, _before(now, 3)))
        if doing == "serving":
            self.start(max(begun, _before(now, 2)))
        elif doing == "held":
            at, reason = max(begun, _before(now, 2)), "Melengkapi berkas"
            tickets.hold(self.office, self.visitor(), reason=reason, by=SYSTEM, now=at)

    def miss(self, at: datetime) -> None:
        """Somebody is called and does not come."""
        self.arrive(at)
        self.call(at)
        reason = "Keluar sebentar"
        tickets.mark_no_show(self.office, self.visitor(), reason=reason, by=SYSTEM, now=at)

    def call(self, at: datetime) -> None:
        """Whoever is first is called."""
        tickets.call_next(self.office, self.bidang, self.counter, by=SYSTEM, now=at)

    def arrive(self, came: datetime) -> None:
        """Somebody takes a number."""
        official = self.dice.random() < 0.6
        tickets.issue(
            self.office,
            self.bidang,
            visitor=VisitorKind.VILLAGE_OFFICIAL if official else VisitorKind.RESIDENT,
            village=self.dice.choice(self.villages) if official else None,
            service=self.dice.choice(self.bidang.services),
            priority=self.dice.random() < 0.15,
            by=SYSTEM,
            now=came,
        )

    def start(self, at: datetime) -> None:
        """Whoever was called sits down."""
        tickets.start(self.office, self.visitor(), by=SYSTEM, now=at)

    def visitor(self) -> Turn:
        """Who is called to or served at the counter."""
        turn = tickets.turn_at(self.counter)
        assert turn is not None  # noqa: S101 – just called
        return turn
