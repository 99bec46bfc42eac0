"""The description of the API, built from its routes, so that it says what is there and nothing else."""

import re
from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from api.body import Field, Fields
from api.operations import OPERATIONS, Operation, operation
from api.schemas import SCHEMAS, ref
from ruko.web.doors import base_url

bp = Blueprint("openapi", __name__)

PREFIX = "/api/v1"
_ABOUT = """\
Sign in with an access token (`Authorization: Bearer …`) of an account or a device, or use the
browser's session; a session's writes carry `X-CSRFToken`.
Every refusal is `application/problem+json` with a stable `code`; `Accept-Language` picks the
language of its `detail`.
A POST may carry an `Idempotency-Key`: the same key and body give the same answer again, and nothing
is done twice.
"""
_SIGNED_IN: list[dict[str, list[str]]] = [{"bearer": []}, {"session": []}]
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200},
}
_PROBLEM = {
    "description": "Refused",
    "content": {"application/problem+json": {"schema": ref("Problem")}},
}
_HAPPENED = {200: "Done", 201: "Created", 204: "Nobody waits", 304: "Not changed"}


@bp.get("/openapi.json")
@operation("This description", {200: "application/json"}, public=True)
def show() -> ResponseReturnValue:
    """OpenAPI 3.1."""
    return jsonify(describe())


def describe() -> dict[str, Any]:
    """Every route under `/api/v1`, as its view describes it."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in current_app.url_map.iter_rules():
        if not rule.rule.startswith(f"{PREFIX}/"):
            continue
        about = OPERATIONS[current_app.view_functions[rule.endpoint]]
        path = re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX))
        method = "post" if "POST" in (rule.methods or ()) else "get"
        paths.setdefault(path, {})[method] = _operation(rule, about, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "RUKO", "version": "1", "description": _ABOUT},
        "servers": [{"url": base_url() + PREFIX}],
        "security": _SIGNED_IN,
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "address": {"type": "apiKey", "in": "query", "name": "token"},
                "session": {"type": "apiKey", "in": "cookie", "name": "ruko_session"},
            },
        },
    }


def _operation(rule: Rule, about: Operation, method: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix("api."),
        "summary": about.summary,
        "parameters": [_in_path(name) for name in sorted(rule.arguments)]
        + [_in_query(name, field) for name, field in about.query.items()],
        "responses": {
            **{str(status): _answer(status, what) for status, what in about.answers.items()},
            "default": _PROBLEM,
        },
    }
    if method == "post":
        described["parameters"].append(_KEY_PARAMETER)
    if about.body is not None:
        described["requestBody"] = {
            "required": any(not field.optional for field in about.body.values()),
            "content": {"application/json": {"schema": _object(about.body)}},
        }
    if about.public:
        described["security"] = []
    elif about.in_query:
        described["security"] = [{"address": []}, *_SIGNED_IN]
    return described


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(name: str, field: Field) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": not field.optional, "schema": field.schema}


def _object(fields: Fields) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {"anyOf": [field.schema, {"type": "null"}]}
            if field.optional or field.nullable
            else field.schema
            for name, field in fields.items()
        },
        "required": [name for name, field in fields.items() if not field.optional],
    }


def _answer(status: int, what: str | None) -> dict[str, Any]:
    described: dict[str, Any] = {"description": _HAPPENED[status]}
    if what and "/" in what:
        described["content"] = {
            what: {"schema": {"type": "object" if "json" in what else "string"}}
        }
    elif what:
        described["content"] = {"application/json": {"schema": ref(what)}}
    return described
