"""Carries out calls: sends each, and again while that may still help."""

import json
from collections.abc import Callable
from contextlib import suppress
from math import ceil

from datadog_assets.api.answers import Answers
from datadog_assets.api.call import Call, Failed
from datadog_assets.api.connection import Connection, Limits, NoAnswer
from datadog_assets.api.errors import ApiError, Unreachable
from datadog_assets.api.waiting import backoff


class Caller:
    """Carries calls out; the arguments are those of `Api`."""

    def __init__(
        self,
        connection: Connection,
        limits: Limits,
        *,
        tell: Callable[[str], None],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._answers = Answers(connection)
        self._limits = limits
        self._tell = tell
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock

    def carry_out(self, call: Call) -> object:
        """Give the answer's JSON, or None where it has no body.

        Raises:
            ApiError: there is none, or it is no success.
        """
        started = self._clock()
        is_unsure = False
        attempts = 0
        error: ApiError | None = None
        while error is None:
            attempts += 1
            if is_unsure and (found := _look_up(call)) is not None:
                return found
            try:
                return self._attempt(call)
            except Failed as failed:
                is_unsure = is_unsure or failed.is_unsure
                wait = self._wait(failed, attempts)
                left = self._limits.call_seconds - (self._clock() - started)
                if not failed.is_passing or attempts >= self._limits.attempts or wait > left:
                    error = _last_error(call, failed, attempts, is_unsure=is_unsure)
                else:
                    self._tell(_told(failed, wait))
                    self._sleep(wait)
        if is_unsure:
            with suppress(ApiError):  # the error that is known says more
                if (found := _look_up(call)) is not None:
                    return found
        raise error

    def _wait(self, failed: Failed, attempts: int) -> float:
        """Give the seconds until the next attempt."""
        if failed.asked is None:
            return backoff(attempts, self._jitter())
        return max(1.0, failed.asked)  # "0" is rounded down, or else no end of asking

    def _attempt(self, call: Call) -> object:
        """Send the call once, or once more with other keys.

        Raises:
            Failed: as the class tells.
        """
        try:
            content = None if call.body is None else json.dumps(call.body, allow_nan=False).encode()
        except ValueError:
            told = "cannot be sent: JSON has no infinity, and nothing that is not a number."
            raise Failed(ApiError(call.name, told)) from None
        try:
            answer = self._connection.send(call.method, call.path, call.params, content)
            if answer.status in {401, 403} and self._connection.renew():
                answer = self._connection.send(call.method, call.path, call.params, content)
        except NoAnswer as error:
            unreachable = Unreachable(call.name, str(error))
            raise Failed(unreachable, is_passing=error.is_passing, is_unsure=error.was_sent) from error
        return self._answers.read(call, answer)


def _look_up(call: Call) -> object | None:
    """Look for what an attempt may have made; None if there is nothing, or no way to look.

    Raises:
        ApiError: to look failed. The call cannot be repeated then.
    """
    try:
        return call.lookup() if call.lookup else None
    except ApiError as error:
        told = f"got no answer, may have been carried out, and could not be looked up: {error}"
        raise ApiError(call.name, told, status=error.status, messages=error.messages) from error


def _last_error(call: Call, failed: Failed, attempts: int, *, is_unsure: bool) -> ApiError:
    error = failed.error
    if failed.is_passing and attempts > 1:
        error = error.adding(f"Tried {attempts} times.")
    if failed.asked is not None:
        seconds = ceil(failed.asked)
        error = error.adding(f"Datadog asks to wait {seconds} s{failed.limit}: run the command again then.")
    if is_unsure and call.changes_something:
        error = error.adding("It may have been carried out all the same.")
    return error


def _told(failed: Failed, wait: float) -> str:
    if failed.asked is not None:
        return f"Datadog asks to wait {ceil(wait)} s{failed.limit}"
    return str(failed.error.adding(f"Next attempt in {wait:.1f} s."))
