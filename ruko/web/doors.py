"""Doors and offices: every address is `/<office>/<door>/…`, and one place finds the office."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from flask import Blueprint, Flask, current_app, g, request, url_for

from ruko.errors import NotFound
from ruko.files import Store
from ruko.offices import Office, get_office, office_at
from ruko.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])


def current_office() -> Office:
    """The office of this request; raises `NotFound` where the address names none."""
    office: Office | None = g.get("office")
    if office is None:
        raise NotFound
    return office


def take_office(slug: str) -> Office:
    """Make the office of that address the current one; raises `NotFound`."""
    g.office = get_office(slug)
    office: Office = g.office
    return office


def office_of(office_id: int) -> Office:
    """The office with that id, which becomes the current one (for addresses without an office)."""
    office: Office | None = g.get("office")
    if office is None or office.id != office_id:
        office = office_at(office_id)
        g.office = office
    return office


def register_door(app: Flask, door: Blueprint, path: str = "") -> None:
    """Open a door at `/<office>/<path>`; its views need not know the office's slug."""
    app.register_blueprint(door, url_prefix=f"/<office>/{path}".rstrip("/"))


def install_offices(app: Flask) -> None:
    """Take the office out of every address, and put the current one back into every link."""

    @app.url_value_preprocessor
    def _take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.office_slug = values.pop("office", None) if values else None

    @app.url_defaults
    def _keep_office(endpoint: str, values: dict[str, Any]) -> None:
        office = g.get("office")
        if (
            office is not None
            and "office" not in values
            and app.url_map.is_endpoint_expecting(endpoint, "office")
        ):
            values["office"] = office.slug


def look_up_office() -> None:
    """Find the office that the address names; raises `NotFound`."""
    slug = g.get("office_slug")
    if slug is not None:
        take_office(slug)


def reads_only(view: View) -> View:
    """Mark a POST view that does not begin as a writing one: it writes nothing, or hashes first."""
    view.reads_only = True  # type: ignore[attr-defined]
    return view


def takes_files(most_bytes: int) -> Callable[[View], View]:
    """Mark a POST view whose body may be that large; every other one is held to the usual limit."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


def most_bytes() -> int | None:
    """How large the body of this request may be, where its view says so."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "most_bytes", None)


def capability(view: View) -> View:
    """Mark a POST view that needs neither sign-in nor CSRF: the secret in its address is enough."""
    view.capability = True  # type: ignore[attr-defined]
    return view


def is_capability() -> bool:
    """Whether the secret in this request's address is all it needs."""
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "capability", False))


def writes() -> bool:
    """Whether this request begins as a writing unit of work."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return False
    view = current_app.view_functions.get(request.endpoint or "")
    return not getattr(view, "reads_only", False)


def settings() -> Settings:
    """The settings this program was started with."""
    kept: Settings = current_app.config["RUKO"]
    return kept


def store(kind: Literal["clips", "slides", "papers"]) -> Store:
    """Where files of that kind are kept."""
    return Store(settings().data_dir / kind)


def page_edition() -> str:
    """Which edition of the pages is served: the hash of the static files."""
    return str(current_app.static_url_path).rsplit("/", 1)[1]


def base_url() -> str:
    """What absolute addresses begin with: `RUKO_BASE_URL`, else the address asked for."""
    return settings().base_url or f"{request.scheme}://{request.host}"


def url_of(endpoint: str, **values: Any) -> str:
    """An absolute address, for QR codes and the API."""
    return base_url() + url_for(endpoint, **values)


def safe_path(path: str | None, otherwise: str = "/") -> str:
    """An address of this site, else `otherwise`; never another host's."""
    if path and path.isprintable() and path.startswith("/") and path[1:2] not in {"/", "\\"}:
        return path
    return otherwise
