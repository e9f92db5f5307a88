"""What Datadog makes of a monitor's body: what it adds, what it changes, what it refuses.

https://docs.datadoghq.com/api/latest/monitors/

Texts of errors are Datadog's where they are known: those about the query's operator, the alert threshold, the
restricted roles and the ids of a composite monitor. The others are the sandbox's own.
"""

import math
import re
from collections.abc import Container
from typing import TypedDict

import orjson

from datadog_assets.sandbox.answers import Json, Refused, refused
from datadog_assets.sandbox.monitor_queries import is_grouped, monitor_ids, threshold

TYPES = frozenset(
    {
        "audit alert",
        "ci-pipelines alert",
        "ci-tests alert",
        "composite",
        "cost alert",
        "data-jobs alert",
        "data-quality alert",
        "database-monitoring alert",
        "error-tracking alert",
        "event alert",
        "event-v2 alert",
        "llm-observability alert",
        "log alert",
        "metric alert",
        "network-path alert",
        "network-performance alert",
        "process alert",
        "query alert",
        "rum alert",
        "service check",
        "slo alert",
        "synthetics alert",
        "trace-analytics alert",
    }
)

SIMPLE_BY_GROUP_TYPES = frozenset(
    {"log alert", "rum alert", "error-tracking alert", "ci-pipelines alert", "ci-tests alert"}
)
"""These have the option `groupby_simple_monitor`."""

