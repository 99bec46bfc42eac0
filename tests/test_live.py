"""Socket.IO: who is let in, what is told, and when; then the same on a real server."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import socketio as python_socketio
import websocket
from flask import Flask
from flask_socketio import SocketIOTestClient
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from ruko import clock, events
from ruko.accounts import create_token, get_user
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import Device, revoke_device
from ruko.live import ringing, seats, wires
from ruko.live.ringing import tell_board, tell_heartbeat
from ruko.offices import BoardChanged, Office, get_office
from tests.conftest import SLUG, VisitingClient, new_device
from tests.people import call, call_again, called, take
from tests.ports import answers, free_port

ROOT = Path(__file__).parent.parent
BURST_SECONDS = 30
STOP_SECONDS = 20
API = f"/api/v1/offices/{SLUG}"

Screen = Callable[..., SocketIOTestClient]
Work = Callable[[Office], Any]


@pytest.fixture
def bell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application that rings; the last one made does.

    Its heart beats, and a board is read again, only where a test lets it: the thread is as old as the
    first test that rang, and its half minute would end in the middle of any later one.
    """

    def tell_change(office_id: int, all_bidang: set[str] | None, told: dict[int, Any]) -> None:
        if all_bidang is not None:
            tell_board(office_id, all_bidang, told)

    monkeypatch.setattr(ringing, "tell_heartbeat", lambda *_: None)
    monkeypatch.setattr(ringing, "tell_board", tell_change)
    monkeypatch.setattr(wires, "_app", app)
    monkeypatch.setattr(app, "wsgi_app", app.wsgi_app)  # wrapped below, and unwrapped afterwards
    wires.socketio.init_app(app, async_mode="threading", manage_session=False)
    yield app
    seats.guests.clear()


@pytest.fixture
def screen(bell: Flask) -> Screen:
    """A screen: `screen()`, `screen(client, namespace="/desk")`, `screen(auth={"token": …})`."""

    def connect(
        client: VisitingClient | None = None,
        *,
        namespace: str = "/board",
        office: str = SLUG,
        **options: Any,
    ) -> SocketIOTestClient:
        return wires.socketio.test_client(
            bell,
            namespace=namespace,
            query_string=f"?office={office}",
            flask_test_client=client,
            **options,
        )

    return connect


@pytest.fixture
def happen(app: Flask, now: Any) -> Callable[[Work], None]:
    """Let something happen in the office, and commit it."""

    def work(what: Work, *, commit: bool = True) -> None:
        with app.app_context(), writing():
            what(get_office(SLUG))
            if commit:
                db.session.commit()
            else:
                db.session.rollback()

    return work


def told(screen: SocketIOTestClient, event: str, namespace: str = "/board") -> list[dict[str, Any]]:
    """What the screen was told since it was last asked."""
    return [m["args"][0] for m in screen.get_received(namespace) if m["name"] == event]


def wait_for(
    screen: SocketIOTestClient, event: str, namespace: str = "/board"
) -> list[dict[str, Any]]:
    give_up = time.monotonic() + BURST_SECONDS
    while time.monotonic() < give_up:
        if heard := told(screen, event, namespace):
            return heard
        time.sleep(0.01)
    raise AssertionError(f"no {event} came")


def boards_until(
    screen: SocketIOTestClient, shown: Callable[[dict[str, Any]], bool]
) -> list[dict[str, Any]]:
    """Every board up to the one that is `shown`."""
    heard: list[dict[str, Any]] = []
    while not (heard and shown(heard[-1])):
        heard += wait_for(screen, "board")
    return heard


# ── Letting in ────────────────────────────────────────────────────────────────────────────────


def test_a_stranger_gets_the_board_at_once(screen: Screen) -> None:
    stranger = screen()
    assert stranger.is_connected("/board")
    (board,) = told(stranger, "board")
    assert (board["office"], board["state"], board["calls"]) == (SLUG, "open", [])
    assert [guest.stranger for guest in seats.guests.values()] == [True]


@pytest.mark.parametrize("office", ["", "mars", "%00", "paringin-selatan%27"])
def test_an_unknown_office_is_refused(screen: Screen, office: str) -> None:
    assert not screen(office=office).is_connected("/board")
    assert not seats.guests


def test_a_paired_display_is_known_by_its_cookie(
    app: Flask, screen: Screen, paired: Callable[..., VisitingClient], now: Any
) -> None:
    assert screen(paired("display")).is_connected("/board")
    assert [guest.stranger for guest in seats.guests.values()] == [False]
    with app.app_context():
        assert db.session.query(Device).one().last_seen == now


