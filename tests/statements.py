"""The statements that a test's own thread sends; threads that earlier tests started ask now and then too."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

from sqlalchemy import Engine, event


@contextmanager
def statements(engine: Engine, *kinds: str) -> Iterator[list[str]]:
    """What is sent meanwhile, or of it what begins with one of those words, in order."""
    here, sent = get_ident(), list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if get_ident() == here and (not kinds or statement.startswith(kinds)):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
