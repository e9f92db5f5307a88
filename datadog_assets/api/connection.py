"""One connection to Datadog: sends one request, and gives the answer or the reason why none came."""

# ruff: noqa: PLC0415  # httpx2 and ssl are loaded with the first connection: most commands have none

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from datadog_assets.environment import Access, WrongEnvironment


@dataclass(frozen=True, slots=True)
class Limits:
    """What a call may take.

    Attributes:
        attempts: so many at most, the first among them.
        call_seconds: no wait between attempts ends later than this. Datadog's rate limits on what is called
            here begin anew after a minute at most, and several people may share one.
        connect_seconds: of an attempt, until there is a connection.
        silent_seconds: of an attempt, without a byte.
        attempt_seconds: of an attempt in all, the answer's body among it.
        body_bytes: of an answer, decompressed; all monitors of an organization come to some tens of MB.
    """

    attempts: int = 8
    call_seconds: float = 600.0
    connect_seconds: float = 10.0
    silent_seconds: float = 60.0
    attempt_seconds: float = 120.0
    body_bytes: int = 100_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: the headers' names in small letters, the body as it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """No answer came, or none that fits; the text is the end of a sentence: "could not be sent: ...".

    Attributes:
        was_sent: Datadog may have carried the request out.
        is_passing: another attempt may bring one.
    """

    def __init__(self, told: str, *, was_sent: bool, is_passing: bool = True) -> None:
        super().__init__(told)
        self.was_sent = was_sent
        self.is_passing = is_passing


class Connection:
    """Sends requests with both keys, to one host; follows no redirect, which would take the keys elsewhere.

    It keeps to HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE, but asks no proxy for this machine.

    Attributes:
        access: as it is now; `renew` may change the keys.

    Raises:
        WrongEnvironment: a proxy or a certificate cannot be used.
    """

    def __init__(self, access: Access, limits: Limits, clock: Callable[[], float]) -> None:
        self.access = access
        self._limits = limits
        self._clock = clock
        import httpx2

        try:
            self._client = httpx2.Client(
                base_url=access.api_url,
                headers={"Accept": "application/json", "User-Agent": "datadog-assets"},
                mounts=_without_proxy(access.api_url),
                timeout=httpx2.Timeout(limits.silent_seconds, connect=limits.connect_seconds),
                follow_redirects=False,
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
            names = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR"
            reason = " ".join(str(error).split())
            raise WrongEnvironment([f"{names}: one of them cannot be used: {reason}"]) from error

    def close(self) -> None:
        """Close it."""
        self._client.close()

    def renew(self) -> bool:
        """Read the keys' files again; tells whether a key is another one now."""
        before, self.access = self.access, self.access.renewed()
        return self.access != before

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        *,
        with_app_key: bool = True,
    ) -> Answer:
        """Send one request.

        Args:
            method: of HTTP.
            path: below the host.
            params: of the query.
            content: JSON.
            with_app_key: send the application key, not only the API key.

        Raises:
            NoAnswer: none came within the limits.
        """
        import httpx2

        headers = {"DD-API-KEY": self.access.api_key}
        if with_app_key:
            headers["DD-APPLICATION-KEY"] = self.access.app_key
        if content is not None:
            headers["Content-Type"] = "application/json"
        until = self._clock() + self._limits.attempt_seconds
        try:
            with self._client.stream(
                method, path, params=params, content=content, headers=headers
            ) as response:
                body = self._read(response.iter_bytes(), until)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._no_answer(error) from error
        return Answer(response.status_code, dict(response.headers), body)

    def without_keys(self, body: bytes) -> bytes:
        """Give a body in which neither key stands, should it repeat them."""
        # the longer one first, should it begin with the other
        for key in sorted((self.access.api_key, self.access.app_key), key=len, reverse=True):
            if len(key) >= 8:  # Datadog's have 32 and 40; a shorter one would be found in any word
                body = body.replace(key.encode(), b"...")
        return body

    def _read(self, chunks: Iterator[bytes], until: float) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._limits.body_bytes:
                told = f"was answered with more than {self._limits.body_bytes // 1_000_000} MB."
                raise NoAnswer(told, was_sent=True, is_passing=False)
            if self._clock() > until:
                raise NoAnswer(
                    f"got no whole answer within {self._limits.attempt_seconds:g} s.", was_sent=True
                )
        return bytes(body)

    def _no_answer(self, error: Exception) -> NoAnswer:
        import httpx2

        reason = " ".join(str(error).split()).rstrip(".")
        url = self.access.api_url
        is_passing = True
        was_sent = False
        match error:
            case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
                told = f"found no connection to {url} within {self._limits.connect_seconds:g} s."
            case httpx2.ConnectError() if _is_untrusted(error):
                is_passing = False
                told = (
                    f"was not sent: the certificate of {url} is not trusted ({reason})."
                    " If a proxy opens the traffic, let SSL_CERT_FILE name its certificate."
                )
            case httpx2.ConnectError():
                told = f"found no connection to {url}: {_plain(reason)}."
            case httpx2.ProxyError():
                # the proxy's own status: 5xx may pass, but not that it wants a password or forbids the host
                is_passing = reason.startswith("5")
                told = f"was not sent: the proxy says {reason}. Check HTTPS_PROXY, ALL_PROXY and NO_PROXY."
            case httpx2.TimeoutException():
                was_sent = True
                told = f"got no answer within {self._limits.silent_seconds:g} s."
            case httpx2.NetworkError() | httpx2.RemoteProtocolError() | httpx2.DecodingError():
                was_sent = True
                told = f"got no whole answer: {_plain(reason) or 'the connection was lost'}."
            case _:
                is_passing = False
                told = f"cannot be sent: {reason}."
        return NoAnswer(told, was_sent=was_sent, is_passing=is_passing)


def _without_proxy(url: str) -> dict[str, None]:
    """Give the hosts that no proxy is asked for: that of the URL if it is this machine, else none."""
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        is_here = host == "localhost" or host.endswith(".localhost")
    else:
        is_here = address.is_loopback or address.is_unspecified
    return {f"all://[{host}]" if ":" in host else f"all://{host}": None} if is_here else {}


def _is_untrusted(error: BaseException) -> bool:
    """Tell whether a certificate is why there is no connection; httpx2 keeps the reason as the cause."""
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _plain(reason: str) -> str:
    """Give the system's words without its number."""
    return reason.partition("] ")[2] if reason.startswith("[Errno") else reason
