"""A lock whose waiters stand in line: whoever came first has it first."""

import threading
from collections import deque

ROUNDS = 3
"""How many times longer one waits in a line that moves: it also moves while each in turn gives up."""


class Line:
    """`threading.Lock` lets a newcomer overtake who is just waking up, again and again.

    Here the lock passes from hand to hand: while somebody waits, it is never free.
    So many may be inside at a time as it has `places`.
    """

    def __init__(self, places: int = 1) -> None:
        self._looking = threading.Lock()
        self._free = places
        self._waiting: deque[threading.Lock] = deque()
        self._moved = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def enter(self, seconds: float) -> bool:
        """Wait for one's turn; False where the line has stood still for so long, or `ROUNDS` times that."""
        with self._looking:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
            seen = self._moved
        for _ in range(ROUNDS):
            if turn.acquire(timeout=seconds):
                return True
            with self._looking:
                if seen == self._moved:
                    break
                seen = self._moved
        with self._looking:
            if turn not in self._waiting:  # it was handed over just now
                return True
            self._waiting.remove(turn)
        return False

    def leave(self) -> None:
        """Let the next one go."""
        with self._looking:
            self._moved += 1
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
