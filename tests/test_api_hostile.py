"""Whatever is sent: an answer of the contract with a sentence, never a fault of ours."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from api.openapi import PREFIX
from tests.programs import OFFICE, Program, check, json_of, refused

Programs = Callable[..., Program]
RESIDENT = {"bidang": "PEM", "visitor": "resident"}

HOSTILE: list[Any] = [
    *(
        "<script>alert(1)</script>",
        "x" * 10_000,
        "🙂" * 300,
        "\0",
        "a\0b",
        "\ud800",
        "\x1b[31m",
        "",
    ),
    *("' OR 1=1 --", "../../etc/passwd", "{{7*7}}", "\u202eabc", "%s%d", "\r\nSet-Cookie: a=b"),
    *(None, True, False, 0, -1, 1.5, 1e308, 10**30, [], {}, [["a"]], {"a": {"b": "\0"}}),
]
BODIES: list[Any] = [None, True, 1, "text", [], [1], {"\0": 1}, {"x": "\0"}, {"x": ["\ud800"]}]
RAW = [
    *(b"{", b"\xff\xfe", b"{'a': 1}", b"[" * 50_000, b'{"a":' * 50_000, b"NaN", b"\0"),
    *(b'{"counter": NaN}', b'{"counter": 1e999}', b'{"counter": ' + b"9" * 10_000 + b"}"),
]


def scene(program: Programs) -> tuple[Program, list[tuple[str, dict[str, Any]]]]:
    """The operator, and every POST address with a body that suits it."""
    operator = program("operator")
    room = json_of(operator.get(f"{OFFICE}/rooms"))["items"][1]["id"]
    counter = json_of(operator.get(f"{OFFICE}/counters"))["items"][0]["id"]
    where = {"room": room, "date": "2026-11-24", "start": "09:00", "end": "10:00"}
    wish = where | {"bidang": "KES", "category": "stunting", "topic": "Gizi", "attendees": 4}
    wish |= {"leader": "Rahmawati", "phone": "0812-3456-7890", "village": "63.11.07.2008"}
    wish |= {"leader_role": "head", "channel": "phone", "quota_reason": "x"}
    booking = json_of(operator.post(f"{OFFICE}/bookings", wish), 201)["code"]
    ticket = json_of(operator.post(f"{OFFICE}/tickets", RESIDENT), 201)["token"]
    official = RESIDENT | {"visitor": "village_official", "village": "63.11.07.2008"}
    return operator, [
        (f"{OFFICE}/tickets", official | {"service": 1, "priority": True}),
        (f"{OFFICE}/check-ins", {"code": booking}),
        (f"{OFFICE}/calls", {"bidang": "SEK", "counter": counter, "ticket": ticket, "reason": "x"}),
        (f"{OFFICE}/bookings", wish),
        (f"/turns/{ticket}/recall", {}),
        (f"/turns/{ticket}/start", {}),
        (f"/turns/{ticket}/finish", {"outcome": "selesai", "note": "x"}),
        (f"/turns/{ticket}/no-show", {"reason": "x"}),
        (f"/turns/{ticket}/hold", {"reason": "x"}),
        (f"/turns/{ticket}/resume", {"counter": counter}),
        (f"/turns/{ticket}/return", {}),
        (f"/turns/{ticket}/undo", {}),
        (f"/turns/{ticket}/transfer", {"bidang": "PEM", "note": "x"}),
        *((f"/tickets/{ticket}/{what}", {}) for what in ("let-pass", "rejoin", "leave")),
        (f"/bookings/{booking}/approve", {}),
        (f"/bookings/{booking}/decline", {"reason": "x"}),
        (f"/bookings/{booking}/move", where),
        (f"/bookings/{booking}/complete", {}),
        (f"/bookings/{booking}/cancel", {"reason": "x", "code": "weather"}),
    ]


def test_the_scene_has_every_address_that_takes_a_post(app: Flask, program: Programs) -> None:
    _, operations = scene(program)
    posts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.rule.startswith(PREFIX)
    }
    adapter = app.url_map.bind("localhost")
    assert {adapter.match(PREFIX + path, "POST")[0] for path, _ in operations} == posts


def test_no_field_holds_anything_that_breaks_us(program: Programs) -> None:
    operator, operations = scene(program)
    for path, body in operations:
        for field in (*body, "unknown"):
            for value in HOSTILE:
                answer = operator.post(path, body | {field: value})
                assert answer.status_code in {200, 201, 204, 404, 409, 422}, answer.text
                if answer.status_code >= 400:
                    assert answer.mimetype == "application/problem+json"
                    assert answer.get_json()["detail"]


def test_no_body_breaks_us(program: Programs) -> None:
    operator, operations = scene(program)
    for path, _ in operations:
        for body in BODIES:
            answer = operator.send("POST", path, headers={}, json=body)
            assert answer.status_code in {200, 409, 422}, answer.text
        for raw in RAW:
            answer = operator.send(
                "POST",
                path,
                headers={"Idempotency-Key": "raw"},
                data=raw,
                content_type="application/json",
            )
            assert answer.status_code in {200, 409, 422}, answer.text


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""]
)
def test_only_json_is_read(program: Programs, kind: str) -> None:
    operator, operations = scene(program)
    for path, _ in operations:
        answer = operator.post(path, data=b'{"bidang": "PEM"}', content_type=kind)
        assert refused(answer, 415, "unsupported_media_type")


def test_a_form_is_not_json(program: Programs) -> None:
    answer = program("operator").post(f"{OFFICE}/tickets", data=RESIDENT)
    assert refused(answer, 415, "unsupported_media_type")


def test_a_huge_body_is_too_large(program: Programs) -> None:
    body = RESIDENT | {"bidang": "x" * 300_000}
    assert refused(program("kiosk").post(f"{OFFICE}/tickets", body), 413, "too_large")


def test_a_body_that_is_no_object_says_so(program: Programs) -> None:
    kiosk = program("kiosk")
    for raw in (b"[]", b"1", b"null", b"{", b"\xff"):
        answer = kiosk.post(f"{OFFICE}/tickets", data=raw, content_type="application/json")
        assert refused(answer, 422, "invalid", "body")
    assert refused(kiosk.post(f"{OFFICE}/tickets", {"bidang": "PEM"}), 422, "invalid", "visitor")


def test_every_field_that_does_not_fit_is_named(program: Programs) -> None:
    kiosk = program("kiosk")
    nothing = kiosk.post(f"{OFFICE}/tickets")
    much = kiosk.post(f"{OFFICE}/tickets", {"bidang": 1, "visitor": "resident", "priority": "yes"})
    for answer, fields in ((nothing, ["bidang", "visitor"]), (much, ["bidang", "priority"])):
        assert refused(answer, 422, "invalid")
        assert [error["field"] for error in json_of(answer, 422)["errors"]] == fields
        assert json_of(answer, 422)["detail"] == json_of(answer, 422)["errors"][0]["message"]


def test_no_query_breaks_us(program: Programs) -> None:
    operator = program("operator")
    values = [value for value in HOSTILE if isinstance(value, str) and value != "\ud800"]
    for path, names in (
        ("/offices", ("limit", "cursor")),
        (f"{OFFICE}/queue", ("bidang",)),
        (f"{OFFICE}/slots", ("date", "room", "bidang")),
        (f"{OFFICE}/bookings", ("from_", "to", "village", "state", "limit", "cursor")),
    ):
        for name in names:
            for value in values:
                answer = operator.get(path, **{name: value})
                assert answer.status_code in {200, 422}, answer.text


def test_no_address_breaks_us(program: Programs) -> None:
    operator = program("operator")
    for token in ("x" * 5000, "%00", "%FF", "🙂", "'", "%3Cscript%3E", "..", "a%0d%0ab"):
        for path in (f"/tickets/{token}", f"/bookings/{token}", f"/offices/{token}"):
            assert refused(operator.get(path), 404, "not_found")
        assert refused(operator.post(f"/turns/{token}/start"), 404, "not_found")


def test_what_is_kept_comes_back_as_it_was_sent(program: Programs) -> None:
    operator, operations = scene(program)
    text = "<script>alert(1)</script> 🙂 & “kutip” '\""
    wish = dict(operations)[f"{OFFICE}/bookings"] | {"start": "10:00", "end": "11:00"}
    answer = operator.post(f"{OFFICE}/bookings", wish | {"topic": text, "leader": text})
    booking = json_of(answer, 201)
    assert (booking["topic"], booking["leader"]) == (text, text)


# ── Errors of every kind ──────────────────────────────────────────────────────────────────────


def test_an_unknown_address_is_a_problem_document(program: Programs) -> None:
    for path in ("", "/", "/nowhere", "/offices/", f"{OFFICE}/reports", "/turns/x/held"):
        assert refused(program().get(path), 404, "not_found")


def test_a_wrong_method_says_which_are_right(app: Flask, program: Programs) -> None:
    for method, path, allowed in (
        ("DELETE", "/offices", "GET"),
        ("PUT", f"{OFFICE}/bookings", "POST"),
        ("GET", f"{OFFICE}/tickets", "POST"),
    ):
        answer = program().client.open(PREFIX + path, method=method)
        check(app, method, path, answer)
        assert refused(answer, 405, "method_not_allowed")
        assert allowed in answer.headers["Allow"]


def test_the_sentence_follows_accept_language(program: Programs) -> None:
    def detail(language: str) -> str:
        answer = program().get("/offices/nowhere", headers={"Accept-Language": language})
        return str(json_of(answer, 404)["detail"])

    assert detail("en-GB,en;q=0.9") == "There is no office at this address."
    assert detail("id") == detail("fr") == detail("")
