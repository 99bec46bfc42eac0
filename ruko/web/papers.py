"""Papers that come in with a form, and go out as downloads."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Response, send_file
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from ruko import words
from ruko.audit import Actor
from ruko.bookings import Attachment, Booking, Draft, attach
from ruko.bookings.attachments import LARGEST_FILE, MOST_FILES
from ruko.errors import N_, Invalid, NotFound, Unavailable
from ruko.papers import LONGEST_NAME, clean_name, read_paper
from ruko.web.doors import store

log = logging.getLogger(__name__)

MOST_BYTES = 2 * MOST_FILES * LARGEST_FILE
"""Of one form; what is a little too much is still told file by file."""
MOST_LOOKED_AT = 2 * MOST_FILES
"""Of one form: a thousand small archives, each of which unpacks to much, would keep us busy for long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A good paper, in the store already; `attach` takes it as it is."""

    name: str
    kind: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A paper that was not taken, and why, in words."""

    name: str
    why: str


def take_papers(files: Iterable[FileStorage]) -> tuple[list[Kept], list[Refused]]:
    """Look into each file and store the good ones. Takes its time: say it before any writing.

    Raises `Unavailable` when they cannot be stored.
    """
    kept: list[Kept] = []
    refused: list[Refused] = []
    for number, file in enumerate(files):
        if not file.filename:  # the field was left empty
            continue
        if number >= MOST_LOOKED_AT:
            refused.append(
                Refused(
                    _shown(file.filename),
                    _("This file is one of too many. Please send fewer at once."),
                )
            )
            continue
        try:
            with file.stream:
                content = file.stream.read(LARGEST_FILE + 1)
            paper = read_paper(file.filename, content)
            digest = store("papers").keep(paper.content)
        except Invalid as error:
            refused.append(Refused(_shown(file.filename), words.sentence(error)))
        except OSError:
            log.exception("a paper could not be stored")
            raise Unavailable(
                N_("The papers were not kept: the server could not store them. Please try again.")
            ) from None
        else:
            kept.append(Kept(paper.name, paper.kind, len(paper.content), digest))
    return kept, refused


def _shown(name: str) -> str:
    """The name as it was chosen, without anything that could mislead."""
    cleaned = clean_name(f"{name}.x", "x").removesuffix(".x")
    return cleaned[:LONGEST_NAME]


def paper_answer(paper: Attachment) -> Response:
    """The paper as a download, never shown inside our pages."""
    path = store("papers").path_of(paper.digest)
    if not path.is_file():
        log.error("paper %s of the store is missing", paper.digest)
        raise NotFound(N_("There is no such paper; it may have been removed."))
    answer = send_file(path, mimetype=paper.kind, as_attachment=True, download_name=paper.name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def attach_all(
    owner: Draft | Booking, kept: Iterable[Kept], *, by: Actor, now: datetime
) -> list[Refused]:
    """Add the good papers while there is room for them; returns those that were too many."""
    beyond = []
    for paper in kept:
        try:
            attach(
                owner,
                name=paper.name,
                kind=paper.kind,
                size=paper.size,
                digest=paper.digest,
                by=by,
                now=now,
            )
        except Invalid as error:
            beyond.append(Refused(paper.name, words.sentence(error)))
    return beyond
