"""What Datadog refuses in a monitor, or what is likely not meant, although each field by itself is fine."""

import difflib
from collections.abc import Iterator

from datadog_assets.kinds._log_query import LONGEST_MINUTES, SHORTEST_MINUTES, LogQuery, parse
from datadog_assets.kinds._monitor_models import TYPES
from datadog_assets.resource import Json, Path


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
    query = parse(str(body["query"]))
    if query is None:
        if "formula" not in str(body["query"]):
            form = 'logs("<search>").index("*").rollup("count").by("<groups>").last("5m") > N'
            yield ("query",), f"is of no form that is known, such as {form}", True
        return
    if not SHORTEST_MINUTES <= query.minutes <= LONGEST_MINUTES:
        yield ("query",), f"looks at {query.minutes} minutes; 1 minute to 48 hours fit", False
    yield from _threshold_findings(query, _object(_object(body["options"]).get("thresholds")))
    if not query.by and _object(body["options"]).get("notify_by"):
        yield ("options", "notify_by"), 'needs groups in the query: .by("...")', False


def _threshold_findings(query: LogQuery, thresholds: Json) -> Iterator[tuple[Path, str, bool]]:
    critical, warning = thresholds.get("critical"), thresholds.get("warning")
    place = ("options", "thresholds")
    if isinstance(critical, int | float) and critical != query.threshold:
        yield (*place, "critical"), f"is {critical:g}, but the query ends with {query.threshold:g}", False
    if isinstance(warning, int | float):
        too_far = warning >= query.threshold if query.operator.startswith(">") else warning <= query.threshold
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
