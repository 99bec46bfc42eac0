"""What every test may ask for: an office on a real database, a clock that stands, people and devices.

`RUKO_TEST_DATABASE=postgresql` runs the same tests on PostgreSQL.
Commits are real; after each test the rows of the day are deleted and the office put back.
"""

import os
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g, has_app_context
from flask import session as current_session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from hypothesis import settings
from sqlalchemy import Engine, delete, event, update
from werkzeug.test import TestResponse

import ruko.db
from ruko import clock
from ruko.accounts import (
    Authenticator,
    RecoveryCode,
    Role,
    SignIn,
    Token,
    User,
    add_user,
    create_token,
    hash_password,
)
from ruko.app import create_app
from ruko.assistance import HelpRequest
from ruko.audit import SYSTEM, AuditEvent
from ruko.board import forget_recent
from ruko.bookings import (
    Attachment,
    BidangClaim,
    Booking,
    CalendarFeed,
    Draft,
    QuotaSeat,
    SlotClaim,
)
from ruko.db import begin_writing, db, end_writing, writing
from ruko.devices import Device, DeviceKind, add_device, pair
from ruko.displays import Display, Zone
from ruko.founding import found_office, import_holidays
from ruko.offices import (
    Bidang,
    Closure,
    Office,
    OfficeState,
    get_bidang,
    get_office,
    get_village,
)
from ruko.pairing import PairingRequest
from ruko.printing import Printer, PrintJob
from ruko.receipts import Receipt
from ruko.schema import migrate
from ruko.seed import load_office, load_villages
from ruko.settings import Settings
from ruko.slides import Slide
from ruko.tickets import Call, CounterBreak, Ticket, TicketSeries, Turn
from ruko.voice import Clip
from ruko.web.callers import DEVICE_COOKIE
from ruko.web.once import RequestKey
from tests.apart import close
from tests.postgres import last_words, temporary_postgres
from tests.programs import Program

SLUG = "paringin-selatan"
PASSWORD = "kata-sandi-uji"
MONDAY = date(2026, 11, 23)
OF_THE_DAY = (
    *(RequestKey, AuditEvent, PrintJob, Printer, HelpRequest, PairingRequest, CounterBreak),
    *(Receipt, Call, Turn, Ticket, TicketSeries, SlotClaim, BidangClaim, QuotaSeat, Closure),
    *(Attachment, Draft, CalendarFeed, Clip, Slide, Zone, Display, Booking, Token, Device),
    *(SignIn, Authenticator, RecoveryCode, User),
)
"""What tests write, children first."""

ruko.db.LOCK_SECONDS = 300
"""For whoever writes in a test's own process: a machine that others use too may stand still for longer
than people would wait. What really waits for ever still fails, five minutes later."""

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
"""For the same reason no example of Hypothesis is too slow; by itself it allows 200 ms."""


@event.listens_for(Engine, "connect")
def _read_backwards(connection: Any, _record: Any) -> None:
    """Rows have no order that nobody asked for: SQLite gives them backwards, so nothing leans on luck."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects=ON")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a test that failed on PostgreSQL, show what the server said last: who waited for whom."""
    report = yield
    url = getattr(item, "funcargs", {}).get("database_url", "")
    if report.failed and url.startswith("postgresql"):
        report.sections.append(("PostgreSQL", last_words(url)))
    return report


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database of the engine under test."""
    with ExitStack() as stack:
        if os.environ.get("RUKO_TEST_DATABASE") == "postgresql":
            yield stack.enter_context(temporary_postgres())
        else:
            yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'ruko.sqlite3'}"


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of `PASSWORD`; argon2 takes its time, so once."""
    return hash_password(PASSWORD)


@pytest.fixture(scope="session")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on a migrated database with the default office."""
    app = create_app(settings_for(database_url, tmp_path_factory.mktemp("data")))
    app.test_client_class = VisitingClient
    migrate(app, now=datetime(2026, 11, 22, tzinfo=UTC))
    with app.app_context(), writing():
        office = found_office(load_office(), load_villages())
        import_holidays(office, 2026)
        db.session.commit()
    yield app
    close(app)


@pytest.fixture
def app(house: Flask, time_is: Callable[..., datetime]) -> Iterator[Flask]:
    """The application on a Monday at nine, nothing written yet."""
    time_is()
    yield house
    clean(house)


def settings_for(database_url: str, data_dir: Path) -> Settings:
    """Settings of a test's own application."""
    return Settings(data_dir=data_dir, database_url=database_url, secret_key="test", testing=True)


def clean(app: Flask) -> None:
    """Delete what the test wrote and put the office's settings back."""
    seed = load_office()
    with app.app_context(), writing():
        for model in OF_THE_DAY:
            db.session.execute(delete(model))
        db.session.execute(update(OfficeState).values(board_version=0, call_seq=0))
        db.session.execute(
            update(Office).where(Office.slug == SLUG).values(queue_day=None, **seed["settings"])
        )
        db.session.execute(update(Bidang).values(daily_capacity=None, officers=None))
        db.session.commit()
    app.extensions["ruko_throttle"].forget()
    forget_recent()


