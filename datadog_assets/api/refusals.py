"""Why a call is answered 401 or 403: wrong key, or missing permission?"""

import json
from enum import Enum, auto

from datadog_assets.api.connection import Answer, Connection, NoAnswer
from datadog_assets.api.errors import ApiError, Forbidden, WrongKey
from datadog_assets.api.messages import messages

_SAYS_NOTHING = {"forbidden", "unauthorized"}


class _Keys(Enum):
    API_KEY_IS_WRONG = auto()
    APP_KEY_IS_WRONG = auto()
    BOTH_ARE_KNOWN = auto()
    API_KEY_IS_KNOWN = auto()
    """and whether the application key is, could not be found out"""
    UNCLEAR = auto()


class Refusals:
    """Finds out what is wrong with the keys, once for each pair of them.

    Args:
        connection: to ask Datadog with; its keys are those that were refused.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: tuple[object, _Keys] | None = None
        self._good: object = None

    def are_good(self) -> None:
        """Take note that a call that needs both keys was carried out."""
        self._good = self._connection.access

    def error(self, request: str, permission: str, answer: Answer) -> ApiError:
        """Give the error for a call that was refused.

        Args:
            request: method and path.
            permission: that it needs.
            answer: with status 401 or 403.
        """
        said = messages(self._connection.without_keys(answer.body))
        telling = [text for text in said if text.lower() not in _SAYS_NOTHING]
        kind, reason = self._reason(permission, answer.status)
        told = f"was answered {answer.status}{''.join(f', {text}' for text in telling)}: {reason}"
        return kind(request, told, status=answer.status, messages=said)

    def _reason(self, permission: str, status: int) -> tuple[type[ApiError], str]:
        missing = (
            f"the permission {permission} is missing. A role of the application key's owner needs it"
            " and, if the key has scopes, so do they"
        )
        match self._keys():
            case _Keys.API_KEY_IS_WRONG:
                return WrongKey, (
                    f"the API key is not known at {self._connection.access.api_url}."
                    " Either DD_API_KEY is wrong, or DD_SITE is not the site of its organization."
                )
            case _Keys.APP_KEY_IS_WRONG:
                return WrongKey, _WRONG_APP_KEY
            case _Keys.API_KEY_IS_KNOWN if status == 401:
                return WrongKey, _WRONG_APP_KEY
            case _Keys.BOTH_ARE_KNOWN:
                return Forbidden, f"{missing}."
            case _Keys.API_KEY_IS_KNOWN:
                return Forbidden, f"{missing}. Or else DD_APP_KEY is wrong."
            case _Keys.UNCLEAR:
                return Forbidden, f"{missing}. Or else DD_API_KEY, DD_APP_KEY or DD_SITE is wrong."

    def _keys(self) -> _Keys:
        access = self._connection.access
        if self._known is None or self._known[0] != access:
            self._known = (access, self._ask())
        return self._known[1]

    def _ask(self) -> _Keys:
        """Ask Datadog about the API key, then about both; one attempt each.

        https://docs.datadoghq.com/api/latest/authentication/#validate-api-key
        https://docs.datadoghq.com/api/latest/key-management/validate-api-and-application-keys/
        """
        has_api_key = self._is_valid("/api/v1/validate", with_app_key=False)
        if not has_api_key:
            return _Keys.UNCLEAR if has_api_key is None else _Keys.API_KEY_IS_WRONG
        has_both = self._is_valid("/api/v2/validate_keys", with_app_key=True)
        if has_both is None:
            was_good = self._good == self._connection.access
            return _Keys.BOTH_ARE_KNOWN if was_good else _Keys.API_KEY_IS_KNOWN
        return _Keys.BOTH_ARE_KNOWN if has_both else _Keys.APP_KEY_IS_WRONG

    def _is_valid(self, path: str, *, with_app_key: bool) -> bool | None:
        """Tell whether Datadog takes the keys; None if it does not say, or something else answers."""
        try:
            answer = self._connection.send("GET", path, with_app_key=with_app_key)
            json.loads(answer.body)
        except (NoAnswer, ValueError, RecursionError):
            return None
        return {200: True, 401: False, 403: False}.get(answer.status)


_WRONG_APP_KEY = (
    "the API key is valid, but the application key is not. Set DD_APP_KEY to one of the same organization."
)
