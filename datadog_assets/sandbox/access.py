"""Which keys the sandbox takes, and what each application key may do."""

from collections.abc import Awaitable, Callable, Collection, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

PERMISSIONS = frozenset(
    {
        "logs_read_data",
        "logs_read_config",
        "logs_write_pipelines",
        "monitors_read",
        "monitors_write",
        "monitor_config_policy_write",
    }
)
"""Datadog's names of the permissions that the sandbox knows."""

Handler = Callable[[Request], Awaitable[Response]]
AppKeys = Collection[str] | Mapping[str, Collection[str]]
"""Application keys: a mapping gives the permissions of each, a plain collection all of them."""


class Access:
    """The keys of one sandbox.

    Raises:
        ValueError: a permission that the sandbox does not know.
    """

    def __init__(self, api_keys: Collection[str], app_keys: AppKeys) -> None:
        self.api_keys = frozenset(api_keys)
        self._permissions = {
            key: frozenset(app_keys[key]) if isinstance(app_keys, Mapping) else PERMISSIONS
            for key in app_keys
        }
        if unknown := frozenset[str]().union(*self._permissions.values()) - PERMISSIONS:
            raise ValueError(f"no such permission: {', '.join(sorted(unknown))}")

    def check(self, request: Request, permission: str | None = None) -> None:
        """Let a request pass that has both keys and the permission, if one is needed.

        Raises:
            HTTPException: 401 without keys, 403 with a wrong one or without the permission.
        """
        key, app_key = request.headers.get("dd-api-key"), request.headers.get("dd-application-key")
        if not key or not app_key:
            raise HTTPException(401, "Unauthorized")
        permissions = self._permissions.get(app_key)
        if key not in self.api_keys or permissions is None or permission not in {None, *permissions}:
            raise HTTPException(403, "Forbidden")

    def needs(self, permission: str, handler: Handler) -> Handler:
        """Give a handler that checks before it handles."""

        async def checked(request: Request) -> Response:
            self.check(request, permission)
            return await handler(request)

        return checked
