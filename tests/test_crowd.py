"""A crowd at the door of a real server: it keeps nobody from the kiosk, and no paired display from its calls."""

import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import socketio as python_socketio

from ruko.worker import MOST_SEEN, is_whole
from tests.conftest import SLUG
from tests.crowd import HALVES, PATIENCE, Crowd
from tests.test_live import API, Server, Tv

STRANGERS = 400
IDLE = 100
"""Of each kind."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crowded")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    made = Server(folder)
    yield made
    made.stop()


@pytest.fixture
def crowd(server: Server) -> Iterator[Crowd]:
    with closing(Crowd(server.url)) as made:
        yield made


def tv_let_in(server: Server) -> Tv:
    """A paired screen that is switched on now; like a browser's, it tries again."""
    give_up = time.monotonic() + PATIENCE
    while True:
        with suppress(python_socketio.exceptions.ConnectionError):
            return Tv(server, auth={"token": server.display})
        assert time.monotonic() < give_up, "the paired screen was kept out"
        time.sleep(1)


def announce(tv: Tv, folder: Path, seq: int) -> None:
    """The screen says that it spoke the call; returns once that is kept."""
    tv.client.emit("announced", {"seq": seq, "shown": True, "spoken": True}, namespace="/board")
    give_up = time.monotonic() + PATIENCE
    kept = "SELECT count(*) FROM receipt JOIN call ON call.id = call_id WHERE seq = ? AND spoken_at"
    with sqlite3.connect(folder / "ruko.sqlite3") as database:
        while not database.execute(kept, (seq,)).fetchone()[0]:
            assert time.monotonic() < give_up, "the receipt was lost"
            time.sleep(0.1)


def newest_seq(server: Server) -> int:
    status, board = server.ask(f"{API}/board", Accept="application/json")
    assert status == 200, board
    seq: int = board["seq"]
    return seq


def has_call(ticket: str) -> Callable[[dict[str, Any]], bool]:
    return lambda board: any(call["ticket"] == ticket for call in board["calls"])


@pytest.mark.once
def test_a_crowd_keeps_nobody_from_the_kiosk_and_no_screen_from_its_calls(
    server: Server, crowd: Crowd, folder: Path
) -> None:
    before = Tv(server, auth={"token": server.display})
    for said in HALVES.values():
        crowd.connect(IDLE, said)
    assert 100 < crowd.strangers(STRANGERS, joining=True) < STRANGERS
    ticket = server.call(1)  # the kiosk gives a number, a desk calls it
    before.wait("board", has_call(ticket), PATIENCE)
    announce(before, folder, newest_seq(server))
    late = tv_let_in(server)
    ticket = server.call(2)
    late.wait("board", has_call(ticket), PATIENCE)
    before.wait("board", has_call(ticket), PATIENCE)
    announce(late, folder, newest_seq(server))
    for tv in (before, late):
        tv.wait("heartbeat", lambda beat: beat["seq"] >= 2, PATIENCE)
        tv.client.disconnect()
    server.finish_all()


@pytest.mark.once
def test_sockets_that_say_nothing_make_room(server: Server, crowd: Crowd) -> None:
    assert crowd.strangers(STRANGERS, joining=False) < STRANGERS
    tv = tv_let_in(server)
    tv.wait("board", lambda board: board["office"] == SLUG, PATIENCE)
    tv.client.disconnect()


@pytest.mark.once
def test_who_does_not_hang_up_keeps_nobody_waiting(server: Server, crowd: Crowd) -> None:
    last = b"GET /healthz HTTP/1.1\r\nHost: kios\r\nConnection: close\r\n\r\n"
    lines = crowd.connect(IDLE, last)
    for line in lines:
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
    assert server.ask("/healthz")[0] == 200


# ── What is a whole request? ──────────────────────────────────────────────────────────────────

FORM = b"POST /x HTTP/1.1\r\nContent-Type: text/plain\r\nCONTENT-LENGTH:  5\r\n"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (b"", False),
        (b"G", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (FORM + b"\r\n", False),
        (FORM + b"\r\nfour", False),
        (FORM + b"\r\nfive!", True),
        (FORM + b"Expect: 100-continue\r\n\r\n", True),
        (b"POST /x HTTP/1.1\r\nContent-Length: 99999\r\n\r\nlong", True),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"GET /" + b"x" * MOST_SEEN, True),
    ],
)
def test_a_thread_is_given_to_a_whole_request(said: bytes, whole: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(said)
        assert is_whole(ours) is whole
        theirs.close()
        assert ours.recv(2 * MOST_SEEN) == said, "nothing was read away"


def test_nothing_more_will_come_from_who_has_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert is_whole(ours)
