"""One process's side of its channel, without the process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from headrace import clock
from headrace.serving.call import Call, Reply
from headrace.serving.facts import Facts
from headrace.serving.hosts.base import Emit
from headrace.serving.workers.frames import Done, End, Given, Reader, pack, reader_of
from headrace.serving.workers.serving import Serving

LINGERS_S = 0.1  # some times what the main thread has until another one reads


class Lingering:
    """Answers at once and goes on for a while: after the answer the next call may be there before it is done."""

    facts = Facts(model_id=None, flavors=[], kinds=["invocations"], feeding="calls")

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        for call in calls:
            emit.done(call.id, Reply(status=200, body=call.body))
        time.sleep(LINGERS_S)

    def cancel(self, call_id: int) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def front() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    serving = Serving(theirs, reader_of(theirs), Lingering())
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    with ours, theirs:
        yield ours
        ours.sendall(b"".join(pack(End())))
        thread.join(20)
        assert not thread.is_alive()


def test_calls_that_come_before_the_model_is_done_are_answered(front: socket.socket) -> None:
    reader = Reader()
    for number in range(5):
        call = Call(id=number, kind="invocations", body=b"%d" % number, deadline=clock.monotonic_s() + 60)
        front.sendall(b"".join(pack(Given(call, last=True))))
        (said,) = reader.feed(front.recv(1 << 16))
        assert isinstance(said, Done)
        assert said.reply.body == call.body