METRIC_TYPES = frozenset({"metric alert", "query alert"})
"""Two names of one type: the server picks."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Kept(TypedDict):
    """What the server keeps of what a person wrote; read-only fields are not looked at."""

    type: str
    name: str
    query: str
    message: str
    tags: list[str]
    options: Json
    priority: int | None
    restricted_roles: list[str] | None
    draft_status: str
    assets: list[Json]


_DEFAULTS: Json = {
    "name": "",
    "message": "",
    "tags": [],
    "options": {},
    "priority": None,
    "restricted_roles": None,
    "draft_status": "published",
    "assets": [],
}


def read_monitor(body: object, known_ids: Container[str], before: Kept | None = None) -> Kept:
    """Give a monitor as the server keeps it.

    An update merges at the top level; `options` are replaced as a whole.

    Args:
        body: what was sent.
        known_ids: the monitors that a composite one may name.
        before: the monitor that is updated.

    Raises:
        Refused: 400 for what Datadog does not take.
    """
    if not isinstance(body, dict):
        raise refused(400, "The body is not a JSON object")
    sent: Json = {**_DEFAULTS, **(before or {}), **body}
    kind, query = _kind(sent, before), _text(sent, "query").rstrip("\n")
    options = _options(sent["options"], kind)
    _check_thresholds(options, threshold(kind, query))
    _check_combinations(options, query)
    if kind == "composite":
        named = monitor_ids(query)
        if not named or any(key not in known_ids for key in named):
            raise refused(400, "Some monitor IDs are invalid")
    return Kept(
        type=_metric_type(kind, query, options) if kind in METRIC_TYPES else kind,
        name=_text(sent, "name"),
        query=query,
        message=_text(sent, "message").rstrip("\n"),
        tags=_texts(sent, "tags"),
        options=options,
        priority=_priority(sent["priority"]),
        restricted_roles=_roles(sent),
        draft_status=_draft_status(sent),
        assets=_assets(sent["assets"]),
    )


def same(kept: Kept) -> bytes:
    """Give what makes a monitor a duplicate of another: equal bytes.

    That the options count is known. The sandbox counts everything that a person can write but for assets and
    `draft_status`, so it may take as new what Datadog would not.
    """
    counted = {name: value for name, value in kept.items() if name not in {"assets", "draft_status"}}
    return orjson.dumps(counted | {"tags": sorted(kept["tags"])}, option=orjson.OPT_SORT_KEYS)


def _kind(sent: Json, before: Kept | None) -> str:
    kind = sent.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise _invalid("type")
    if before is not None and kind != before["type"] and not {kind, before["type"]} <= METRIC_TYPES:
        raise refused(400, "The type of a monitor cannot be changed")
    return kind


def _text(sent: Json, name: str) -> str:
    text = sent.get(name)
    if not isinstance(text, str):
        raise _invalid(name)
    return text


def _texts(sent: Json, name: str) -> list[str]:
    texts = sent[name]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _invalid(name)
    return texts


def _priority(sent: object) -> int | None:
    if sent is not None and (type(sent) is not int or not 0 <= sent <= 5):
        raise _invalid("priority")
    return sent or None


def _roles(sent: Json) -> list[str] | None:
    if sent["restricted_roles"] is None:
        return None
    try:
        roles = _texts(sent, "restricted_roles")
    except Refused:
        roles = []
    if not roles or not all(map(_UUID.fullmatch, roles)):
        raise refused(400, "The monitor's restricted roles is expected to be an array of UUID strings.")
    return roles


def _draft_status(sent: Json) -> str:
    status = _text(sent, "draft_status")
    if status not in {"draft", "published"}:
        raise _invalid("draft_status")
    return status


def _options(sent: object, kind: str) -> Json:
    if not isinstance(sent, dict):
        raise _invalid("options")
    options: Json = {name: value for name, value in sent.items() if name != "thresholds"}
    if thresholds := _thresholds(sent.get("thresholds"), kind):
        options["thresholds"] = thresholds
    if isinstance(escalation := options.get("escalation_message"), str):
        options["escalation_message"] = escalation.rstrip("\n")
    if "on_missing_data" not in options:
        options.setdefault("notify_no_data", False)
    elif options["on_missing_data"] == "default" and _scheduled(options, "custom_schedule"):
        del options["on_missing_data"]
    options.setdefault("notify_audit", False)
    options.setdefault("include_tags", True)
    if "new_group_delay" not in options:
        options.setdefault("new_host_delay", 300)
    if kind in SIMPLE_BY_GROUP_TYPES:
        options.setdefault("groupby_simple_monitor", False)
    return options | {"silenced": {}}


def _thresholds(sent: object, kind: str) -> Json:
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        raise _invalid("options.thresholds")
    thresholds: Json = {}
    for name, value in sent.items():
        if value is None:
            continue
        if type(value) not in (int, float) or not math.isfinite(value):
            raise _invalid("options.thresholds")
        # a service check counts, so its thresholds stay whole
        thresholds[name] = value if kind == "service check" else float(value)
    return thresholds


def _check_thresholds(options: Json, in_query: float | None) -> None:
    thresholds = options.get("thresholds")
    if not isinstance(thresholds, dict):
        return
    if "warning_recovery" in thresholds and "warning" not in thresholds:
        raise refused(400, "A warning recovery threshold needs a warning threshold.")
    if in_query is None:
        return
    if "critical" not in thresholds:
        raise refused(400, "Alert status is required.")
    if thresholds["critical"] != in_query:
        stated = f"Alert threshold ({thresholds['critical']}) does not match"
        raise refused(400, f"{stated} that used in the query ({in_query}).")


def _check_combinations(options: Json, query: str) -> None:
    if "on_missing_data" in options and "default_zero(" in query:
        raise refused(400, "on_missing_data cannot be used with default_zero")
    if options.get("notify_by") == ["*"] and not is_grouped(query):
        raise refused(400, "notify_by needs a query with groups")


def _scheduled(options: Json, by: str) -> bool:
    scheduling = options.get("scheduling_options")
    return isinstance(scheduling, dict) and by in scheduling


def _metric_type(kind: str, query: str, options: Json) -> str:
    """Pick one of the two names, where it is known which the server picks; else it is left as sent."""
    if _scheduled(options, "evaluation_window"):
        return "query alert"
    return "metric alert" if query.startswith("formula(") else kind


def _assets(sent: object) -> list[Json]:
    if not isinstance(sent, list) or not all(isinstance(asset, dict) for asset in sent):
        raise _invalid("assets")
    added: Json = {"template_variables": {}, "options": {}, "resource_key": None, "resource_type": None}
    return [added | {name: asset[name] for name in asset if name != "monitor_id"} for asset in sent]


def _invalid(parameter: str) -> Refused:
    return refused(400, f"The value provided for parameter '{parameter}' is invalid")
