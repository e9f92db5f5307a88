"""One end of the stream between the main process and a worker, on which each sends the other messages."""

import asyncio
import marshal
from collections.abc import Callable
from typing import cast

Message = tuple[str, int, object]
"""A kind, a number and a value, of such types as `marshal` knows."""

_HEAD = 4
"""Bytes before each frame: how long it is."""

_LARGE = 256 * 1024
"""Bytes from which on two writes cost less than to copy a frame."""

_VERSION = 2
"""Of marshal's format: later ones look for the same object twice, which takes longer and finds nothing."""


class Channel(asyncio.Protocol):
    """Sends and receives messages; all of one turn of the event loop go in one frame.

    They are encoded by marshal, which takes half a microsecond for a record of 1 kB. It is fit for processes
    that trust each other and are of one version of Python, as these are: both run on one interpreter, and
    nobody else has the socket.
    """

    def __init__(self, received: Callable[[list[Message]], None], lost: Callable[[], None]) -> None:
        """Begin.

        Args:
            received: is called with the messages of each frame.
            lost: is called once the other process has closed its end, or has ended.
        """
        self._received = received
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._unsent: list[Message] = []
        self._read = bytearray()
        self._transport: asyncio.Transport | None = None
        self._is_over = False

    def send(self, kind: str, number: int = 0, value: object = None) -> None:
        """Send a message at the end of this turn of the event loop; nobody's, if the other end is closed."""
        if self._is_over:
            return
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append((kind, number, value))

    def close(self) -> None:
        """Send what is not sent, then close this end."""
        self._flush()
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Give on what has come whole."""
        self._read += data
        while len(self._read) >= _HEAD:
            end = _HEAD + int.from_bytes(self._read[:_HEAD], "big")
            if len(self._read) < end:
                return
            with memoryview(self._read) as read, read[_HEAD:end] as frame:
                messages: list[Message] = marshal.loads(frame)  # noqa: S302  # of our own process
            del self._read[:end]
            self._received(messages)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # either way it is the end
        """Note the end."""
        self._is_over = True
        self._transport = None
        self._unsent.clear()
        self._lost()

    def _flush(self) -> None:
        if self._transport and self._unsent:
            frame = marshal.dumps(self._unsent, _VERSION)
            self._unsent = []
            head = len(frame).to_bytes(_HEAD, "big")
            if len(frame) < _LARGE:
                self._transport.write(head + frame)
            else:
                self._transport.write(head)
                self._transport.write(frame)
