"""What is installed: everything that the program needs, nothing else, and it works anywhere."""

import os
import re
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from zipfile import ZipFile

import pytest

from tests.conftest import SLUG
from tests.test_server import Installation, free_port

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
PACKAGES = {"ruko", "booking", "kiosk", "display", "desk", "api"}
START = (
    *("/", f"/{SLUG}/booking", f"/{SLUG}/kiosk", f"/{SLUG}/display", f"/{SLUG}/desk"),
    *(f"/{SLUG}/login", "/healthz", "/readyz", "/api/v1/offices", "/api/v1/openapi.json"),
    *(f"/api/v1/offices/{SLUG}", f"/api/v1/offices/{SLUG}/board"),
)
LINK = re.compile(r"""(?:href|src)="([^"#]+)[^"]*\"""")
URL = re.compile(r"""url\(["']?([^"')]+)["']?\)""")


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
    for name in ("vendor/socket.io.min.js", "vendor/icons.svg", "vendor/LICENSES.txt"):
        assert f"ruko/_web/static/{name}" in names
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
    with installed.serving("demo", port=free_port()) as server:
        visited = dict(walk(server.url))
    assert {url: status for url, status in visited.items() if status != 200} == {}
    assert len(visited) > 30
    for kind in (".css", ".js", ".woff2", "icons.svg"):
        assert any(urlsplit(url).path.endswith(kind) for url in visited), kind


def walk(base: str) -> Iterator[tuple[str, int]]:
    """Follow every link from the public pages, as far as nobody has to sign in."""
    seen: set[str] = set()
    ahead = [base + path for path in START]
    give_up = time.monotonic() + 120
    while ahead and len(seen) < 200 and time.monotonic() < give_up:
        url = ahead.pop(0)
        if url in seen:
            continue
        seen.add(url)
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 – ours
                yield url, answer.status
                text = answer.read().decode("utf-8", "replace")
                kind = answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            yield url, error.code
            continue
        found = LINK.findall(text) if kind == "text/html" else []
        found += URL.findall(text) if kind == "text/css" else []
        links = (urljoin(answer.url, unescape(link)) for link in found)
        ahead += [link for link in links if link.startswith(base) and "logout" not in link]
