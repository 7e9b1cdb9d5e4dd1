"""A server that reads a request whole and answers the same bytes: what the load generator and the machine
can do at most. `python -m benchmarks.tracking.noop PORT ANSWER_FILE`."""

import asyncio
import sys
from pathlib import Path
from typing import cast

import uvloop

HEAD_END = b"\r\n\r\n"


class Noop(asyncio.Protocol):
    answer = b""

    def __init__(self) -> None:
        self.head = b""
        self.left = 0  # bytes of the current body still to come

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's class is not derived from asyncio's

    def data_received(self, data: bytes) -> None:
        while data:
            if self.left:
                taken = min(self.left, len(data))
                self.left -= taken
                data = data[taken:]
                if not self.left:
                    self.transport.write(self.answer)
                continue
            self.head += data
            head, found, data = self.head.partition(HEAD_END)
            if not found:
                return
            self.head = b""
            self.left = content_length(head)
            if not self.left:
                self.transport.write(self.answer)


def content_length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return 0 if at < 0 else int(head[at + 15 :].split(b"\r\n", 1)[0])


async def serve(port: int, body: bytes) -> None:
    Noop.answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    server = await asyncio.get_running_loop().create_server(Noop, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
