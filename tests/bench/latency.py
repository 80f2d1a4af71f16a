"""A wire that takes longer: whatever a client sends arrives later, answers come back at once.

Run as `python -m tests.bench.latency HOST PORT MILLISECONDS`; it prints the port it listens on
and ends when its standard input does. A process of its own, so that it costs the client nothing.
"""

import asyncio
import sys
from contextlib import suppress

CHUNK = 1 << 16


class Wire:
    """Leads to one address, with a delay on the way there."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._host, self._port, self._seconds = host, port, seconds

    async def serve(self) -> None:
        """Listen until standard input is closed."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        async with server:
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    async def _connect(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection(self._host, self._port)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._delayed(near, forth), _direct(far, back))
        for end in (forth, back):
            end.close()

    async def _delayed(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        later = asyncio.get_running_loop().call_later
        while data := await source.read(CHUNK):
            later(self._seconds, sink.write, data)
        later(self._seconds, sink.close)


async def _direct(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(CHUNK):
        sink.write(data)
        await sink.drain()
    sink.close()


def main() -> None:
    """Serve."""
    host, port, milliseconds = sys.argv[1:]
    asyncio.run(Wire(host, int(port), int(milliseconds) / 1000).serve())


if __name__ == "__main__":
    main()
