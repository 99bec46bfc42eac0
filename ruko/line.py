"""A lock whose waiters stand in line: whoever came first has it first."""

import threading
from collections import deque


class Line:
    """`threading.Lock` lets a newcomer overtake who is just waking up, again and again.

    Here the lock passes from hand to hand: while somebody waits, it is never free.
    """

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()
        self._moved = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def enter(self, seconds: float) -> bool:
        """Wait for one's turn while the line moves; False where it has stood still for so long."""
        with self._looking:
            if not self._held:
                self._held = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
            seen = self._moved
        while not turn.acquire(timeout=seconds):
            with self._looking:
                if seen == self._moved:
                    self._waiting.remove(turn)
                    return False
                seen = self._moved
        return True

    def leave(self) -> None:
        """Let the next one go."""
        with self._looking:
            self._moved += 1
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
