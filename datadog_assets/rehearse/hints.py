"""Why a log is not as expected, or a monitor does not move."""

from collections.abc import Iterable, Iterator, Sequence

import orjson

from datadog_assets import search
from datadog_assets.alerting.definition import read
from datadog_assets.log import Log
from datadog_assets.rehearse.pipelines import Step
from datadog_assets.resource import Json

NO_PIPELINE = "no pipeline matches the log"


def warnings_of(steps: Sequence[Step], log: Log) -> Iterator[str]:
    """Give what is probably not meant in what the pipelines did to a log, a line each.

    Args:
        steps: all of them.
        log: before the first.
    """
    if not any(step.outcome == "matches" for step in steps):
        known = {name: log.get(name) for name in ("service", "source", "host")}
        told = ", ".join(f"{name} {value!r}" for name, value in known.items() if value)
        yield f"{NO_PIPELINE}: {told or 'it has no service, no source and no host'}"
    if log["message"].lstrip().startswith("{") and not _is_json(log["message"]):
        yield "the message begins as JSON does and cannot be read as such: nothing of it is an attribute"
    for step in steps:
        for warning in step.warnings:
            yield f"{place(step)} {warning}"
        if step.outcome == "disabled":
            yield f"{place(step)} is disabled"


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


def why_still(body: Json, logs: Iterable[Log]) -> str:
    """Tell what a log monitor counts, and of how many logs.

    Args:
        body: of a monitor that is rehearsed.
        logs: all that came.
    """
    query = read(body).query
    matches = search.parse(query.search).matches
    found = [matches(log) for log in logs]
    what = query.aggregation + (f" of {query.measure}" if query.measure else "")
    groups = f" by {', '.join(query.groups)}" if query.groups else ""
    return (
        f"the search of {body.get('name')!r} finds {sum(found)} of {len(found)} logs: {query.search};"
        f" it alerts at {what}{groups} {query.comparator} {query.threshold:g} within {_span(query.window)}"
    )


def place(step: Step) -> str:
    """Name a step: pipelines from the outside in, then the processor."""
    return " > ".join([*step.pipeline, step.processor] if step.processor else step.pipeline) + ":"


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} m"
