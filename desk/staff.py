"""Who may sit at the desk, and who sits there now."""

from flask import Response, make_response, redirect, url_for

from ruko.accounts import Role, User
from ruko.errors import Unauthenticated
from ruko.web import signed_in

AT_THE_DESK = (Role.STAFF, Role.OPERATOR, Role.ADMIN, Role.CAMAT)
DECIDING = (Role.OPERATOR, Role.ADMIN)


def signed_in_staff() -> User:
    """The signed-in account, behind `sign_in_required`."""
    user = signed_in()
    if user is None:
        raise Unauthenticated
    return user


def to_desk() -> Response:
    """Back to the desk."""
    return make_response(redirect(url_for("desk.start"), 303))
