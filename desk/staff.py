"""Who may sit at the desk, and who sits there now."""

from flask import Response, make_response, redirect, url_for

from ruko.accounts import Role, User
from ruko.errors import Forbidden, Unauthenticated
from ruko.web import signed_in

AT_THE_DESK = (Role.STAFF, Role.OPERATOR, Role.ADMIN, Role.CAMAT)
DECIDING = (Role.OPERATOR, Role.ADMIN)
SEES_OFFICE = (*DECIDING, Role.CAMAT)


def signed_in_staff() -> User:
    """The signed-in account, behind `sign_in_required`."""
    user = signed_in()
    if user is None:
        raise Unauthenticated
    return user


def deciding_staff() -> User:
    """The signed-in account if it runs the office; who only looks on (the camat) is refused."""
    user = signed_in_staff()
    if not user.runs_office:
        raise Forbidden
    return user


def to_desk() -> Response:
    """Back to the desk."""
    return make_response(redirect(url_for("desk.start"), 303))
