"""A walk over every address: who is let in, who is not, and that looking changes nothing."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from ruko import bookings, clock, tickets
from ruko.accounts import Role, SignIn, User, add_user, give_slip, open_session
from ruko.accounts.slips import Secrets
from ruko.assistance import ask_for_help
from ruko.audit import SYSTEM
from ruko.db import Base, db, writing
from ruko.devices import all_devices
from ruko.files import Store
from ruko.founding import found_office
from ruko.offices import (
    Bidang,
    Office,
    Service,
    all_counters,
    first_open_days,
    get_bidang,
    get_category,
    get_office,
    get_village,
)
from ruko.printing import PrintJob, add_printer, queue_slip
from ruko.seed import VillageRow, load_office
from ruko.slides import add_slide
from ruko.tickets import Ticket, Turn, VisitorKind
from tests import people
from tests.addresses import (
    EVERYBODY,
    World,
    all_rows,
    ask,
    body_of,
    forms_of,
    is_its_own_secret,
    path_of,
    rules,
    turned_away,
    who_may,
)
from tests.conftest import SLUG, VisitingClient, new_device


@pytest.fixture
def world(
    app: Flask,
    password_hash: str,
    sign_in: Callable[..., VisitingClient],
    paired: Callable[..., VisitingClient],
) -> Iterator[World]:
    now = clock.now()
    with app.app_context(), writing():
        office = get_office(SLUG)
        bidang = get_bidang(office, "PEM")
        counter = all_counters(office)[0]
        token = tickets.issue(office, bidang, visitor=VisitorKind.RESIDENT, by=SYSTEM, now=now)
        tickets.call_next(office, bidang, counter, by=SYSTEM, now=now)
        category = get_category(office, "stunting")
        booking = bookings.book(
            office,
            village=get_village(office, "63.11.07.2008"),
            bidang=category.bidang,
            category=category,
            topic="Rembuk stunting",
            attendees=3,
            leader="Sekretaris Desa",
            phone=None,
            room=bookings.all_rooms(office)[1],
            day=first_open_days(office, office.day(now), 2)[1],
            start=time(9),
            end=time(10),
            by=SYSTEM,
            on_behalf=False,
            now=now,
        )
        paper = bookings.attach(
            booking,
            name="APBDes.pdf",
            kind="application/pdf",
            size=4,
            digest=Store(app.config["RUKO"].data_dir / "papers").keep(b"%PDF"),
            by=SYSTEM,
            now=now,
        )
        draft_token = bookings.begin(
            office,
            village=booking.village,
            bidang=category.bidang,
            category=category,
            topic="Belum dikirim",
            by=SYSTEM,
            now=now,
        ).token
        closure = bookings.close(
            office,
            bookings.all_rooms(office)[0],
            now + timedelta(days=1),
            now + timedelta(days=1, hours=1),
            "Pendingin ruangan diperbaiki",
            by=SYSTEM,
            now=now,
        )
        code, counter_id, paper_id = booking.code, counter.id, str(paper.id)
        closure_id = str(closure.id)
        db.session.commit()
    secret, _ = new_device(app, "display", "Belum dipasangkan")
    kiosk_secret, _ = new_device(app, "kiosk", "Belum dipasangkan")
    people = {
        "stranger": _browser(app),
        "village": sign_in("village", "binjai", village="63.11.07.2008"),
        "other village": sign_in("village", "galumbang", village="63.11.07.2006"),
        "staff": sign_in("staff", "pem", bidang="PEM"),
        "other staff": sign_in("staff", "trb", bidang="TRB"),
        "operator": sign_in("operator"),
        "admin": sign_in("admin"),
        "camat": sign_in("camat"),
        "kiosk": paired("kiosk", "Kios"),
        "display": paired("display", "Layar"),
        "other office": _browser(app),
    }
    with app.app_context(), writing():
        devices = {device.name: device for device in all_devices(get_office(SLUG))}
        device_id = str(devices["Layar"].id)
        request_id = str(ask_for_help(get_office(SLUG), devices["Kios"], now=now))
        printer = add_printer(
            get_office(SLUG), "Struk", "browser", 58, kiosk=devices["Kios"], by=SYSTEM, now=now
        )
        queue_slip(token, printer, url="http://localhost/t", now=now)
        job_id = str(db.session.scalars(select(PrintJob.id)).one())
        digest = Store(app.config["RUKO"].data_dir / "slides").keep(b"RIFF")
        slide = add_slide(
            get_office(SLUG), digest, "Jadwal posyandu", None, None, by=SYSTEM, now=now
        )
        slide_id = str(slide.id)
        inan = add_user(
            get_office(SLUG),
            "inan",
            Role.VILLAGE,
            password_hash,
            village=get_village(get_office(SLUG), "63.11.07.2003"),
            must_change_password=True,
            by=SYSTEM,
            now=now,
        )
        give_slip(inan, Secrets("sandi", password_hash, "tautan-inan"), by=SYSTEM, now=now)
        user_id, sign_in_id = str(inan.id), str(open_session(inan, "", now=now).id)
        db.session.commit()
    office_id = _found_other_office(app, password_hash)
    neighbour = people["other office"]
    neighbour.submit("/halong/login", {"username": "admin", "password": "kata-sandi-uji"})
    neighbour.csrf_token = ""
    yield World(
        app,
        {
            "office": SLUG,
            "token": token,
            "draft": draft_token,
            "code": code,
            "paper": paper_id,
            "closure_id": closure_id,
            "secret": secret,
            "kiosk_secret": kiosk_secret,
            "question": "who",
            "device_id": device_id,
            "request_id": request_id,
            "job_id": job_id,
            "name": "chime",
            "kind": "slides",
            "entry_id": slide_id,
            "digest": digest,
            "user_id": user_id,
            "sign_in_id": sign_in_id,
            "link": "tautan-inan",
        },
        counter_id,
        people,
    )
    _close_other_office(app, office_id)


def test_every_address_says_who_may(world: World) -> None:
    unknown = [rule.endpoint for rule in rules(world.app) if who_may(rule.endpoint) is None]

    assert not unknown


def test_looking_changes_nothing(world: World) -> None:
    before = all_rows(world.app)

    for rule in rules(world.app):
        if "GET" in (rule.methods or ()):
            for client in world.people.values():
                client.get(path_of(rule, world), buffered=True)
            assert all_rows(world.app) == before, f"somebody changed something by looking at {rule}"


def test_a_kiosk_shows_another_offices_ticket_to_nobody(world: World) -> None:
    with world.app.app_context(), writing():
        own, other = get_office(SLUG), get_office("halong")
        token = people.take(other, clock.now())
        names = own.name, other.name
        db.session.commit()

    page = world.people["kiosk"].get(f"/{SLUG}/kiosk/tickets/{token}")

    assert page.status_code == 404
    assert [name in page.text for name in names] == [True, False]


def test_everybody_is_let_in_where_they_may_and_nowhere_else(world: World) -> None:
    wrong = []
    for rule in rules(world.app):
        allowed = who_may(rule.endpoint) or set()
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            refused = sorted(EVERYBODY - allowed)
            before = all_rows(world.app)
            for who in refused:
                answer = ask(world, who, rule, method)
                if not turned_away(answer):
                    wrong.append(f"{who} {method} {rule}: {answer.status}")
            if all_rows(world.app) != before:
                wrong.append(f"somebody who may not changed something by {method} {rule}")
            if method == "GET" and rule.endpoint != "pages.office":  # it leads on to a door
                wrong += [
                    f"{who} {method} {rule}: {answer.status}"
                    for who in sorted(allowed)
                    if turned_away(answer := ask(world, who, rule, method))
                    or answer.status_code >= 500
                ]

    assert not wrong


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_whoever_may_send_gets_an_answer(world: World, who: str) -> None:
    wrong = []
    for rule in rules(world.app):
        if "POST" in (rule.methods or ()) and who in (who_may(rule.endpoint) or ()):
            if rule.endpoint in {"sign_in.sign_out", "sign_in.change_password", "entering.use"}:
                continue  # they end the session that the rest of the walk needs
            if "_pairing." in rule.endpoint and who in {"kiosk", "display"}:
                continue  # it would become another device
            answer = ask(world, who, rule, "POST")
            if answer.status_code in {401, 403} or answer.status_code >= 500:
                wrong.append(f"{who} POST {rule}: {answer.status}")

    assert not wrong


def test_no_page_takes_a_form_without_its_token(world: World) -> None:
    before = all_rows(world.app)
    wrong = []
    for rule in rules(world.app):
        if "POST" in (rule.methods or ()) and not is_its_own_secret(rule, world):
            for who in sorted(who_may(rule.endpoint) or ()):
                if rule.endpoint.startswith("api.") and who == "stranger":
                    continue
                path = path_of(rule, world)
                answer = world.people[who].post(path, **body_of(rule, world, token=None))
                begins_anew = rule.endpoint.startswith("kiosk.") and answer.status_code == 303
                if answer.status_code != 403 and not begins_anew:
                    wrong.append(f"{who} {rule}: {answer.status}")

    assert not wrong
    assert all_rows(world.app) == before


def test_every_form_carries_its_token(world: World) -> None:
    seen, without = 0, list[str]()
    for rule in rules(world.app):
        if "GET" in (rule.methods or ()) and rule.endpoint != "approvals.tell":  # it leads out
            for who in sorted(who_may(rule.endpoint) or ()):
                answer = world.people[who].get(
                    path_of(rule, world), follow_redirects=True, buffered=True
                )
                if answer.mimetype == "text/html":
                    for action, has_token in forms_of(answer.text):
                        seen += 1
                        if not has_token and not action.startswith("/t/"):
                            without.append(f"{rule} → {action}")

    assert seen > 50
    assert not without


def test_an_unknown_office_code_or_token_is_not_found(world: World) -> None:
    nowhere = {
        "office": "tidak-ada",
        "token": "x" * 24,
        "code": "ZZZZZZZZ",
        "secret": "salah",
        "closure_id": "999999",
    }
    wrong = []
    for rule in rules(world.app):
        for name in rule.arguments & nowhere.keys():
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                if rule.endpoint.startswith(("kiosk_pairing.example", "display_pairing.example")):
                    continue
                if (rule.endpoint, name) == ("booking.discard_draft", "token"):
                    continue  # one that is gone already is no harm
                path = path_of(rule, world, **{name: nowhere[name]})
                client = world.people["kiosk" if rule.endpoint.startswith("kiosk.") else "admin"]
                sent = {"headers": {"X-CSRFToken": client.token()}}
                answer = (
                    client.get(path)
                    if method == "GET"
                    else client.post(path, **(body_of(rule, world, token=client.token()) | sent))
                )
                if answer.status_code != 404:
                    wrong.append(f"{method} {path}: {answer.status}")

    assert not wrong


# ── Who takes part ────────────────────────────────────────────────────────────────────────────


def _browser(app: Flask) -> VisitingClient:
    client = app.test_client()
    assert isinstance(client, VisitingClient)
    return client


def _found_other_office(app: Flask, password_hash: str) -> int:
    with app.app_context(), writing():
        data = load_office()
        data["office"] |= {"slug": "halong", "code": "63.11.02", "name": "Kecamatan Halong"}
        office = found_office(data, [VillageRow("63.11.02.2001", "Halong", "desa")])
        add_user(
            office,
            "admin",
            Role.ADMIN,
            password_hash,
            must_change_password=False,
            by=SYSTEM,
            now=clock.now(),
        )
        office_id = office.id
        db.session.commit()
    return office_id


def _close_other_office(app: Flask, office_id: int) -> None:
    with app.app_context(), writing():
        own = [t for t in reversed(Base.metadata.sorted_tables) if "office_id" in t.c]
        db.session.execute(
            delete(Service).where(
                Service.bidang_id.in_(select(Bidang.id).where(Bidang.office_id == office_id))
            )
        )
        tickets_there = select(Ticket.id).where(Ticket.office_id == office_id)
        db.session.execute(delete(Turn).where(Turn.ticket_id.in_(tickets_there)))
        users_there = select(User.id).where(User.office_id == office_id)
        db.session.execute(delete(SignIn).where(SignIn.user_id.in_(users_there)))
        for table in own:
            db.session.execute(delete(table).where(table.c.office_id == office_id))
        db.session.execute(delete(Office).where(Office.id == office_id))
        db.session.commit()
