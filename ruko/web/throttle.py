"""Failed tries, counted by real time: sign-ins, look-ups of codes and tokens, anonymous posts.

A waiting room shares one address, so only failures count, and sign-ins count by account as well.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network

from flask import current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute, storage
from limits.errors import StorageError
from limits.strategies import FixedWindowRateLimiter

from ruko.errors import NotFound, RateLimited
from ruko.web.callers import caller

log = logging.getLogger(__name__)

SIGN_IN = RateLimitItemPerMinute(8, 15, namespace="sign-in")
"""Eight wrong passwords for one account from one address in a quarter of an hour."""
SECOND_STEP = RateLimitItemPerMinute(8, 15, namespace="second-step")
"""Wrong codes of one account from anywhere: only who knows its password is asked for one."""
LOOK_UP = RateLimitItemPerMinute(60, 10, namespace="look-up")
ANONYMOUS_POST = RateLimitItemPerMinute(120, 1, namespace="anonymous-post")
PAIRING_CODE = RateLimitItemPerMinute(12, 15, namespace="pairing-code")
"""Below what an office shows at once (`pairing.MOST_OPEN`): one address never uses all of it up."""


class Throttle:
    """Counts in memory, or in Redis where several processes serve one office.

    While Redis is away each process counts for itself: nobody is kept from signing in.
    """

    def __init__(self, redis_url: str | None = None) -> None:
        self._own = FixedWindowRateLimiter(storage.MemoryStorage())
        self._shared = self._own
        if redis_url:
            if redis_url.startswith("unix:"):
                redis_url = f"redis+{redis_url}"  # the limiter's own word for it
            self._shared = FixedWindowRateLimiter(
                storage.storage_from_string(
                    redis_url,
                    wrap_exceptions=True,
                    socket_timeout=0.5,
                    socket_connect_timeout=0.5,
                    retry=None,  # type: ignore[arg-type]  # ten times, the library's own, would hang a sign-in
                )
            )

    def check(self, item: RateLimitItem, *who: str) -> None:
        """Raise `RateLimited` when the tries of `who` are used up."""
        try:
            allowed, ends = self._look(self._shared, item, who)
        except StorageError:
            allowed, ends = self._look(self._own, item, who)
        if not allowed:
            raise RateLimited(max(1, int(ends - time.time())))  # the limiter's clock, not ours

    def count(self, item: RateLimitItem, *who: str) -> None:
        """One more try of `who`."""
        try:
            self._shared.hit(item, *who)
        except StorageError:
            log.warning("Redis is away; failed tries are counted by this process alone")
            self._own.hit(item, *who)

    def forget(self) -> None:
        """Begin anew, as after a restart."""
        for limiter in {self._own, self._shared}:
            limiter.storage.reset()

    @staticmethod
    def _look(
        limiter: FixedWindowRateLimiter, item: RateLimitItem, who: tuple[str, ...]
    ) -> tuple[bool, float]:
        return limiter.test(item, *who), limiter.get_window_stats(item, *who).reset_time


def sender() -> str:
    """Where a request comes from: an address, or of IPv6 its network, all of which one person has."""
    address = request.remote_addr or ""
    try:
        seen = ip_address(address)
    except ValueError:  # whatever a proxy says
        return address
    if seen.version == 4:
        return address
    return str(seen.ipv4_mapped or ip_network((seen, 64), strict=False))


@contextmanager
def looking_up() -> Iterator[None]:
    """Look something up by its code or token; what is found is never limited.

    A stranger who misses too often is told to wait (`RateLimited`); known callers never are.
    """
    try:
        yield
    except NotFound:
        if caller() is None:
            throttle: Throttle = current_app.extensions["ruko_throttle"]
            throttle.check(LOOK_UP, sender())
            throttle.count(LOOK_UP, sender())
        raise
