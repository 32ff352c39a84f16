"""Servers of all manners on the kernel's TCP, for a client that is to be tested. They run in a thread of their own."""

import asyncio
import socket
import struct
import threading

import body

HTTP, ECHO, SINK, SOURCE, TRADE, RESETS, MUTE, CLOSES, LIES, NOBODY = range(9001, 9011)
BACKLOG = 1024


def pattern_of(path: str) -> bytes:
    """The body that /bytes/N and /close/N ask for."""
    return body.expected(int(path.rsplit("/", 1)[1]))


class LinuxServer:
    """Listens on every port above but NOBODY until stop(). What it found wrong with uploads is in `faults`."""

    def __init__(self, trade_bytes: int):
        self.trade_bytes = trade_bytes
        self.uploads: list[int] = []
        self.faults: list[str] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.listen(), self.loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def end(self) -> None:
        for server in self.servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def listen(self) -> None:
        self.servers = [
            await asyncio.start_server(self.guarded(handler), None, port, backlog=BACKLOG)
            for port, handler in ((HTTP, self.http), (ECHO, self.echo), (SINK, self.sink), (SOURCE, self.source),
                                  (TRADE, self.trade), (RESETS, self.resets), (MUTE, self.mute), (CLOSES, self.closes),
                                  (LIES, self.lies))]

    def guarded(self, handler):
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass  # the client's own tests say whether it should have gone
            finally:
                writer.close()
        return handle

    async def read_upload(self, pieces) -> int:
        """How many bytes came; each must be the pattern's."""
        checker = body.Checker()
        async for piece in pieces:
            try:
                checker.take(piece)
            except AssertionError as fault:
                self.faults.append(str(fault))
                break
        self.uploads.append(checker.count)
        return checker.count

    async def until_end(self, reader: asyncio.StreamReader):
        while piece := await reader.read(65536):
            yield piece

    async def of_length(self, reader: asyncio.StreamReader, left: int):
        while left:
            piece = await reader.readexactly(min(left, 16384))
            left -= len(piece)
            yield piece

    async def http(self, reader, writer) -> None:
        """GET /bytes/N · GET /close/N, whose body ends with the connection · PUT."""
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                return
            lines = head.split("\r\n")
            method, path, _ = lines[0].split(" ")
            fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:] if line)}
            last = fields.get("connection") == "close"
            if method == "PUT":
                await self.read_upload(self.of_length(reader, int(fields["content-length"])))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            elif path.startswith("/close/"):
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + pattern_of(path))
                last = True
            elif path.startswith("/bytes/"):
                data = pattern_of(path)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
            else:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            if last:
                return

    async def echo(self, reader, writer) -> None:
        async for piece in self.until_end(reader):
            writer.write(piece)
            await writer.drain()

    async def sink(self, reader, _) -> None:
        await self.read_upload(self.until_end(reader))

    async def source(self, reader, writer) -> None:
        """Half-closes first, and still hears what the client has to say."""
        writer.write(body.expected(self.trade_bytes))
        writer.write_eof()
        await self.read_upload(self.until_end(reader))

    async def trade(self, reader, writer) -> None:
        """Waits for the client's half-close, then sends."""
        await self.read_upload(self.until_end(reader))
        writer.write(body.expected(self.trade_bytes))
        await writer.drain()

    async def resets(self, reader, writer) -> None:
        await reader.read(1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def mute(self, reader, _) -> None:
        async for _ in self.until_end(reader):
            pass

    async def closes(self, reader, _) -> None:
        """Hears the client out: the kernel would reset a connection whose bytes nobody has read."""
        await reader.read(65536)

    async def lies(self, reader, writer) -> None:
        """One byte of the body is another."""
        await reader.readuntil(b"\r\n\r\n")
        data = bytearray(body.expected(10_000))
        data[7_777] ^= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        await writer.drain()
