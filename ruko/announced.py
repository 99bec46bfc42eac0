"""What a screen says of a call, by its socket or by a request: `{seq, shown: true, spoken}`."""

from typing import Any

HIGHEST_SEQ = 2**31 - 1


def read_announced(said: Any) -> tuple[int, bool] | None:
    """The call's number, and whether it was spoken to the end; None of anything else."""
    if not isinstance(said, dict) or said.get("shown") is not True:
        return None
    seq = said.get("seq")
    if type(seq) is not int or not 0 < seq <= HIGHEST_SEQ:
        return None
    return seq, said.get("spoken") is True
