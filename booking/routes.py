"""The door's one blueprint, and who may use it."""

from flask import Blueprint

from ruko.accounts import Role, User
from ruko.web import require_role, sign_in_required

BOOKERS = (Role.VILLAGE, Role.OPERATOR, Role.ADMIN)

bp = Blueprint("booking", __name__)
bp.before_request(sign_in_required(*BOOKERS))


def booker() -> User:
    """The village, the operator or the administrator who is signed in."""
    return require_role(*BOOKERS)
