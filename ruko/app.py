"""The roof: puts the house and its doors together, and starts the `ruko` command."""

import hashlib
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, g, has_request_context, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale, get_translations
from flask_compress import Compress
from flask_migrate import Migrate
from sqlalchemy.exc import DBAPIError
from werkzeug.middleware.proxy_fix import ProxyFix

import api
import booking
import desk
import display
import kiosk
from ruko import clock, words
from ruko.backup import install_backups
from ruko.cli import cli
from ruko.db import db, engine_options, is_transient, prepare_engine
from ruko.live import install_live
from ruko.settings import Settings, read_settings
from ruko.spooler import install_spooler
from ruko.web import Throttle, install_answers, new_key
from ruko.web.answers import is_api
from ruko.web.callers import signed_in
from ruko.web.doors import install_offices
from ruko.web.polled import install_polls
from ruko.web.safety import install_safety
from ruko.web.sessions import install_sessions

TRIES = 3
"""How often a unit of work is tried when PostgreSQL breaks a deadlock."""
YEAR_SECONDS = 365 * 24 * 3600


class Roof(Flask):
    """Flask, trying a unit of work again after a deadlock; each try begins anew."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is a coroutine; Flask looks a dozen times for each request."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        for _ in range(TRIES - 1):
            try:
                return super().dispatch_request()
            except DBAPIError as error:
                if not is_transient(error):
                    raise
                db.session.rollback()
                g.pop("request_key", None)
        return super().dispatch_request()


def web_root() -> Path:
    """Where templates, static files, translations and migrations are: installed, or a checkout."""
    installed = Path(__file__).parent / "_web"
    return installed if installed.is_dir() else Path(__file__).parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application, ready to serve."""
    settings = settings or read_settings()
    root = web_root()
    app = Roof(
        "ruko",
        root_path=str(root),
        template_folder=str(root / "templates"),
        static_folder=str(root / "static"),
        static_url_path=f"/static/{_content_hash(root / 'static')}",
    )
    app.config.update(
        RUKO=settings,
        SECRET_KEY=settings.read_secret_key(),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SEND_FILE_MAX_AGE_DEFAULT=YEAR_SECONDS,
        BABEL_DEFAULT_LOCALE=words.DEFAULT_LANGUAGE,
        BABEL_TRANSLATION_DIRECTORIES=str(root / "translations"),
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIN_SIZE=500,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory=str(root / "migrations"), render_as_batch=True)
    Compress(app)
    Babel(app, locale_selector=_language)
    install_sessions(app)
    app.extensions["ruko_throttle"] = Throttle(settings.redis_url)
    install_offices(app)
    install_safety(app)
    install_answers(app)
    install_live(app, settings.redis_url)
    install_spooler(app)
    install_backups(app, settings)
    for door in (booking, kiosk, display, desk, api):
        door.open_door(app)
    _install_templates(app, settings)
    install_polls(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=count
        )
    return app


def _language() -> str:
    """Pages follow their switch alone; programs say what they prefer."""
    if not has_request_context():
        return words.DEFAULT_LANGUAGE
    if is_api():
        return request.accept_languages.best_match(words.LANGUAGES) or words.DEFAULT_LANGUAGE
    chosen = session.get("lang")
    return chosen if chosen in words.LANGUAGES else words.DEFAULT_LANGUAGE


def _install_templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of Jinja's i18n
        lambda text: _catalogue(get_locale()).ugettext(text),
        lambda one, many, count: _catalogue(get_locale()).ungettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.globals.update(languages=words.LANGUAGES, new_key=new_key)  # for macros, too

    @app.context_processor
    def _context() -> dict[str, Any]:
        return {
            "lang": words.language(),
            "demo": settings.demo,
            "office": g.get("office"),
            "me": signed_in,  # called by the page that needs it: an error page must not touch the database
            "now": clock.now(),
            "words": words,
            "theme": session.get("theme"),
            "text_size": session.get("text_size"),
        }


@cache
def _catalogue(_locale: Locale | None) -> Any:
    """The words of the present language; Babel itself would look for them again for every word."""
    return get_translations()


def _content_hash(folder: Path) -> str:
    """One hash of all static files, so that they may be kept for a year and import each other."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def main() -> None:
    """The `ruko` command."""
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )
    logging.getLogger("ruko").setLevel(logging.INFO)
    cli(obj=create_app, standalone_mode=True)
