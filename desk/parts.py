"""Pages whose parts are fetched anew by static/js/parts.js."""

import re
from hashlib import sha256

from flask import make_response, request
from flask.typing import ResponseReturnValue

_KEYS = re.compile(r'<input type="hidden"[^>]*>')
"""Of forms, new in every answer."""


def parts_answer(parts: str) -> ResponseReturnValue:
    """The parts of a page; unchanged, they are not sent again."""
    response = make_response(parts)
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(sha256(_KEYS.sub("", parts).encode()).hexdigest()[:32])
    return response.make_conditional(request)
