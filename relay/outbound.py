"""HTTP clients, set up as the environment says: proxies and certificates."""

import ssl
from typing import Any

import httpx2

from relay.errors import ConfigurationError

_THIS_MACHINE = ("all://127.0.0.1", "all://localhost", "all://[::1]")


def client(**options: Any) -> httpx2.AsyncClient:  # noqa: ANN401  # httpx2's own options
    """Make a client that keeps to HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE.

    No proxy is asked for this machine: a sandbox here is not to be found from there.

    Raises:
        ConfigurationError: one of these variables cannot work.
    """
    try:
        return httpx2.AsyncClient(mounts=dict.fromkeys(_THIS_MACHINE), **options)
    except (ValueError, ImportError, OSError, ssl.SSLError, httpx2.InvalidURL) as error:
        names = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR"
        raise ConfigurationError([f"{names}: one of them cannot work: {error}."]) from error
