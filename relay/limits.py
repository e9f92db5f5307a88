"""What one may ask of the server."""

from dataclasses import dataclass

from relay.turns import Turns


@dataclass(frozen=True, slots=True)
class Limits:
    """What one may ask of the server.

    Attributes:
        connections: at once; None for what memory and file descriptors allow.
        requests: at once; None for what memory allows.
        idle: seconds without a request, as nginx's keepalive_timeout: connecting costs more than a request.
        head: seconds from the first byte of a request to the end of its headers, and for a TLS handshake.
        request: seconds from there to the end of the answer. A body has 10 s; the rest is for the disk and
            for the client to read, and nobody waits longer than a minute for an answer.
        crowded: seconds that a request may take when there is no room for another: one that is stored takes
            milliseconds, so this is one that is sent or read slowly on purpose.
        unanswered: bytes of requests without an answer; when more are here, no others are read.
        pause: seconds that others wait for that at most, for what is here may never be sent to its end.
        turns: if several processes accept from the socket; each then has its part of the memory.
    """

    connections: int | None = None
    requests: int | None = None
    idle: float = 75.0
    head: float = 10.0
    request: float = 60.0
    crowded: float = 5.0
    unanswered: int = 2 * 1024 * 1024
    pause: float = 1.0
    turns: Turns | None = None
