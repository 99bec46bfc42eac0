"""How long a call takes from the desk's press to a connected display.

`python -m bench.call_to_display [DISPLAYS]` – real server, real sockets, everything on this machine.
Beside it stands the same request without a display's wait (the POST alone), as the floor.
"""

import json
import platform
import statistics
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime
from typing import Any

import socketio

from bench.office import SLUG, Measured, measured_office

CALLS = 60
LIMIT_MS = 150


def main() -> None:
    displays = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with measured_office() as office:
        posts, arrivals = measure(office, displays)
    late = sorted(arrivals)
    print(f"python -m bench.call_to_display {displays}")
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {platform.machine()} · {CALLS} calls")
    print(f"the POST alone          median {statistics.median(posts):6.1f} ms")
    print(
        f"call → last of {displays:4} displays  median {statistics.median(late):6.1f} ms"
        f"   p95 {late[int(len(late) * 0.95)]:6.1f} ms   max {late[-1]:6.1f} ms"
        f"   (limit: median {LIMIT_MS} ms)"
    )


def measure(office: Measured, displays: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each POST, and from its start until the last display has the call."""
    seen: dict[int, list[float]] = {}
    arrived = threading.Condition()

    def on_board(board: dict[str, Any]) -> None:
        at = time.perf_counter()
        with arrived:
            if board["last_call"]:
                seen.setdefault(board["last_call"]["seq"], []).append(at)
                arrived.notify_all()

    screens = [connect(office, on_board) for _ in range(displays)]
    counter = get(office, "/counters")["items"][0]["id"]
    posts, arrivals = [], []
    for _ in range(CALLS):
        post(office, "kiosk", f"{office.api}/tickets", {"bidang": "PEM", "visitor": "resident"})
        time.sleep(0.15)  # let the board of the new number pass first
        begun = time.perf_counter()
        said = post(
            office, "operator", f"{office.api}/calls", {"bidang": "PEM", "counter": counter}
        )
        posts.append((time.perf_counter() - begun) * 1000)
        seq = said["call"]["seq"]
        with arrived:
            while len(seen.get(seq, [])) < displays:
                if not arrived.wait(timeout=5):
                    raise TimeoutError(f"call {seq} did not reach every display")
        arrivals.append((max(seen[seq]) - begun) * 1000)
        token = said["turn"]["token"]
        for step in ("start", "finish"):
            post(office, "operator", f"{office.url}/api/v1/turns/{token}/{step}", {})
    for screen in screens:
        screen.disconnect()
    return posts, arrivals


def connect(office: Measured, on_board: Any) -> socketio.Client:
    """A display's end of the socket."""
    screen = socketio.Client(reconnection=False)
    screen.on("board", on_board, namespace="/board")
    screen.connect(
        f"{office.url}?office={SLUG}", namespaces=["/board"], transports=["websocket"], wait=True
    )
    return screen


def get(office: Measured, path: str) -> Any:
    request = urllib.request.Request(office.api + path, headers=office.headers("operator"))  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 – our own server
        return json.load(answer)


def post(office: Measured, who: str, url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310 – our own server
        url,
        json.dumps(body).encode(),
        office.headers(who) | {"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 – our own server
        return json.load(answer)


if __name__ == "__main__":
    main()
