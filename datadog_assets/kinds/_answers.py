"""Datadog's answers, held to the shape that the kinds rely on: what is no list must not pass for empty."""

from datadog_assets.api.errors import ApiError
from datadog_assets.resource import Json


def objects(found: object, request: str) -> list[Json]:
    """Give a list of objects that each have an id.

    Raises:
        ApiError: it is anything else.
    """
    if not isinstance(found, list):
        raise ApiError(request, "was answered with JSON that holds no such list.", status=200)
    return [identified(one, request) for one in found]


def identified(found: object, request: str) -> Json:
    """Give an object that has an id.

    Raises:
        ApiError: it is anything else.
    """
    if not isinstance(found, dict) or not isinstance(found.get("id"), str | int):
        raise ApiError(request, "was answered with JSON that holds no object with an id.", status=200)
    return found


def data(found: object) -> object:
    """Give what the newer APIs wrap in `data`; None if there is no such thing."""
    return found.get("data") if isinstance(found, dict) else None
