"""What the doors share: the current office, who stands there, error answers, one answer per key."""

from ruko.web.answers import install_answers, problem, refuse_page
from ruko.web.callers import (
    Caller,
    actor_of,
    caller,
    current_device,
    keep_device,
    require_device,
    require_role,
    sign_in_required,
    signed_in,
)
from ruko.web.doors import (
    current_office,
    office_of,
    reads_only,
    register_door,
    safe_path,
    take_office,
    url_of,
)
from ruko.web.once import commit, once
from ruko.web.qr import qr_answer
from ruko.web.throttle import Throttle

__all__ = [
    "Caller",
    "Throttle",
    "actor_of",
    "caller",
    "commit",
    "current_device",
    "current_office",
    "install_answers",
    "keep_device",
    "office_of",
    "once",
    "problem",
    "qr_answer",
    "reads_only",
    "refuse_page",
    "register_door",
    "require_device",
    "require_role",
    "safe_path",
    "sign_in_required",
    "signed_in",
    "take_office",
    "url_of",
]