# ── Time ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def time_is(monkeypatch: pytest.MonkeyPatch) -> Callable[..., datetime]:
    """Stop the clock: `time_is(9, 30)`, `time_is(9, day=date(2026, 11, 24))`, wall time of the office."""

    def stand(hour: int = 9, minute: int = 0, second: int = 0, *, day: date = MONDAY) -> datetime:
        moment = wita(hour, minute, second, day=day)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    return stand


def wita(hour: int, minute: int = 0, second: int = 0, *, day: date = MONDAY) -> datetime:
    """The moment when the office's wall clock shows that time."""
    return datetime.combine(day, time(hour, minute, second), ZoneInfo("Asia/Makassar"))


@pytest.fixture
def now(app: Flask) -> datetime:
    """Monday at nine in the office."""
    return clock.now()


# ── Rules, without a door ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    """The default office in a writing unit of work of the test's own (no client in the same test)."""
    with app.app_context():
        begin_writing()
        yield get_office(SLUG)
        db.session.rollback()
        end_writing()


# ── People and devices, through the doors ─────────────────────────────────────────────────────


class VisitingClient(FlaskClient):
    """A browser. It refuses a pushed application context: a forgotten commit would pass unseen."""

    csrf_token: str = ""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        assert not has_app_context(), "Ask pages outside of an application context."
        kwargs.setdefault("buffered", True)  # a download is read to its end, and its file closed
        return super().open(*args, **kwargs)

    def submit(
        self, path: str, data: Mapping[str, object] | None = None, **kwargs: Any
    ) -> TestResponse:
        """Send a form as its page would, with its CSRF token."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)

    def token(self) -> str:
        """The CSRF token of this browser's session."""
        if not self.csrf_token:
            with self.session_transaction() as session, self.application.test_request_context():
                current_session.update(session)
                self.csrf_token = generate_csrf()
                g.pop("csrf_token", None)
                session.update(current_session)
        return self.csrf_token


@pytest.fixture
def client(app: Flask) -> VisitingClient:
    """A browser that nobody has signed in with."""
    made = app.test_client()
    assert isinstance(made, VisitingClient)
    return made


@pytest.fixture
def account(app: Flask, password_hash: str) -> Callable[..., str]:
    """Open an account: `account("staff", "pem", bidang="PEM")`; returns its name."""

    def make(
        role: str,
        name: str | None = None,
        *,
        bidang: str | None = None,
        village: str | None = None,
        must_change: bool = False,
    ) -> str:
        name = name or (bidang or village or role).lower().replace(".", "-")
        with app.app_context(), writing():
            office = get_office(SLUG)
            add_user(
                office,
                name,
                Role(role),
                password_hash,
                bidang=get_bidang(office, bidang) if bidang else None,
                village=get_village(office, village) if village else None,
                must_change_password=must_change,
                by=SYSTEM,
                now=clock.now(),
            )
            db.session.commit()
        return name

    return make


@pytest.fixture
def sign_in(app: Flask, account: Callable[..., str]) -> Callable[..., VisitingClient]:
    """A browser signed in with a new account: `sign_in("staff", bidang="PEM")`."""

    def make(role: str, name: str | None = None, **place: str) -> VisitingClient:
        name = account(role, name, **place)
        client = app.test_client()
        assert isinstance(client, VisitingClient)
        answer = client.submit(f"/{SLUG}/login", {"username": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        client.csrf_token = ""
        return client

    return make


@pytest.fixture
def bearer(app: Flask, account: Callable[..., str]) -> Callable[..., dict[str, str]]:
    """The header of a program: `bearer("staff", bidang="PEM")`, `bearer("kiosk")`."""

    def make(role: str, name: str | None = None, **place: str) -> dict[str, str]:
        if role in {"kiosk", "display"}:
            return {"Authorization": f"Bearer {new_device(app, role, name or 'Alat uji')[1]}"}  # type: ignore[arg-type]
        name = account(role, name, **place)
        with app.app_context(), writing():
            office = get_office(SLUG)
            user = db.session.query(User).filter_by(office_id=office.id, username=name).one()
            token = create_token(user, by=SYSTEM, now=clock.now())
            db.session.commit()
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def program(app: Flask, bearer: Callable[..., dict[str, str]]) -> Callable[..., Program]:
    """Another program at the API: `program("staff", bidang="PEM")`, or nobody: `program()`."""

    def make(role: str | None = None, name: str | None = None, **place: str) -> Program:
        return Program(app, bearer(role, name, **place) if role else None)

    return make


@pytest.fixture
def paired(app: Flask) -> Callable[..., VisitingClient]:
    """A browser that is a device of the office: `paired("kiosk")`."""

    def make(kind: DeviceKind, name: str = "Alat uji") -> VisitingClient:
        secret, _ = new_device(app, kind, name)
        with app.app_context(), writing():
            token = pair(get_office(SLUG), kind, secret, now=clock.now())
            db.session.commit()
        client = app.test_client()
        assert isinstance(client, VisitingClient)
        client.set_cookie(DEVICE_COOKIE, token)
        return client

    return make


def new_device(app: Flask, kind: DeviceKind, name: str) -> tuple[str, str]:
    """Register a device; returns the secret of its pairing link and its bearer token."""
    with app.app_context(), writing():
        _, secret, token = add_device(get_office(SLUG), kind, name, by=SYSTEM, now=clock.now())
        db.session.commit()
    return secret, token
