"""The kiosk as an app of the tablet: the whole screen, without the browser's bars."""

from flask import Blueprint, Response, json, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ruko.web import current_office

bp = Blueprint("kiosk_manifest", __name__)


@bp.get("/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    """Read by the browser without cookies, so it needs no pairing."""
    office = current_office()
    start = url_for("kiosk.start")
    described = {
        "id": start,
        "start_url": start,
        "scope": start,
        "name": _("%(house)s kiosk", house=office.house),
        "short_name": office.house,
        "lang": "id",
        "display": "fullscreen",
        "orientation": "any",
        "background_color": "#F6F7F3",
        "theme_color": "#F6F7F3",
        "icons": [
            {
                "src": url_for("static", filename=f"img/logo-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in (192, 512)
            for purpose in ("any", "maskable")
        ],
    }
    return Response(json.dumps(described), mimetype="application/manifest+json")
