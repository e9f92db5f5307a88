"""The address that the relay listens on."""

import socket

from relay.errors import ConfigurationError

BACKLOG = 2048
"""Connections that may wait to be accepted; the kernel may allow fewer."""

_KERNEL_WRITE_AHEAD = 64 * 1024
"""Bytes of answers that the kernel keeps for a client; most answers have 200."""


def bind(host: str, port: int) -> socket.socket:
    """Make the listening socket; port 0 takes a free one.

    Raises:
        ConfigurationError: the address cannot be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Accepted sockets inherit both: an answer of two small writes must not wait for the client's ACK,
            # and the kernel would keep 4 MB of answers for a client that does not read any.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_WRITE_AHEAD)
            listening.bind(address)
            listening.listen(BACKLOG)
            listening.setblocking(False)
        except BaseException:
            listening.close()
            raise
    except (OSError, UnicodeError) as error:  # the latter: a name that cannot be one
        reason = f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or 'no such name'}"
        fault = f"RELAY_BIND: {reason}. Choose another address, or stop what uses it."
        raise ConfigurationError([fault]) from error
    return listening
