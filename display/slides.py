"""The pictures of this office's slides, each at the address of its content."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ruko.errors import NotFound
from ruko.pictures import media_type
from ruko.slides import is_picture_of
from ruko.web import current_office, store

bp = Blueprint("slides", __name__)


@bp.get("/<digest>")
def picture(digest: str) -> ResponseReturnValue:
    """The picture, while a slide of this office shows it; what is at an address never changes."""
    if not is_picture_of(current_office(), digest):
        raise NotFound
    try:
        content = store("slides").path_of(digest).read_bytes()
    except FileNotFoundError:
        raise NotFound from None
    answer = Response(content, mimetype=media_type(content))
    answer.set_etag(digest)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer.make_conditional(request)
