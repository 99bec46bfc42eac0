"""Offices and the board, as other programs read them."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Flask

from ruko.db import db, writing
from ruko.offices import Office
from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]


def read(program: Program, path: str, **query: Any) -> Any:
    return json_of(program.get(path, **query))


def test_everybody_may_list_the_offices(program: Programs) -> None:
    assert read(program(), "/offices") == {
        "items": [
            {
                "slug": "paringin-selatan",
                "name": "Kecamatan Paringin Selatan",
                "timezone": "Asia/Makassar",
            }
        ],
        "next_cursor": None,
    }


def test_an_open_office_says_until_when(program: Programs) -> None:
    office = read(program(), OFFICE)
    assert office["open_now"] is True
    assert office["closed_reason"] is None
    assert office["opens_at"] == "2026-11-23T08:00:00+08:00"
    assert office["closes_at"] == "2026-11-23T12:00:00+08:00"
    assert office["priority"]["head_start_minutes"] == 30


def test_a_closed_office_says_why_and_from_when(
    program: Programs, time_is: Callable[..., Any]
) -> None:
    time_is(9, day=date(2026, 11, 22))
    office = read(program(), OFFICE)
    assert office["open_now"] is False
    assert office["closed_reason"]
    assert office["opens_at"] == "2026-11-23T08:00:00+08:00"
    assert not any(bidang["open"] for bidang in office["bidang"])


def test_an_office_tells_its_bidang_villages_and_categories(program: Programs) -> None:
    office = read(program(), OFFICE)
    assert [(b["code"], b["letter"]) for b in office["bidang"]] == [
        *(("PEM", "A"), ("PMD", "B"), ("TRB", "C"), ("KES", "D"), ("YAN", "E"), ("SEK", "F"))
    ]
    assert all(bidang["services"] for bidang in office["bidang"])
    kinds = [village["kind"] for village in office["villages"]]
    assert (kinds.count("desa"), kinds.count("kelurahan")) == (15, 1)
    assert len(office["categories"]) == 14
    assert {c["bidang"] for c in office["categories"]} <= {b["code"] for b in office["bidang"]}


def test_an_unknown_office_is_not_found(program: Programs) -> None:
    for path in ("", "/board", "/queue", "/slots"):
        assert refused(program().get(f"/offices/nowhere{path}"), 404, "not_found")


def test_everybody_may_see_the_board(program: Programs) -> None:
    board = read(program(), f"{OFFICE}/board")
    assert board["state"] == "open"
    assert board["calls"] == []
    assert board["last_call"] is None


def test_a_call_stands_on_the_board(program: Programs) -> None:
    kiosk, desk = program("kiosk"), program("staff", bidang="PEM")
    ticket = json_of(kiosk.post(f"{OFFICE}/tickets", {"bidang": "PEM", "visitor": "resident"}), 201)
    place = read(desk, f"{OFFICE}/counters")["items"][0]
    before = read(program(), f"{OFFICE}/board")["version"]
    desk.post(f"{OFFICE}/calls", {"bidang": "PEM", "counter": place["id"]})
    board = read(program(), f"{OFFICE}/board")
    assert board["version"] > before
    assert [(c["ticket"], c["place"], c["kind"]) for c in board["calls"]] == [
        (ticket["code"], place["name"], "first")
    ]
    assert board["calls"] == [board["last_call"]]


def test_lists_come_in_pages(app: Flask, program: Programs) -> None:
    desk = program("operator")
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = read(desk, f"{OFFICE}/counters", limit=3, **cursor)
        assert len(page["items"]) <= 3
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == read(desk, f"{OFFICE}/counters")["items"]


def test_a_page_has_at_most_200_items_and_a_cursor_of_ours(program: Programs) -> None:
    for query in ({"limit": 201}, {"limit": 0}, {"limit": "all"}, {"limit": "9" * 5000}):
        assert refused(program().get("/offices", **query), 422, "invalid", "limit")
    for cursor in ("no", "é", "x" * 81, "AAAA"):
        assert refused(program().get("/offices", cursor=cursor), 422, "invalid", "cursor")


def test_an_office_with_its_own_head_start_says_so(app: Flask, program: Programs) -> None:
    with app.app_context(), writing():
        db.session.query(Office).one().priority_head_start_minutes = 45
        db.session.commit()
    assert read(program(), OFFICE)["priority"]["head_start_minutes"] == 45
