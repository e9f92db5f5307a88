"""What goes wrong on request: errors, lost connections, delays, and rate limits. And what was called.

- `POST /sandbox/faults` takes a list of `Fault` and replaces the one before; `[]` ends all of them.
- `POST /sandbox/rate_limits` takes a list of `RateLimit`, likewise.
- `GET /sandbox/requests` lists the calls that were received, oldest first, but for those to `/sandbox/...`.

For each call the first fault that fits acts, if there is one; else the first limit that fits counts it.
"""

import math
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from datadog_assets.sandbox.answers import answer, refused

KEPT_CALLS = 10_000

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^[!-~]([ -~]*[!-~])?$")]


class Rule(BaseModel):
    """Which calls are meant."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    """None means any."""
    path: str = "/"
    """A path, or the beginning of one."""

    def fits(self, scope: Scope) -> bool:
        """Tell whether a call is meant."""
        return self.method in (None, scope["method"]) and str(scope["path"]).startswith(self.path)


class Fault(Rule):
    """Something that goes wrong.

    A call that is answered with a status is not carried out; one whose connection is closed only if `after`.
    """

    skip: int = Field(0, ge=0)
    """So many calls that fit pass unharmed first."""
    times: int | None = Field(1, ge=1)
    """So many calls after that meet the fault; None means all."""

    delay: float = Field(0.0, ge=0, le=600)
    """Seconds to wait first."""
    close: Literal["before", "after"] | None = None
    """Break the connection off within the answer, before or after the call was carried out."""
    status: int | None = Field(None, ge=200, le=599)
    """Answer so, with `body` as JSON or `html` as it is, and these `headers`."""
    body: object = {}
    html: str | None = None
    headers: dict[HeaderName, HeaderValue] = {}

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Fault":
        if self.close is not None and self.status is not None:
            raise ValueError("a fault has either a status or a closed connection")
        return self

    def answer(self) -> Response | None:
        """Give the answer instead of the real one, if there is to be one."""
        if self.status is None:
            return None
        if self.html is not None:
            return HTMLResponse(self.html, self.status, self.headers)
        return answer(self.body, self.status, self.headers)


class RateLimit(Rule):
    """So many calls in each period; more are answered 429. Every answer tells how many are left."""

    limit: int = Field(ge=0)
    period: int = Field(ge=1)
    """Seconds; periods begin at multiples of it."""
    name: str = Field("sandbox", pattern=r"^[!-~]+$")


@dataclass(slots=True)
class Call:
    """One call that was received; without a status, nothing was answered (yet)."""

    method: str
    path: str
    status: int | None = None


@dataclass(slots=True)
class _Armed:
    fault: Fault
    met: int = 0

    def acts(self) -> bool:
        """Count a call that fits; tell whether the fault meets it."""
        self.met += 1
        turn = self.met - self.fault.skip
        return turn >= 1 and (self.fault.times is None or turn <= self.fault.times)


@dataclass(slots=True)
class _Window:
    limit: RateLimit
    number: int = -1
    used: int = 0

    def count(self, now: float) -> tuple[bool, dict[str, str]]:
        """Count a call; tell whether it is within the limit, and the headers to answer with."""
        number = math.floor(now / self.limit.period)
        if number != self.number:
            self.number, self.used = number, 0
        self.used += 1
        left = self.limit.limit - self.used
        return left >= 0, {
            "x-ratelimit-limit": str(self.limit.limit),
            "x-ratelimit-name": self.limit.name,
            "x-ratelimit-period": str(self.limit.period),
            "x-ratelimit-remaining": str(max(0, left)),
            "x-ratelimit-reset": str(math.ceil((number + 1) * self.limit.period - now)),
        }


_FAULTS = TypeAdapter(list[Fault])
_LIMITS = TypeAdapter(list[RateLimit])


@dataclass(slots=True)
class Traffic:
    """Stands between the server and the sandbox's routes."""

    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))
    _faults: list[_Armed] = field(default_factory=list)
    _windows: list[_Window] = field(default_factory=list)

    @property
    def routes(self) -> list[Route]:
        """The routes to ask for trouble with; they need no key."""
        return [
            Route("/sandbox/faults", self._set_faults, methods=["POST"]),
            Route("/sandbox/rate_limits", self._set_limits, methods=["POST"]),
            Route("/sandbox/requests", self._show_calls, methods=["GET"]),
        ]

    def around(self, app: ASGIApp) -> ASGIApp:
        """Give the app with all this around it."""

        async def interfering(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
                await app(scope, receive, send)
            else:
                await self._interfere(app, scope, receive, send)

        return interfering

    async def _interfere(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(scope["method"], scope["path"])
        self.calls.append(call)
        fault = self._fault_for(scope)
        if fault is None:
            await self._limited(app, call)(scope, receive, _noting(call, send))
            return
        if fault.delay:
            await self.sleep(fault.delay)
        if fault.close is not None:
            if fault.close == "after":
                await app(scope, receive, _nowhere)
            await _break_off(send)
        elif (instead := fault.answer()) is not None:
            await _instead(instead)(scope, receive, _noting(call, send))
        else:
            await app(scope, receive, _noting(call, send))

    def _fault_for(self, scope: Scope) -> Fault | None:
        fitting = (armed for armed in self._faults if armed.fault.fits(scope))
        return next((armed.fault for armed in fitting if armed.acts()), None)

    def _limited(self, app: ASGIApp, call: Call) -> ASGIApp:
        scope: Scope = {"method": call.method, "path": call.path}
        window = next((window for window in self._windows if window.limit.fits(scope)), None)
        if window is None:
            return app
        within, headers = window.count(self.clock())
        if not within:
            return _instead(answer({"errors": ["Too many requests"]}, 429, headers))

        async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
            async def adding(message: Message) -> None:
                if message["type"] == "http.response.start":
                    added = [(name.encode(), value.encode()) for name, value in headers.items()]
                    message = {**message, "headers": [*message["headers"], *added]}
                await send(message)

            await app(scope, receive, adding)

        return with_headers

    async def _set_faults(self, request: Request) -> Response:
        try:
            faults = _FAULTS.validate_json(await request.body())
        except ValidationError as error:
            raise refused(400, *_reasons(error)) from error
        self._faults = [_Armed(fault) for fault in faults]
        return answer({})

    async def _set_limits(self, request: Request) -> Response:
        try:
            limits = _LIMITS.validate_json(await request.body())
        except ValidationError as error:
            raise refused(400, *_reasons(error)) from error
        self._windows = [_Window(limit) for limit in limits]
        return answer({})

    async def _show_calls(self, _request: Request) -> Response:
        return answer(list(self.calls))


def _instead(answer: Response) -> ASGIApp:
    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        # a client that is still sending would meet a reset connection instead of the answer
        with suppress(ClientDisconnect):
            async for _ in Request(scope, receive).stream():
                pass
        await answer(scope, receive, send)

    return answering


def _noting(call: Call, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            call.status = message["status"]
        await send(message)

    return noting


async def _nowhere(_message: Message) -> None:
    """Swallow an answer."""


async def _break_off(send: Send) -> None:
    """Promise a body and end without it: the server can only close the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


def _reasons(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}".lstrip(": ") for one in error.errors()]
