"""The API client in tests: time that passes only by waiting, and a server that answers with any bytes."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from datadog_assets.api import Api
from datadog_assets.api.connection import Limits
from datadog_assets.environment import Access


class Time:
    """Seconds that pass by waiting only; remembers each wait and each line that was told."""

    def __init__(self, now: float = 1_772_600_767.0) -> None:
        self.now = now
        self.waits: list[float] = []
        self.told: list[str] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def api_for(access: Access, time: Time, limits: Limits | None = None) -> Api:
    """Give a client whose waits are as long as they can get by chance."""
    return Api(
        access,
        tell=time.told.append,
        limits=limits or Limits(),
        sleep=time.sleep,
        jitter=lambda: 1.0,
        clock=time,
    )


@contextmanager
def answering(
    *answers: bytes | Sequence[bytes], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    """Answer each connection with the next bytes, in pieces if there are several, then close it.

    Gives the URL and the requests' heads. The last answer is given again and again.
    """
    heads: list[bytes] = []
    done = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not done.is_set():
            connection, _ = listener.accept()
            # the other side may go at any time
            with (
                connection,
                suppress(OSError),
                tls.wrap_socket(connection, True) if tls else connection as peer,
            ):
                head = b""
                while b"\r\n\r\n" not in head and (piece := peer.recv(65536)):
                    head += piece
                if head:
                    heads.append(head)
                    answer = answers[min(len(heads), len(answers)) - 1]
                    for piece in [answer] if isinstance(answer, bytes) else answer:
                        peer.sendall(piece)

    thread = threading.Thread(target=serve)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", heads
    finally:
        done.set()
        # closing alone would not wake a thread that waits for a connection
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()
        listener.close()


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Give the bytes of an answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
