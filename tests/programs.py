"""Another program at the API; each answer it gets is held against the published description."""

import re
from functools import cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from api.openapi import PREFIX, describe

OFFICE = "/offices/paringin-selatan"
PROBLEM = {"$ref": "#/components/schemas/Problem"}


class Program:
    """Speaks JSON with its bearer token, or with none."""

    def __init__(self, app: Flask, headers: dict[str, str] | None = None) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.headers = headers or {}

    def get(self, path: str, headers: Any = None, **query: Any) -> TestResponse:
        """Ask; `from_` stands for the query's `from`."""
        asked = {name.rstrip("_"): str(value) for name, value in query.items()}
        return self.send("GET", path, headers=headers or {}, query_string=asked)

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, **options: Any
    ) -> TestResponse:
        """Send a JSON body, or none; with `key` as the Idempotency-Key."""
        headers = {"Idempotency-Key": key} if key else {}
        if body is not None:
            options["json"] = body
        return self.send("POST", path, headers=headers, **options)

    def send(
        self, method: str, path: str, *, headers: dict[str, str], **options: Any
    ) -> TestResponse:
        answer = self.client.open(
            PREFIX + path, method=method, headers=self.headers | headers, **options
        )
        check(self.app, method, path, answer)
        return answer


@cache
def description(app: Flask) -> dict[str, Any]:
    """The published description; no object may have a member that it does not name."""
    with app.test_request_context():
        described: dict[str, Any] = _closed(describe())
    return described


def check(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fail unless the answer is one that the description promises."""
    assert answer.status_code < 500, answer.text
    promise = _validator(app, _route(app, method, path), str(answer.status_code), answer.mimetype)
    if promise is None:
        assert not answer.data
    else:
        promise.validate(answer.json if answer.is_json else answer.text)


def _route(app: Flask, method: str, path: str) -> tuple[str, str] | None:
    try:
        adapter = app.url_map.bind("localhost")
        rule, _ = adapter.match(PREFIX + path, method, return_rule=True)
    except HTTPException:
        return None
    return re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)), method.lower()


@cache
def _validator(
    app: Flask, route: tuple[str, str] | None, status: str, mimetype: str
) -> Draft202012Validator | None:
    """What an answer must be, None for an empty one; no such address promises a problem document."""
    described = description(app)
    promise: dict[str, Any] = {"content": {"application/problem+json": {"schema": PROBLEM}}}
    if route is not None:
        responses = described["paths"][route[0]][route[1]]["responses"]
        promise = responses.get(status, responses["default"])
    if "content" not in promise:
        return None
    assert mimetype in promise["content"], f"{route} {status} answers {mimetype}"
    schema = promise["content"][mimetype]["schema"]
    return Draft202012Validator(schema | {"components": described["components"]})


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(inner) for name, inner in schema.items()}
    is_object = schema.get("type") == "object" and "properties" in schema
    return closed | {"additionalProperties": False} if is_object else closed


def json_of(answer: TestResponse, status: int = 200) -> Any:
    """The JSON of an answer with that status."""
    assert answer.status_code == status, answer.text
    return answer.json


def refused(answer: TestResponse, status: int, code: str, field: str | None = None) -> bool:
    """Whether the answer is that refusal, at that field."""
    problem = answer.json
    assert problem is not None, answer.text
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.mimetype == "application/problem+json"
    assert problem["status"] == status
    assert problem["detail"]
    assert field is None or [e["field"] for e in problem["errors"]] == [field], answer.text
    return True
