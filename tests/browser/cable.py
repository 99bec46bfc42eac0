"""A cable between the browsers and the server, for tests to cut and to slow down."""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from tests.browser.conftest import Server

CHUNK = 64 * 1024
SOCKET = b"GET /socket.io/"


class Cable:
    """`with Cable(server) as cable:` – the server is at `cable.server`, too; its sockets can be cut."""

    def __init__(self, server: Server) -> None:
        self._address = urlsplit(server.url)
        self._said = server.said
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lines: list[asyncio.Task[None]] = []
        self._forgotten: list[StreamWriter] = []
        self.lag: Callable[[], float] = lambda: 0
        """How many seconds the next part of an answer is on its way."""
        self.is_noticed: Callable[[], bool] = lambda: True
        """Whether the server notices the next cut, or believes that the browser is there."""

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.start_server(self._connect, "127.0.0.1", 0)
        self._listening = asyncio.run_coroutine_threadsafe(started, self._loop).result()
        port = self._listening.sockets[0].getsockname()[1]
        self.server = Server(f"http://127.0.0.1:{port}", self._said)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> int:
        """Cut every socket that is open, or about to be; returns how many there were."""
        lines = [line for line in self._lines if not line.done()]
        self._lines.clear()
        for line in lines:
            self._loop.call_soon_threadsafe(line.cancel)
        return len(lines)

    async def _connect(self, reader: StreamReader, writer: StreamWriter) -> None:
        there: StreamWriter | None = None
        is_told = True
        try:
            first = await reader.read(CHUNK)
            if first.startswith(SOCKET) and (line := asyncio.current_task()):
                self._lines.append(line)
            host, port = self._address.hostname, self._address.port
            answers, there = await asyncio.open_connection(host, port)
            there.write(first)
            await self._carry_both_ways(reader, there, answers, writer)
        except OSError:
            pass  # nobody is there
        except asyncio.CancelledError:
            is_told = self.is_noticed()
        writer.transport.abort()
        if there and is_told:
            there.transport.abort()
        elif there:
            self._forgotten.append(there)

    async def _carry_both_ways(
        self, reader: StreamReader, there: StreamWriter, answers: StreamReader, writer: StreamWriter
    ) -> None:
        ways = [
            asyncio.ensure_future(_carry(reader, there)),
            asyncio.ensure_future(_carry(answers, writer, self._hold_back)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    async def _hold_back(self) -> None:
        await asyncio.sleep(self.lag())

    async def _stop(self) -> None:
        self._listening.close()
        self.is_noticed = lambda: True
        for writer in self._forgotten:
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted is closed in the next turn


async def _carry(
    reader: StreamReader,
    writer: StreamWriter,
    before: Callable[[], Awaitable[None]] | None = None,
) -> None:
    with suppress(OSError):
        while said := await reader.read(CHUNK):
            if before:
                await before()
            writer.write(said)
            await writer.drain()
