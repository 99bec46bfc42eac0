"""The API's description is served, valid, and says what is there and nothing else."""

import re
from collections.abc import Callable

from flask import Flask
from openapi_spec_validator import validate

from tests.programs import Program, json_of

Programs = Callable[..., Program]


def test_the_description_is_served_to_everybody(program: Programs) -> None:
    described = json_of(program().get("/openapi.json"))
    assert described["openapi"].startswith("3.1")
    validate(described)


def test_it_describes_every_route_and_nothing_else(app: Flask, program: Programs) -> None:
    described = json_of(program().get("/openapi.json"))
    said = {
        (method.upper(), path) for path, methods in described["paths"].items() for method in methods
    }
    there = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert said == there


def test_every_operation_has_its_own_name_and_says_what_it_does(program: Programs) -> None:
    described = json_of(program().get("/openapi.json"))
    operations = [o for methods in described["paths"].values() for o in methods.values()]
    assert len({o["operationId"] for o in operations}) == len(operations)
    assert all(o["summary"] for o in operations)


def test_only_what_is_public_needs_no_sign_in(program: Programs) -> None:
    described = json_of(program().get("/openapi.json"))
    public = {
        path
        for path, methods in described["paths"].items()
        if methods.get("get", {}).get("security") == []
    }
    assert public == {
        "/openapi.json",
        "/offices",
        "/offices/{office}",
        "/offices/{office}/board",
        "/tickets/{token}",
        "/tickets/{token}/qr.svg",
    }


def test_a_calendar_may_carry_its_token_in_the_address(program: Programs) -> None:
    described = json_of(program().get("/openapi.json"))
    feed = described["paths"]["/offices/{office}/calendar.ics"]["get"]
    assert feed["security"] == [{"address": []}, {"bearer": []}, {"session": []}]
    assert described["components"]["securitySchemes"]["address"]["in"] == "query"
