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
from gunicorn.http.body import Body

from ruko.worker import LINGER_SECONDS, MOST_SEEN, MOST_SLOW, Heard, listen_to
from tests.conftest import SLUG, VisitingClient
from tests.crowd import FORM, HALVES, PATIENCE, Crowd
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
            return Tv(server, auth={"token": server.display}, wait_timeout=10)
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
    time.sleep(2 * LINGER_SECONDS)  # now the server cuts them
    assert server.ask("/healthz")[0] == 200


@pytest.mark.once
def test_large_forms_take_turns(server: Server, crowd: Crowd) -> None:
    lines = crowd.connect(MOST_SLOW + IDLE, HALVES["half a large form"])
    for line in lines:
        line.sendall(b"x" * 20_000)
    for line in lines:
        assert line.recv(4096).startswith(b"HTTP/1.1 4"), "refused: it has no CSRF token"


class Silence:
    """What gunicorn reads a body from, when its sender has stopped."""

    times = 0

    def read(self, _size: int) -> bytes:
        self.times += 1
        raise BlockingIOError


def test_a_body_that_fell_silent_is_not_awaited_twice(client: VisitingClient) -> None:
    silence = Silence()
    sent = {"CONTENT_LENGTH": "20000", "wsgi.input": Body(silence)}
    form = "application/x-www-form-urlencoded"
    answer = client.post(f"/{SLUG}/login", content_type=form, environ_overrides=sent)
    assert answer.status_code >= 400
    assert silence.times == 1


# ── How much of a request is there? ───────────────────────────────────────────────────────────

LARGE = 2 * MOST_SEEN


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (b"", Heard.PART),
        (b"G", Heard.PART),
        (b"\r\n\r\n", Heard.PART),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", Heard.PART),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", Heard.ALL),
        (b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", Heard.ALL),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"x" * LARGE, Heard.ALL),
        (b"GET /" + b"x" * LARGE, Heard.LARGE),
        (FORM + b"CONTENT-LENGTH:  5\r\n\r\n", Heard.PART),
        (FORM + b"CONTENT-LENGTH:  5\r\n\r\nfour", Heard.PART),
        (FORM + b"CONTENT-LENGTH:  5\r\n\r\nfive!", Heard.ALL),
        (FORM + b"Content-Length: 005\r\n\r\nfive!", Heard.ALL),
        (FORM + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", Heard.LARGE),
        (FORM + b"Content-Length: 99999\r\n\r\nlong", Heard.LARGE),
        (FORM + b"Content-Length: 0000099999\r\n\r\nlong", Heard.LARGE),
        (FORM + b"Content-Length: 9999999999\r\n\r\nlong", Heard.LARGE),
        (FORM + b"Transfer-Encoding: chunked\r\n\r\n", Heard.LARGE),
        (FORM + b"Transfer-Encoding:\tchunked\r\nContent-Length: 0\r\n\r\n", Heard.LARGE),
    ],
)
def test_a_thread_is_given_to_a_whole_request(said: bytes, heard: Heard) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(said)
        assert listen_to(ours) is heard
        theirs.close()
        assert ours.recv(2 * LARGE) == said, "nothing was read away"


def test_what_was_read_before_counts() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert listen_to(ours, FORM) is Heard.PART
        theirs.sendall(b"Content-Length: 5\r\n\r\n")
        assert listen_to(ours, FORM) is Heard.PART
        theirs.sendall(b"five!")
        assert listen_to(ours, FORM) is Heard.ALL


def test_nothing_more_will_come_from_who_has_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert listen_to(ours) is Heard.ALL
