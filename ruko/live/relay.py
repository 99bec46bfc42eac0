"""Between the processes that serve one house: what happened in one is told to the others, through Redis.

Each of them then tells its own screens from the database. What is lost while Redis is away is found
there by the next heartbeat, and nobody waits for Redis meanwhile.
"""

import importlib
import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from ruko.assistance import HelpAnswered, HelpAsked
from ruko.displays import DisplayChanged
from ruko.offices import BoardChanged
from ruko.receipts import CallAnnounced
from ruko.voice import VoiceChanged

log = logging.getLogger(__name__)

Happened = BoardChanged | HelpAsked | HelpAnswered | CallAnnounced | DisplayChanged | VoiceChanged
KINDS: dict[str, type[Happened]] = {
    kind.__name__: kind
    for kind in (BoardChanged, HelpAsked, HelpAnswered, CallAnnounced, DisplayChanged, VoiceChanged)
}

CHANNEL = "ruko.happened"
"""Not the name of a database: one Redis carries every channel to all of them."""
ANSWER_SECONDS = 0.5
QUIET_SECONDS = 5
"""Then Redis is asked whether it is still there."""
AGAIN_SECONDS = 1
MOST_UNTOLD = 1000


class Relay:
    """One process's end: `tell` says what happened here, `hear` is called with what happened elsewhere.

    `returned` is called whenever the line is there anew: something may have been missed.
    """

    def __init__(self, url: str) -> None:
        redis = importlib.import_module("redis")  # an extra
        self._faults = (redis.RedisError, OSError)
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=None,  # trying again is done here
        )
        self._us = uuid4().hex
        self._is_away = False
        self._untold: queue.Queue[str] = queue.Queue(MOST_UNTOLD)

    def start(self, hear: Callable[[Happened], None], returned: Callable[[], None]) -> None:
        """Begin to tell and to hear, each in a thread of its own."""
        for work, words in ((self._tell_forever, ()), (self._hear_forever, (hear, returned))):
            threading.Thread(target=work, args=words, name="ruko-relay", daemon=True).start()

    def tell(self, happened: Happened) -> None:
        """Have the others told; never waits."""
        with suppress(queue.Full):  # Redis is away
            said = json.dumps([self._us, type(happened).__name__, asdict(happened)], default=list)
            self._untold.put_nowait(said)

    def _tell_forever(self) -> None:
        while True:
            said = self._untold.get()
            with suppress(*self._faults):  # the listener logs it
                self._redis.publish(CHANNEL, said)

    def _hear_forever(self, hear: Callable[[Happened], None], returned: Callable[[], None]) -> None:
        while True:
            try:
                with self._redis.pubsub() as line:
                    line.subscribe(CHANNEL)
                    self._listen(line, hear, returned)
            except self._faults as fault:
                if not self._is_away:
                    log.warning("Redis is away, each process serves its own screens: %s", fault)
                self._is_away = True
            except Exception:  # nothing ends this thread
                log.exception("what happened elsewhere could not be told here")
            time.sleep(AGAIN_SECONDS)

    def _listen(
        self, line: Any, hear: Callable[[Happened], None], returned: Callable[[], None]
    ) -> None:
        """Until the line breaks; a machine without power says no goodbye."""
        is_asked = False
        while True:
            said = line.get_message(timeout=QUIET_SECONDS)
            if said is None and is_asked:
                raise TimeoutError("it says nothing any more")
            is_asked = said is None
            if said is None:
                line.ping()
            elif said["type"] == "subscribe":
                if self._is_away:
                    log.warning("Redis is back")
                self._is_away = False
                returned()
            elif said["type"] == "message" and (happened := self._read(said["data"])):
                hear(happened)

    def _read(self, said: bytes) -> Happened | None:
        """What happened elsewhere; nothing if it was here, or is of another version of this program."""
        try:
            sender, kind, fields = json.loads(said)
            for name, value in fields.items():
                fields[name] = frozenset(value) if isinstance(value, list) else value
            return None if sender == self._us else KINDS[kind](**fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("something on the channel %s is not understood", CHANNEL)
            return None
