"""What the house refuses: a stable code, an HTTP status and a sentence for people.

A rule raises; it never answers.
The sentence is a message id in English with values; `ruko.web` translates and answers.
"""

from typing import Any, ClassVar


def N_(message: str) -> str:  # noqa: N802 – the customary name; marks a message id for extraction
    """Mark a message id for translation and return it unchanged."""
    return message


class RukoError(Exception):
    """The base of every refusal; subclasses say it in the officer's words."""

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 422
    message: str = N_("This could not be done.")

    def __init__(self, message: str | None = None, /, **values: Any) -> None:
        if message is not None:
            self.message = message
        self.values = values
        super().__init__(self.message % values if values else self.message)

    @property
    def extra(self) -> dict[str, Any]:
        """Further members of the problem document (such as the present state)."""
        return {}


class Invalid(RukoError):
    """Something given is missing, unknown or impossible; names the fields."""

    code = "invalid"
    status = 422
    message = N_("Please check what was entered.")

    def __init__(self, field: str, message: str, /, **values: Any) -> None:
        super().__init__(message, **values)
        self.field = field
        self.also: list[Invalid] = []
        """Further faults of the same request."""


class Unauthenticated(RukoError):
    """Nobody is signed in, or the token is not (or no longer) valid."""

    code = "unauthenticated"
    status = 401
    message = N_("Please sign in first.")


class Forbidden(RukoError):
    """Known, but not allowed."""

    code = "forbidden"
    status = 403
    message = N_(
        "Your account may not do this. Please ask the operator of the sub-district office."
    )


class NotFound(RukoError):
    """No such thing in this office."""

    code = "not_found"
    status = 404
    message = N_("This address leads nowhere. Please check it, or start again from the front page.")


class WrongState(RukoError):
    """Somebody was faster, or the step does not fit; carries the present state."""

    code = "wrong_state"
    status = 409
    message = N_(
        "This step no longer fits: it has changed meanwhile. Please look at its present state."
    )

    def __init__(self, state: str, message: str | None = None, /, **values: Any) -> None:
        super().__init__(message, **values)
        self.state = state

    @property
    def extra(self) -> dict[str, Any]:
        return {"state": self.state}


class Closed(RukoError):
    """Outside service hours, in a break, on a holiday, or after the last number."""

    code = "closed"
    status = 409
    message = N_("The office is closed at that time.")


class TooSoon(RukoError):
    """Before its time."""

    code = "too_soon"
    status = 409
    message = N_("It is too early for this.")


class TooLate(RukoError):
    """After its time."""

    code = "too_late"
    status = 409
    message = N_("It is too late for this.")


class RateLimited(RukoError):
    """Too many failed tries; `retry_after` in seconds."""

    code = "rate_limited"
    status = 429
    message = N_("Too many tries. Please wait %(minutes)d minutes and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(minutes=max(1, -(-retry_after // 60)))
        self.retry_after = retry_after


class IdempotencyMismatch(RukoError):
    """The same key came with another request."""

    code = "idempotency_mismatch"
    status = 422
    message = N_("This request key was already used for something else. Please start again.")


class Unavailable(RukoError):
    """The database is away or busy; nothing was written."""

    code = "unavailable"
    status = 503
    message = N_("Nothing was saved: the system is busy. Please try again in a moment.")
