"""The order in which logs pass the pipelines: one list of the organization's, of which only ours move."""

from itertools import count
from typing import Literal

from datadog_assets.api import Api
from datadog_assets.api.errors import ApiError

_PATH = "/api/v1/logs/config/pipeline-order"
_READ, _WRITE = "logs_read_config", "logs_write_pipelines"

_ATTEMPTS = 5
"""So often is the order read again when it changed between a read and a write."""


def read_order(api: Api) -> list[str]:
    """Give the ids of all pipelines, read-only ones too, in their order. Raises ApiError."""
    found = api.get(_PATH, permission=_READ)
    ids = found.get("pipeline_ids") if isinstance(found, dict) else None
    if not isinstance(ids, list):
        raise ApiError(f"GET {_PATH}", "was answered with JSON that holds no order.", status=200)
    return [str(one) for one in ids]


def move(api: Api, live_id: str, side: Literal["before", "after"], anchor_id: str) -> None:
    """Put a pipeline directly before or after another; all others keep their order.

    Datadog refuses, with 422, a list that lacks a pipeline that somebody else made meanwhile.
    """
    for attempt in count(1):
        order = [one for one in read_order(api) if one != live_id]
        if anchor_id not in order:
            raise ApiError(f"PUT {_PATH}", f"has no sense: the pipeline {anchor_id} is gone. Plan anew.")
        order.insert(order.index(anchor_id) + (side == "after"), live_id)
        try:
            api.put(_PATH, {"pipeline_ids": order}, permission=_WRITE)
        except ApiError as error:
            if error.status != 422 or attempt == _ATTEMPTS:
                raise
        else:
            return