def test_a_paired_display_is_known_by_its_token(app: Flask, screen: Screen) -> None:
    _, token = new_device(app, "display", "Layar")
    screen(auth={"token": token})
    assert [guest.stranger for guest in seats.guests.values()] == [False]


@pytest.mark.parametrize("auth", [{"token": "wrong"}, {"token": 7}, {}, {"other": "x"}])
def test_a_wrong_token_is_a_stranger(screen: Screen, auth: dict[str, Any]) -> None:
    assert screen(auth=auth).is_connected("/board")
    assert [guest.stranger for guest in seats.guests.values()] == [True]


def test_a_revoked_display_is_a_stranger(
    app: Flask, screen: Screen, paired: Callable[..., VisitingClient], now: Any
) -> None:
    client = paired("display")
    with app.app_context(), writing():
        device = db.session.query(Device).one()
        revoke_device(get_office(SLUG), device.id, by=SYSTEM, now=now)
        db.session.commit()
    assert screen(client).is_connected("/board")
    assert [guest.stranger for guest in seats.guests.values()] == [True]


def test_a_kiosk_is_no_display(screen: Screen, paired: Callable[..., VisitingClient]) -> None:
    screen(paired("kiosk"))
    assert [guest.stranger for guest in seats.guests.values()] == [True]


