"""Makes sense of an answer: its JSON, or why there is none and whether another attempt may help."""

import json

from datadog_assets.api.call import Call, Failed
from datadog_assets.api.connection import Answer, Connection
from datadog_assets.api.errors import ApiError, GaveUp, WrongSite
from datadog_assets.api.messages import is_html, messages, one_line
from datadog_assets.api.refusals import Refusals


class Answers:
    """Reads the answers that come over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._refusals = Refusals(connection)

    def read(self, call: Call, answer: Answer) -> object:
        """Give the answer's JSON, or None where it has no body.

        Raises:
            Failed: it is no success, or not JSON.
        """
        if not 200 <= answer.status <= 299:
            raise self._failure(call, answer)
        found = self._json(call, answer)
        self._refusals.are_good()
        return found

    def _failure(self, call: Call, answer: Answer) -> Failed:
        """Make sense of an answer that is no success."""
        status = answer.status
        if status < 400:
            to = one_line(answer.headers.get("location", "")) or "nowhere"
            return Failed(self._wrong_site(call, answer, f"a redirect to {to}"))
        if status in {401, 403}:
            return Failed(self._refusals.error(call.name, call.permission, answer))
        said = messages(self._connection.without_keys(answer.body))
        is_unsure = status == 408 or status >= 500
        is_passing = is_unsure or status == 429
        kind = GaveUp if is_passing else ApiError
        told = f"was answered {status}: {'; '.join(said) or 'no reason is given.'}"
        error = kind(call.name, told, status=status, messages=said)
        return Failed(error, is_passing=is_passing, is_unsure=is_unsure, answer=answer)

    def _json(self, call: Call, answer: Answer) -> object:
        """Read the body of a success."""
        if answer.status == 204 or (call.method == "DELETE" and not answer.body.strip()):
            return None
        try:
            found: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            said = messages(self._connection.without_keys(answer.body))
            shown = f": {said[0]}" if said else ""
            if is_html(answer.body):
                raise Failed(self._wrong_site(call, answer, f"a web page{shown}")) from None
            told = f"was answered {answer.status} with something that is not JSON{shown}"
            raise Failed(ApiError(call.name, told, status=answer.status), is_unsure=True) from None
        return found

    def _wrong_site(self, call: Call, answer: Answer, came: str) -> WrongSite:
        url = self._connection.access.api_url
        told = (
            f"was answered {answer.status} with {came}. That is not Datadog's API:"
            f" check DD_SITE and DD_API_URL (now {url}), and whether a proxy answers in its place."
        )
        return WrongSite(call.name, told, status=answer.status)
