"""Several processes: each hears through Redis what happened in another, and no fault of it is felt."""

import os
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from ruko.assistance import HelpAnswered, HelpAsked
from ruko.displays import DisplayChanged
from ruko.live import relay
from ruko.live.relay import KINDS, Happened, Relay
from ruko.offices import BoardChanged
from ruko.receipts import CallAnnounced
from ruko.voice import VoiceChanged
from ruko.web.throttle import SIGN_IN, Throttle
from tests.redis_server import RedisMissing, RedisServer, find_redis, temporary_redis

SOON = 30
"""Seconds; a loaded machine is slow."""


def has_redis() -> bool:
    try:
        return bool(find_redis())
    except RedisMissing:
        return os.environ.get("CI") == "true"  # there its lack is a failure


pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not has_redis(), reason="Redis is not installed"),
]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with temporary_redis() as server:
        yield server


class Process:
    """What one process of the house hears from the others."""

    def __init__(self, url: str) -> None:
        self._heard: SimpleQueue[Happened] = SimpleQueue()
        self._lines: SimpleQueue[bool] = SimpleQueue()
        self.relay = Relay(url)
        self.relay.start(self._heard.put, lambda: self._lines.put(True))

    def hears(self, *, within: float = SOON) -> Happened:
        return self._heard.get(timeout=within)

    def hears_nothing(self) -> bool:
        return self._heard.empty()

    def has_a_line(self) -> bool:
        """Wait until it has one anew."""
        return self._lines.get(timeout=SOON)


Pair = tuple[Process, Process]


@pytest.fixture(scope="module")
def pair(redis: RedisServer) -> Pair:
    """Two processes of one house, for all tests: what listens ends with the program only.

    What Redis does not take in time is lost, as it may be; here each test wants to hear it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay, "ANSWER_SECONDS", SOON)
        both = Process(redis.url), Process(redis.url)
    assert all(process.has_a_line() for process in both)
    return both


EVERYTHING: tuple[Happened, ...] = (
    BoardChanged(7, frozenset({"KES", "PEM"})),
    BoardChanged(7),
    HelpAsked(7, 1),
    HelpAnswered(7, 1),
    CallAnnounced(7, "PEM"),
    DisplayChanged(7, 3),
    VoiceChanged(7),
)


def test_nothing_that_rings_is_left_out() -> None:
    assert {type(happened) for happened in EVERYTHING} == set(KINDS.values())


def test_what_happens_in_one_process_is_heard_in_the_others(pair: Pair) -> None:
    one, other = pair
    for happened in EVERYTHING:
        one.relay.tell(happened)
        assert other.hears() == happened
    other.relay.tell(VoiceChanged(8))
    assert one.hears() == VoiceChanged(8)
    assert other.hears_nothing()
    assert one.hears_nothing()  # none of its own came back to it


@pytest.mark.parametrize(
    "said",
    [b"", b"7", b"[]", b'["x","Unknown",{}]', b'["x","HelpAsked",{"colour":"red"}]', b"\xff"],
)
def test_what_another_version_says_is_passed_over(
    redis: RedisServer, pair: Pair, said: bytes
) -> None:
    import redis as library  # noqa: PLC0415 – the fixture has its name

    one, other = pair
    library.Redis.from_url(redis.url).publish("ruko.happened", said)
    one.relay.tell(VoiceChanged(7))
    assert other.hears() == VoiceChanged(7)


def test_redis_may_stop_and_come_back(redis: RedisServer, pair: Pair) -> None:
    one, other = pair
    redis.stop()
    for number in range(2000):  # more than is kept
        one.relay.tell(CallAnnounced(number, "PEM"))
    redis.start()
    assert one.has_a_line()
    assert other.has_a_line()
    _until_heard(one, other, VoiceChanged(7))
    _until_heard(other, one, VoiceChanged(8))


def test_a_redis_that_hangs_is_noticed(
    redis: RedisServer,
    pair: Pair,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "QUIET_SECONDS", 0.5)
    one, other = pair
    redis.hang()
    one.relay.tell(VoiceChanged(7))
    give_up = time.monotonic() + SOON
    while caplog.text.count("nothing any more") < len(pair):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    redis.go_on()
    assert all(process.has_a_line() for process in pair)
    _until_heard(one, other, VoiceChanged(7))


def test_failed_tries_are_counted_without_redis(redis: RedisServer) -> None:
    """Runs last: it ends the server."""
    throttle = Throttle(redis.url)
    redis.hang()
    throttle.count(SIGN_IN, "somebody")
    throttle.check(SIGN_IN, "somebody")
    redis.stop()
    throttle.count(SIGN_IN, "somebody")
    throttle.check(SIGN_IN, "somebody")


def _until_heard(one: Process, other: Process, happened: Any) -> None:
    """What is told while the other's line is not yet there is lost, as it may be."""
    give_up = time.monotonic() + SOON
    while time.monotonic() < give_up:
        one.relay.tell(happened)
        try:
            while other.hears(within=1) != happened:
                pass
        except Empty:
            continue
        return
    raise AssertionError(f"{happened} was never heard")
