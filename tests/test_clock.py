"""The business clock: aware, movable for demonstrations, and never what a time-out hangs on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ruko import clock


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    before = clock._offset  # noqa: SLF001 – one clock per process
    yield
    clock._offset = before  # noqa: SLF001


def test_the_clock_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC
    assert not clock.is_moved()


def test_a_moved_clock_ticks_on_from_there() -> None:
    there = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
    clock.start_at(there)

    first, second = clock.now(), clock.now()
    assert clock.is_moved()
    assert first.tzinfo is UTC
    assert timedelta() <= first - there < timedelta(seconds=30)
    assert first <= second


def test_a_clock_may_be_moved_back_as_well_as_ahead() -> None:
    real = clock.now()
    clock.start_at(real - timedelta(days=365))
    assert clock.now() < real
    clock.start_at(real + timedelta(days=365))
    assert clock.now() > real


def test_moving_it_twice_counts_from_the_real_time() -> None:
    there = datetime(2027, 1, 1, tzinfo=UTC)
    clock.start_at(datetime(2020, 1, 1, tzinfo=UTC))
    clock.start_at(there)

    assert timedelta() <= clock.now() - there < timedelta(seconds=30)


def test_a_moment_without_its_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        clock.start_at(datetime(2026, 11, 23, 9))  # noqa: DTZ001 – that is the fault
    assert not clock.is_moved()


def test_monotonic_time_does_not_follow_the_moved_clock() -> None:
    before = clock.monotonic()
    clock.start_at(datetime(1999, 1, 1, tzinfo=UTC))

    assert 0 <= clock.monotonic() - before < 30
