"""What is installed: everything that the program needs, nothing else, and it works anywhere."""

import os
import re
import subprocess
import sys
import sysconfig
import urllib.error
import urllib.request
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from zipfile import ZipFile

import pytest

from ruko.demo import PASSWORD
from tests.conftest import SLUG
from tests.test_server import Installation

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
PACKAGES = {"ruko", "booking", "kiosk", "display", "desk", "api"}
START = (
    *("/", f"/{SLUG}/booking", f"/{SLUG}/kiosk", f"/{SLUG}/display", f"/{SLUG}/desk"),
    *(f"/{SLUG}/login", "/healthz", "/readyz", "/api/v1/offices", "/api/v1/openapi.json"),
    *(f"/api/v1/offices/{SLUG}", f"/api/v1/offices/{SLUG}/board"),
)
LINKS = {
    "text/html": re.compile(r'(?:href|src)="([^"#]+)'),
    "text/css": re.compile(r"""url\(["']?([^"')]+)"""),
    "text/javascript": re.compile(r"""from\s*["'](\.[^"']+)["']"""),
}
MOST_PAGES = 150


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `pip install .` makes it, with the tools that are here already."""
    folder = tmp_path_factory.mktemp("wheel")
    run("pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it; only the libraries are those of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    run("venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    run("pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    [packages] = folder.glob("lib/python*/site-packages")
    # Not followed from there: the checkout's own .pth file, which would hide a missing file.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(module: str, *words: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, words)],
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_what_is_needed_and_nothing_else(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES

    for package in PACKAGES:
        wanted = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
        assert wanted <= names, package
    for folder in ("templates", "static", "translations", "migrations"):
        here = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        wanted = {f"ruko/_web/{path.relative_to(ROOT)}" for path in here if path.suffix != ".pyc"}
        assert len(wanted) >= 3
        assert wanted <= names, folder
    for name in ("socket.io.min.js", "zxing_reader.wasm", "icons.svg", "LICENSES.txt"):
        assert f"ruko/_web/static/vendor/{name}" in names
    for language in ("id", "en"):
        assert f"ruko/_web/translations/{language}/LC_MESSAGES/messages.mo" in names
    assert {"ruko/seed/office.toml", "ruko/seed/villages.csv", "ruko/seed/NOTICE.md"} <= names
    assert not [name for name in names if "test" in name or "__pycache__" in name]


def test_an_installed_example_works_in_a_folder_of_strangers(
    environment: Path, tmp_path: Path
) -> None:
    strangers = tmp_path / "strangers"
    (strangers / "templates" / "booking").mkdir(parents=True)
    (strangers / "static").mkdir()
    (strangers / "migrations").mkdir()
    for name in ("base.html", "error.html", "booking/start.html"):
        (strangers / "templates" / name).write_text("{{ strangers() }}")
    for name in ("app.py", "wsgi.py", "ruko.py", "booking.py", "gunicorn.conf.py",
                 "migrations/env.py", "sitecustomize.py"):  # fmt: skip
        (strangers / name).write_text("raise SystemExit('a stranger')\n")
    (strangers / "alembic.ini").write_text("[alembic]\n")

    clean = {k: v for k, v in os.environ.items() if not k.startswith(("RUKO_", "PYTHON"))}
    said = subprocess.run(
        [environment / "bin" / "python", "-P", "-c", "import ruko, api; print(ruko.__file__, api.__file__)"],
        env=clean, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert all(path.startswith(str(environment)) for path in said)

    program = [str(environment / "bin" / "ruko")]
    installed = Installation(strangers, clean | {"HOME": str(tmp_path)}, program)
    with installed.serving("demo") as server:
        visited = Person(server.url).walk()
        village, operator, kiosk = (Person(server.url) for _ in range(3))
        village.sign_in("binjai")
        visited |= village.walk()
        operator.sign_in("operator")
        visited |= operator.walk()
        kiosk.submit(f"/{SLUG}/kiosk", f"/{SLUG}/kiosk/pair")
        visited |= kiosk.walk()
    leads_out = 302
    assert {url: status for url, status in visited.items() if status not in {200, leads_out}} == {}
    assert len(visited) > 40
    for kind in (".css", ".js", ".woff2", "icons.svg"):
        assert any(urlsplit(url).path.endswith(kind) for url in visited), kind


class StaysHere(urllib.request.HTTPRedirectHandler):
    """Goes no further where an answer leads out of the house, such as to WhatsApp."""

    def __init__(self, base: str) -> None:
        self.base = base

    def redirect_request(self, *asked: Any) -> Any:
        """What is asked next; nothing makes the redirect itself the answer."""
        *_, to = asked
        return super().redirect_request(*asked) if to.startswith(self.base) else None


class Person:
    """A browser that follows every link it sees."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(), StaysHere(base)
        )

    def sign_in(self, name: str) -> None:
        page = f"/{SLUG}/login"
        self.submit(page, page, username=name, password=PASSWORD)

    def submit(self, page: str, action: str, **fields: str) -> None:
        """Send a form of that page."""
        with self.opener.open(self.base + page, timeout=60) as answer:
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode())
        assert token, page
        data = urlencode(fields | {"csrf_token": token[1]}).encode()
        with self.opener.open(self.base + action, data, timeout=60) as answer:
            assert answer.status == 200

    def walk(self) -> dict[str, int]:
        """Where the public pages lead to, with what each address answers."""
        seen: dict[str, int] = {}
        ahead = [self.base + path for path in START]
        while ahead and len(seen) < MOST_PAGES:
            url = ahead.pop(0)
            if url in seen:
                continue
            try:
                with self.opener.open(url, timeout=60) as answer:
                    seen[url] = answer.status
                    found = links(answer.headers.get_content_type(), answer.read())
            except urllib.error.HTTPError as error:
                seen[url] = error.code
                continue
            ahead += [link for f in found if (link := urljoin(url, f)).startswith(self.base)]
        return seen


def links(kind: str, body: bytes) -> list[str]:
    if kind not in LINKS:
        return []
    return [unescape(link) for link in LINKS[kind].findall(body.decode())]