def test_strangers_never_keep_out_a_screen_or_a_desk(
    screen: Screen,
    paired: Callable[..., VisitingClient],
    sign_in: Callable[..., VisitingClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seats, "MOST_STRANGERS", 2)
    monkeypatch.setattr(seats, "MOST_SOCKETS", 4)
    first, second, third = screen(), screen(), screen()
    assert [s.is_connected("/board") for s in (first, second, third)] == [True, True, False]
    assert screen(paired("display")).is_connected("/board")
    assert screen(sign_in("operator"), namespace="/desk").is_connected("/desk")
    assert not screen(paired("display", "Layar 2")).is_connected("/board")
    first.disconnect("/board")
    assert screen(paired("display", "Layar 3")).is_connected("/board")


def test_only_signed_in_staff_hear_the_desk(
    screen: Screen, sign_in: Callable[..., VisitingClient], paired: Callable[..., VisitingClient]
) -> None:
    assert not screen(namespace="/desk").is_connected("/desk")
    assert not screen(paired("display"), namespace="/desk").is_connected("/desk")
    village = sign_in("village", village="63.11.07.2008")
    assert not screen(village, namespace="/desk").is_connected("/desk")
    staff = sign_in("staff", bidang="PEM")
    assert screen(staff, namespace="/desk").is_connected("/desk")


def test_a_program_hears_the_desk_with_the_token_of_its_account(
    app: Flask, screen: Screen, account: Callable[..., str]
) -> None:
    names = account("staff", bidang="PEM"), account("village", village="63.11.07.2008")
    with app.app_context(), writing():
        users = [get_user(get_office(SLUG), name) for name in names]
        staff, village = (create_token(user, by=SYSTEM, now=clock.now()) for user in users)
        db.session.commit()
    display = new_device(app, "display", "TV")[1]

    assert screen(namespace="/desk", auth={"token": staff}).is_connected("/desk")
    for token in (village, display, "unknown", 5):
        assert not screen(namespace="/desk", auth={"token": token}).is_connected("/desk")
    for header, welcome in (
        (f"Bearer {staff}", True),
        (f"Bearer {village}", False),
        ("Basic x", False),
    ):
        heard = screen(namespace="/desk", headers={"Authorization": header})
        assert heard.is_connected("/desk") == welcome


def test_a_fault_while_letting_in_refuses_and_keeps_no_seat(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(ringing, "recent", fail)
    assert not screen().is_connected("/board")
    assert not seats.guests


def test_a_socket_that_vanished_loses_its_seat(bell: Flask, screen: Screen) -> None:
    kept = screen()
    seats.guests["gone"] = seats.Guest("/board", 1, stranger=True)
    seats.forget_the_gone()
    assert len(seats.guests) == 1
    assert kept.is_connected("/board")


# ── Ringing ───────────────────────────────────────────────────────────────────────────────────


def test_a_commit_rings_the_screens_and_the_desks(
    screen: Screen, sign_in: Callable[..., VisitingClient], happen: Any, now: Any
) -> None:
    board = screen()
    desk = screen(sign_in("operator"), namespace="/desk")
    told(board, "board")
    happen(lambda office: take(office, now))
    (seen,) = wait_for(board, "board")
    assert seen["bidang"][0]["waiting"] == 1
    assert wait_for(desk, "queue", "/desk") == [{"bidang": "PEM", "version": seen["version"]}]


def test_a_rollback_rings_nobody(screen: Screen, happen: Any, now: Any) -> None:
    board = screen()
    told(board, "board")
    happen(lambda office: take(office, now), commit=False)
    happen(lambda office: take(office, now, "KES"))
    heard = boards_until(board, lambda b: b["bidang"][3]["waiting"] == 1)
    assert [b["bidang"][0]["waiting"] for b in heard] == [0]


def test_another_office_is_not_rung(screen: Screen) -> None:
    board = screen()
    told(board, "board")
    wires.send("board", {"office": "another"}, "/board", to=wires.room_of(999))
    assert told(board, "board") == []


def test_a_burst_is_one_message_and_no_call_is_lost(
    screen: Screen, happen: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringing, "MERGE_SECONDS", 2)  # so that a slow machine is fast enough
    board = screen()
    told(board, "board")

    def burst(office: Office) -> None:
        for counter in range(1, 6):
            take(office, now)
            call(office, now, counter=counter)
            db.session.commit()

    happen(burst)
    heard = boards_until(board, lambda b: len(b["calls"]) == 5)
    assert 1 <= len(heard) <= 3
    assert [c["ticket"] for c in heard[-1]["calls"]] == [f"A-00{n}" for n in range(1, 6)]
    versions = [b["version"] for b in heard]
    assert versions == sorted(versions)


def test_a_recall_is_a_new_seq(screen: Screen, happen: Any, now: Any) -> None:
    board = screen()

    def twice(office: Office) -> None:
        take(office, now)
        turn = called(office, now)
        db.session.commit()
        call_again(office, turn, now + timedelta(seconds=10))

    happen(twice)
    heard = boards_until(board, lambda b: b["seq"] == 2)
    (one,) = heard[-1]["calls"]
    assert (one["seq"], one["kind"]) == (2, "recall")


def test_the_heartbeat_comes_from_the_database(screen: Screen, app: Flask, now: Any) -> None:
    board = screen()
    with app.app_context():
        office = get_office(SLUG)
        tell_heartbeat(office.id, {})
    assert told(board, "heartbeat") == [
        {"version": 0, "seq": 0, "generated_at": "2026-11-23T09:00:00+08:00"}
    ]


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_message_is_framed_as_every_browser_reads_it(size: int) -> None:
    said = "x" * size
    browser = Connection(ConnectionType.CLIENT)
    browser.receive_data(wires.framed(said))
    assert "".join(part.data for part in browser.events() if isinstance(part, TextMessage)) == said


def test_a_screen_that_reads_nothing_keeps_nobody_waiting() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        frame = wires.framed("x" * 1000)
        while wires.put_on(ours, frame):  # until nothing more fits; the library takes it from here
            pass
        theirs.recv(500)
        assert not wires.put_on(ours, frame)
        theirs.close()
        assert wires.put_on(ours, frame)  # nobody is there to be told


def test_half_a_message_ends_the_line() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert wires.put_on(ours, wires.framed("x" * 10_000_000))
        theirs.settimeout(BURST_SECONDS)
        while theirs.recv(1_000_000):
            pass


def test_what_another_process_changed_is_told_by_the_heartbeat_at_the_latest(
    screen: Screen, sign_in: Callable[..., VisitingClient], app: Flask, happen: Any, now: Any
) -> None:
    board = screen()
    desk = screen(sign_in("operator"), namespace="/desk")
    kept: dict[int, dict[str, Any]] = {}

    def unheard(office: Office) -> None:
        take(office, now)
        events.forget()

    with app.app_context():
        office_id = get_office(SLUG).id
        tell_board(office_id, set(), kept)
    told(board, "board")
    happen(unheard)
    with app.app_context():
        tell_heartbeat(office_id, kept)
    seen = told(board, "board")[-1]
    assert seen["bidang"][0]["waiting"] == 1
    assert {"bidang": "PEM", "version": seen["version"]} in told(desk, "queue", "/desk")
    assert kept[office_id]["version"] == seen["version"]


def test_what_another_process_tells_is_told_to_the_screens(
    screen: Screen, happen: Any, now: Any
) -> None:
    board = screen()
    offices: list[int] = []
    told(board, "board")

    def unheard(office: Office) -> None:
        take(office, now)
        events.forget()
        offices.append(office.id)

    happen(unheard)
    ringing.mark(BoardChanged(offices[0], frozenset({"PEM"})))
    (seen,) = wait_for(board, "board")
    assert seen["bidang"][0]["waiting"] == 1


def test_after_an_outage_the_screens_look_at_what_has_no_version(
    screen: Screen, paired: Callable[..., VisitingClient]
) -> None:
    stranger, display = screen(), screen(paired("display"))
    told(display, "settings")
    ringing.look_again()
    assert wait_for(display, "settings")
    assert wait_for(stranger, "voice")


def test_time_alone_is_told_once(
    screen: Screen, app: Flask, time_is: Callable[..., Any], now: Any
) -> None:
    board = screen()
    kept: dict[int, dict[str, Any]] = {}
    told(board, "board")

    def reread() -> list[str]:
        with app.app_context():
            tell_board(get_office(SLUG).id, None, kept)
        return [b["state"] for b in told(board, "board")]

    assert reread() == ["open"]
    time_is(9, 1)
    assert reread() == []
    time_is(12)
    assert reread() == ["break"]
    assert reread() == []


# ── A real server ─────────────────────────────────────────────────────────────────────────────

PREPARE = """
from ruko import clock
from ruko.app import create_app
from ruko.audit import SYSTEM
from ruko.accounts import Role, add_user, create_token
from ruko.db import db, writing
from ruko.devices import add_device
from ruko.founding import found_office, import_holidays
from ruko.schema import migrate
from ruko.seed import load_office, load_villages
from ruko.settings import read_settings
settings = read_settings()
clock.start_at(settings.now)
app = create_app(settings)
migrate(app, now=clock.now())
with app.app_context(), writing():
    office = found_office(load_office(), load_villages())
    import_holidays(office, 2026)
    db.session.flush()
    now = clock.now()
    user = add_user(office, "op", Role.OPERATOR, "-", must_change_password=False, by=SYSTEM, now=now)
    db.session.flush()
    print(create_token(user, note="test", by=SYSTEM, now=now))
    print(add_device(office, "display", "Layar", by=SYSTEM, now=now)[2])
    db.session.commit()
"""


class Server:
    """`ruko serve` on a new database, and what a program can do there."""

    def __init__(self, folder: Path) -> None:
        environ = os.environ | {
            "RUKO_DATA_DIR": str(folder),
            "RUKO_TESTING": "1",
            "RUKO_NOW": "2026-11-23T09:00:00+08:00",
            "PYTHONPATH": str(ROOT),
        }
        environ.pop("RUKO_DATABASE_URL", None)
        said = subprocess.run(
            [sys.executable, "-c", PREPARE], env=environ, capture_output=True, text=True, check=True
        )
        self.token, self.display = said.stdout.split()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "log"
        main = "from ruko.app import main; main()"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", main, "serve", "--port", str(port)],
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + 180
        while not answers(f"{self.url}/readyz"):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < give_up, self.log.read_text()
            time.sleep(0.1)

    def ask(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
        """One request, as the operator unless other headers are given; the status and the answer."""
        request = urllib.request.Request(  # noqa: S310 – our own server
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | (headers or {"Authorization": f"Bearer {self.token}"}),
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, text = error.code, error.read().decode()
        return status, json.loads(text) if text.startswith("{") else text

    def call(self, counter: int) -> str:
        """Somebody takes a number and is called; returns the number."""
        status, said = self.ask(f"{API}/tickets", {"bidang": "PEM", "visitor": "resident"})
        assert status == 201, said
        status, said = self.ask(f"{API}/calls", {"bidang": "PEM", "counter": counter})
        assert status == 200, said
        ticket: str = said["turn"]["ticket"]
        return ticket

    def finish_all(self) -> None:
        """Everybody called has been served."""
        for turn in self.ask(f"{API}/queue?bidang=PEM")[1]["current"]:
            assert self.ask(f"/api/v1/turns/{turn['token']}/finish", {})[0] == 200

    def socket(self, *, origin: str | None = None) -> Any:
        """A bare WebSocket, as of a page from `origin`."""
        address = f"ws{self.url[4:]}/socket.io/?EIO=4&transport=websocket&office={SLUG}"
        return websocket.create_connection(
            address, timeout=60, origin=origin, suppress_origin=origin is None
        )

    def stop(self) -> float:
        """End it as an operating system does; returns how long it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        return time.monotonic() - began


class Tv:
    """A screen's end of the line."""

    def __init__(self, server: Server, **options: Any) -> None:
        self.heard: list[tuple[str, dict[str, Any], float]] = []
        self._news = threading.Condition()
        self.client = python_socketio.Client(reconnection=False, request_timeout=30)
        for name in ("board", "heartbeat"):
            self.client.on(name, self._listen(name), namespace="/board")
        self.client.connect(
            f"{server.url}?office={SLUG}",
            namespaces=["/board"],
            transports=options.pop("transports", ["websocket"]),
            wait_timeout=options.pop("wait_timeout", 60),
            **options,
        )

    def _listen(self, name: str) -> Callable[[dict[str, Any]], None]:
        def hear(said: dict[str, Any]) -> None:
            with self._news:
                self.heard.append((name, said, time.monotonic()))
                self._news.notify_all()

        return hear

    def wait(
        self, name: str, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60
    ) -> float:
        """Wait for such a message; returns when it came."""
        found: list[float] = []

        def look() -> bool:
            found[:] = [at for n, said, at in self.heard if n == name and wanted(said)]
            return bool(found)

        with self._news:
            assert self._news.wait_for(look, seconds), [(n, s) for n, s, _ in self.heard]
        return found[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all the tests below; the last of them stops it."""
    made = Server(tmp_path_factory.mktemp("served"))
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.mark.once
@pytest.mark.parametrize("transports", [["websocket"], ["polling"]])
def test_a_call_reaches_the_screen(server: Server, transports: list[str]) -> None:
    tv = Tv(server, transports=transports)
    tv.wait("board", lambda b: b["office"] == SLUG)
    ticket = server.call(1)
    tv.wait("board", lambda b: any(c["ticket"] == ticket for c in b["calls"]))
    tv.wait("heartbeat", lambda h: h["seq"] >= 1)
    tv.client.disconnect()
    server.finish_all()


@pytest.mark.once
def test_a_paired_screen_by_its_token(server: Server) -> None:
    tv = Tv(server, auth={"token": server.display})
    tv.wait("board", lambda b: b["office"] == SLUG)
    tv.client.disconnect()


@pytest.mark.once
def test_an_unknown_office_hears_why(server: Server) -> None:
    client = python_socketio.Client(reconnection=False)
    said: list[Any] = []
    client.on("connect_error", said.append, namespace="/board")
    with pytest.raises(python_socketio.exceptions.ConnectionError):
        client.connect(
            f"{server.url}?office=mars",
            namespaces=["/board"],
            transports=["websocket"],
            wait_timeout=60,  # by itself it waits a second, and hears nothing on a slow machine
        )
    assert "unknown office" in str(said)


@pytest.mark.once
@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("same", True),
        ("http://evil.example", False),
        ("http://127.0.0.1:1", False),
        ("null", False),
    ],
)
def test_a_foreign_page_is_refused(server: Server, origin: str | None, welcome: bool) -> None:
    if origin == "same":
        origin = server.url
    headers = {"Origin": origin} if origin else {"Accept": "*/*"}
    status, _ = server.ask("/socket.io/?EIO=4&transport=polling", None, **headers)
    assert (status == 200) is welcome
    if welcome:
        server.socket(origin=origin).close()
    else:
        with pytest.raises(websocket.WebSocketBadStatusException):
            server.socket(origin=origin)


@pytest.mark.once
def test_a_hundred_screens_share_twenty_connections(server: Server) -> None:
    screens = [server.socket() for _ in range(100)]
    for each in screens:
        each.recv()
        each.send("40/board,")
    for each in screens:
        assert any(each.recv().startswith('42/board,["board"') for _ in range(2))
    ticket = server.call(2)
    for each in screens:
        while ticket not in each.recv():
            pass
    # Every connection is back in the pool: pages and writes go on.
    for _ in range(30):
        assert server.ask(f"/{SLUG}/display")[0] == 200
    server.finish_all()
    for each in screens:
        each.close()


@pytest.mark.once
def test_it_stops_with_sockets_open(server: Server) -> None:
    """Runs last: it ends the server."""
    screens = [Tv(server) for _ in range(5)]
    for each in screens:
        each.wait("board", lambda b: b["office"] == SLUG)
    assert server.stop() < STOP_SECONDS
    log = server.log.read_text()
    # The library's own threads may end badly, ours may not; the libraries may lie below, in .venv.
    assert not re.search(rf'File "{re.escape(str(ROOT))}/(?!\.)', log), log
    for each in screens:
        each.client.disconnect()
