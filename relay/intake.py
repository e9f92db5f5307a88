"""One request to Datadog's logs intake, and what its answer means."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

import httpx2

from relay import __version__, background, outbound
from relay.batching import payload

try:  # of the extra `fast`; for the same size it takes a fifth of zlib's time
    from isal.isal_zlib import compress
except ImportError:
    from zlib import compress

PATH = "/api/v2/logs"

_TIMEOUT = httpx2.Timeout(30, connect=10)
"""In seconds, for each wait of a request. Datadog publishes none; its own Agent gives a request 10 s in all,
with payloads of a fifth of ours. A request given up too early is a repeat at Datadog."""

_LONGEST_REQUEST = 60.0
_LONGEST_BODY = 5.0
"""In seconds, for a request as a whole and for its answer's body: the bounds above are for each wait, and an
answer may come in drops."""

_ANSWER_KEPT = 1_000
"""So many bytes of an answer are read, and kept with a dead letter."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Datadog has the records."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing is wrong with the records: try again.

    Attributes:
        reason: for people; holds no payload and no key.
        after: seconds that Datadog asked to wait, if it did.
        is_unanswered: whether Datadog may have taken the records all the same, and its answer was lost.
    """

    reason: str
    after: float | None = None
    is_unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The key is refused: try again once it may have been mended; nothing is wrong with the records."""

    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """Too large: try again in parts."""

    reason: str
    answer: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """At least one of the records will never be taken."""

    reason: str
    answer: str


Verdict: TypeAlias = Delivered | Retry | Held | Split | Rejected


def judge(status: int, headers: Mapping[str, str], body: str) -> Verdict:
    """Tell what an answer of the intake means.

    Only 202 is taken as delivered: nothing else was ever seen to mean it. What the documentation does not
    list (a redirect, a 404, a proxy's 200) speaks of the way there, not of the records, and is tried again.
    """
    reason = f"HTTP {status}"
    match status:
        case 202:
            return Delivered()
        case 400:
            return Rejected(reason, body)
        case 401 | 403:
            return Held(reason)
        case 413:
            return Split(reason, body)
        case _:
            return Retry(reason, _seconds(headers))


def _seconds(headers: Mapping[str, str]) -> float | None:
    """The wait that an answer asks for, if any; Datadog has been seen to send the second of these."""
    for name in ("retry-after", "x-ratelimit-reset"):
        value = headers.get(name, "")
        if value.isascii() and value.isdigit():
            return float(value) or None
    return None


_NEVER_SENT = (
    *(httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError),
    *(httpx2.UnsupportedProtocol, httpx2.InvalidURL),
)
"""Faults that come before any byte of a request is sent."""


class Intake:
    """Sends entries to one intake, over connections that it keeps open.

    Args:
        url: of the intake, without a path.
        key: gives the API key, for each request anew.
        read_key: is called before the request that follows a refusal of the key: it may have been replaced.
        connections: at most so many.

    Raises:
        ConfigurationError: the environment's proxies or certificates cannot work.
    """

    def __init__(
        self,
        url: str,
        key: Callable[[], str],
        connections: int,
        read_key: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._url = url.rstrip("/") + PATH
        self._key = key
        self._read_key = read_key
        self._is_refused = False
        self._packing = background.one_thread("packing")
        self._client = outbound.client(
            headers={
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
                "Content-Encoding": "gzip",
                "DD-EVP-ORIGIN": "okta-datadog-relay",
                "DD-EVP-ORIGIN-VERSION": __version__,
                "User-Agent": f"okta-datadog-relay/{__version__}",
            },
            limits=httpx2.Limits(max_connections=connections),
            timeout=_TIMEOUT,
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, value, trace)
        self._packing.shutdown(wait=False)

    async def send(self, entries: Sequence[bytes]) -> Verdict:
        """Send entries, as `payload` takes them, as one request. Every fault is a verdict, none is raised."""
        if self._is_refused and self._read_key:
            await self._read_key()
        verdict = await self._send(entries)
        self._is_refused = isinstance(verdict, Held)
        return verdict

    async def _send(self, entries: Sequence[bytes]) -> Verdict:
        content = await asyncio.get_running_loop().run_in_executor(self._packing, _compress, entries)
        key = self._key()
        request = self._client.stream("POST", self._url, content=content, headers={"DD-API-KEY": key})
        try:
            async with asyncio.timeout(_LONGEST_REQUEST), request as answer:
                return judge(answer.status_code, answer.headers, await _beginning(answer, key))
        except TimeoutError:
            return Retry(f"no answer within {_LONGEST_REQUEST:g} s", is_unanswered=True)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Retry(outbound.why(error), is_unanswered=not isinstance(error, _NEVER_SENT))


async def _beginning(answer: httpx2.Response, key: str) -> str:
    """As much of an answer's body as is kept, and comes soon: by its status the answer is known already.

    An answer may echo the key, which must not be kept: stars stand in its place.
    """
    body = b""
    with contextlib.suppress(httpx2.HTTPError, TimeoutError):
        async with asyncio.timeout(_LONGEST_BODY):
            async for part in answer.aiter_raw():
                body += part
                if len(body) >= _ANSWER_KEPT + len(key):
                    break
    return body.replace(key.encode(), b"*" * len(key))[:_ANSWER_KEPT].decode(errors="replace")


def _compress(entries: Sequence[bytes]) -> bytes:
    """The payload as gzip, at a fast level: higher ones cost several times as much and gain little."""
    return compress(payload(entries), 1, wbits=31)
