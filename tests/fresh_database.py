"""A further empty database of the engine under test, for what must begin at nothing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text


@contextmanager
def fresh_database(database_url: str, folder: Path, template: str | None = None) -> Iterator[str]:
    """Yield the URL of an empty database, or of a copy of `template`; gone afterwards."""
    url = make_url(database_url)
    name = f"fresh_{uuid4().hex}"
    if url.get_backend_name() == "sqlite":
        file = folder / f"{name}.sqlite3"
        if template:
            shutil.copy(template.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    source = f"TEMPLATE {make_url(template).database}" if template else ""
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} {source}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        server.dispose()
