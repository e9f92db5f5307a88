"""What Datadog refuses in a monitor, or what is likely not meant, although each field by itself is fine."""

import difflib
from collections.abc import Iterator

from datadog_assets import search
from datadog_assets.alerting.log_query import LogQuery, LogQueryError, WindowError, parse
from datadog_assets.kinds._monitor_models import TYPES
from datadog_assets.resource import Json, Path
from datadog_assets.search import QuerySyntaxError


def check(body: Json) -> Iterator[tuple[Path, str, bool]]:
    """Give each finding: where, what, and whether it is only a warning."""
    if body["type"] not in TYPES:
        near = difflib.get_close_matches(str(body["type"]), TYPES, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield ("type",), f"is {body['type']!r}, which is no type that is known{hint}", True
    if body["type"] == "log alert":
        yield from _log_findings(body)
    yield from _option_findings(_object(body["options"]))


def _log_findings(body: Json) -> Iterator[tuple[Path, str, bool]]:
    text = str(body["query"])
    if "formula" in text:
        return
    try:
        query = parse(text)
    except LogQueryError as error:
        # Datadog may take more than is known here; of windows it says which it takes
        yield ("query",), _placed(error), not isinstance(error, WindowError)
        return
    try:
        search.parse(query.search)
    except QuerySyntaxError as error:
        yield ("query",), f"searches for what cannot be read: {_placed(error)} of the search", True
    yield from _threshold_findings(query, _object(_object(body["options"]).get("thresholds")))
    if not query.groups and _object(body["options"]).get("notify_by"):
        yield ("options", "notify_by"), 'needs groups in the query: .by("...")', False


def _threshold_findings(query: LogQuery, thresholds: Json) -> Iterator[tuple[Path, str, bool]]:
    critical, warning = thresholds.get("critical"), thresholds.get("warning")
    place = ("options", "thresholds")
    if isinstance(critical, int | float) and critical != query.threshold:
        yield (*place, "critical"), f"is {critical:g}, but the query ends with {query.threshold:g}", False
    if isinstance(warning, int | float):
        is_above = query.comparator.startswith(">")
        too_far = warning >= query.threshold if is_above else warning <= query.threshold
        if too_far:
            yield (
                (*place, "warning"),
                f"is {warning:g}: it must be met before the alert at {query.threshold:g}",
                False,
            )


def _option_findings(options: Json) -> Iterator[tuple[Path, str, bool]]:
    thresholds = _object(options.get("thresholds"))
    if thresholds.get("warning_recovery") is not None and thresholds.get("warning") is None:
        yield ("options", "thresholds", "warning_recovery"), "needs a warning threshold", False
    if options.get("escalation_message") and not options.get("renotify_interval"):
        yield ("options", "escalation_message"), "is never sent without renotify_interval", True
    if options.get("on_missing_data") and options.get("notify_no_data"):
        yield ("options", "notify_no_data"), "cannot go with on_missing_data", False


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _placed(error: LogQueryError | QuerySyntaxError) -> str:
    return f"{error.reason}, at character {error.position + 1}"
