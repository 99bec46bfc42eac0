"""What the doors share: the current office, who stands there, error answers, one answer per key."""

from ruko.web.answers import install_answers
from ruko.web.calendar import booking_url, ics_answer
from ruko.web.callers import (
    Caller,
    caller,
    current_device,
    require_device,
    require_role,
    sign_in_required,
    signed_in,
)
from ruko.web.doors import (
    capability,
    current_office,
    office_of,
    page_edition,
    reads_only,
    register_door,
    safe_path,
    store,
    takes_files,
    url_of,
)
from ruko.web.forms import show_at_field
from ruko.web.once import commit, led_to, new_key, once, undo
from ruko.web.polled import polled
from ruko.web.qr import qr_answer
from ruko.web.reading import READING
from ruko.web.throttle import Throttle

__all__ = [
    "READING",
    "Caller",
    "Throttle",
    "booking_url",
    "caller",
    "capability",
    "commit",
    "current_device",
    "current_office",
    "ics_answer",
    "install_answers",
    "led_to",
    "new_key",
    "office_of",
    "once",
    "page_edition",
    "polled",
    "qr_answer",
    "reads_only",
    "register_door",
    "require_device",
    "require_role",
    "safe_path",
    "show_at_field",
    "sign_in_required",
    "signed_in",
    "store",
    "takes_files",
    "undo",
    "url_of",
]
