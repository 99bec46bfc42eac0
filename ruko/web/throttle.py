"""Failed tries, counted by real time: sign-ins, look-ups of codes and tokens, anonymous posts.

A waiting room shares one address, so only failures count, and sign-ins count by account as well.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute, storage
from limits.strategies import FixedWindowRateLimiter

from ruko.errors import NotFound, RateLimited

SIGN_IN = RateLimitItemPerMinute(8, 15, namespace="sign-in")
"""Eight wrong passwords for one account from one address in a quarter of an hour."""
LOOK_UP = RateLimitItemPerMinute(60, 10, namespace="look-up")
ANONYMOUS_POST = RateLimitItemPerMinute(120, 1, namespace="anonymous-post")


class Throttle:
    """Counts in memory, or in Redis where several processes serve one office."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._storage = storage.storage_from_string(redis_url or "memory://")
        self._limiter = FixedWindowRateLimiter(self._storage)

    def check(self, item: RateLimitItem, *who: str) -> None:
        """Raise `RateLimited` when the tries of `who` are used up."""
        if not self._limiter.test(item, *who):
            stats = self._limiter.get_window_stats(item, *who)
            raise RateLimited(max(1, int(stats.reset_time - _epoch())))

    def count(self, item: RateLimitItem, *who: str) -> None:
        """One more try of `who`."""
        self._limiter.hit(item, *who)


@contextmanager
def looking_up() -> Iterator[None]:
    """Count a look-up by code or token that finds nothing; what is found is never limited."""
    try:
        yield
    except NotFound:
        throttle: Throttle = current_app.extensions["ruko_throttle"]
        who = request.remote_addr or ""
        throttle.check(LOOK_UP, who)
        throttle.count(LOOK_UP, who)
        raise

    def forget(self) -> None:
        """Begin anew, as after a restart."""
        self._storage.reset()


def _epoch() -> float:
    """The limiter's own clock, not that of business."""
    return time.time()
