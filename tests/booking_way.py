"""Going the booking's steps with a browser that shows no pictures."""

import re
from html import unescape
from io import BytesIO

from werkzeug.test import TestResponse

from tests.conftest import SLUG, VisitingClient

HOME = f"/{SLUG}/booking"
ABOUT: dict[str, object] = {
    "category": "stunting",
    "bidang": "",
    "topic": "Makanan tambahan untuk 12 balita",
}
TIME: dict[str, object] = {"date": "2026-11-24", "when": "1 09:00", "hours": "1"}
PEOPLE: dict[str, object] = {
    "leader": "Siti Aminah",
    "leader_role": "secretary",
    "attendees": "4",
    "phone": "",
}

File = tuple[bytes, str]
_INPUTS = re.compile(r"<input\b[^>]*>")


def begin(client: VisitingClient, **other: object) -> str:
    """The first step; returns the draft's address."""
    answer = client.submit(HOME, ABOUT | other)
    assert answer.status_code == 303, text_of(answer)
    assert isinstance(answer.location, str)
    return answer.location.removesuffix("/date")


def choose(client: VisitingClient, draft: str, **other: object) -> TestResponse:
    """The third step, and with it the second."""
    return client.submit(f"{draft}/time", TIME | other)


def say_who(client: VisitingClient, draft: str, *files: File, **other: object) -> TestResponse:
    """The fourth step, with papers if given."""
    papers = [(BytesIO(content), name) for content, name in files]
    return client.submit(
        f"{draft}/people", PEOPLE | {"papers": papers} | other, content_type="multipart/form-data"
    )


def ready(client: VisitingClient, when: dict[str, object] | None = None, **other: object) -> str:
    """All steps but the last; returns the draft's address."""
    draft = begin(client, **{k: v for k, v in other.items() if k not in PEOPLE})
    held = choose(client, draft, **(when or {}))
    assert held.status_code == 303, text_of(held)
    said = say_who(client, draft, **{k: v for k, v in other.items() if k in PEOPLE})
    assert said.status_code == 303, text_of(said)
    assert said.location == f"{draft}/check"
    return draft


def book(client: VisitingClient, when: dict[str, object] | None = None, **other: object) -> str:
    """All the way; returns the code."""
    sent = client.submit(f"{ready(client, when, **other)}/check")
    assert sent.status_code == 303, text_of(sent)
    return str(sent.location).rsplit("/", 1)[1]


def text_of(answer: TestResponse) -> str:
    """What a person reads: no tags, no scripts, single blanks."""
    body = re.sub(r"<(script|head|svg)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(answer: TestResponse) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', answer.text)]


def value_of(answer: TestResponse, name: str) -> str:
    found = re.search(
        rf'name="{name}"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="{name}"', answer.text
    )
    assert found, name
    return unescape(found[1] or found[2] or "")


def radios(answer: TestResponse, name: str = "when") -> list[str]:
    """The values that can be chosen."""
    return [value for value, _ in _radios(answer, name)]


def chosen(answer: TestResponse, name: str = "when") -> list[str]:
    """The values that are chosen."""
    return [value for value, checked in _radios(answer, name) if checked]


def _radios(answer: TestResponse, name: str) -> list[tuple[str, bool]]:
    inputs = [
        dict(re.findall(r'(\w+)(?:="([^"]*)")?', tag)) for tag in _INPUTS.findall(answer.text)
    ]
    return [
        (each["value"], "checked" in each)
        for each in inputs
        if each.get("type") == "radio" and each.get("name") == name
    ]
