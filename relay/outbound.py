"""HTTP clients, set up as the environment says: proxies and certificates."""

import re
from typing import Any, TypeVar

import httpx2

from relay.errors import ConfigurationError

C = TypeVar("C", httpx2.AsyncClient, httpx2.Client)

_THIS_MACHINE = ("all://127.0.0.1", "all://localhost", "all://[::1]")


def client(**options: Any) -> httpx2.AsyncClient:  # noqa: ANN401  # httpx2's own options
    """Make a client that keeps to HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE.

    No proxy is asked for this machine: a sandbox here is not to be found from there.

    Raises:
        ConfigurationError: one of these variables cannot work.
    """
    return _made(httpx2.AsyncClient, options)


def blocking_client(**options: Any) -> httpx2.Client:  # noqa: ANN401  # as above
    """As `client`, for who has nothing else to do meanwhile."""
    return _made(httpx2.Client, options)


def _made(kind: type[C], options: dict[str, Any]) -> C:
    try:
        return kind(mounts=dict.fromkeys(_THIS_MACHINE), **options)
    except (ImportError, OSError) as error:
        raise ConfigurationError([f"{_VARIABLES}: one of them cannot work: {error}."]) from error
    except (
        ValueError,
        httpx2.InvalidURL,
    ) as error:  # whose text holds a part of the URL: the password, maybe
        fault = f"{_VARIABLES}: one of them is no URL such as http://proxy.example:3128."
        raise ConfigurationError(
            [f"{fault} A password's special signs are written as %23 and the like."]
        ) from error


_VARIABLES = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR"


def why(error: Exception) -> str:
    """Tell why a request failed, without what the other side sent: it may echo key and payload."""
    text = str(error)
    match error:
        case httpx2.ProxyError():
            text = re.sub(r"(?s)^(\d{3})\b.*", r"\1", text)  # its status and, left out, its own words
        case httpx2.ProtocolError() if not text.startswith(("Server disconnected", "peer closed")):
            text = "that is no HTTP"
    return f"{type(error).__name__}: {text}".rstrip(": ")
