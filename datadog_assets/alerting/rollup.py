"""One value of the logs in a window: their number, or an aggregate of a measure.

https://docs.datadoghq.com/monitors/types/log/#define-the-search-query
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from datadog_assets.alerting.facets import Log, as_text, numbers, values
from datadog_assets.alerting.log_query import LogQuery, percentile_of

Part: TypeAlias = tuple[object, ...]
"""What one log brings to the value."""

_OF_NUMBERS: dict[str, Callable[[list[float]], float]] = {
    "avg": lambda found: sum(found) / len(found),
    "sum": sum,
    "min": min,
    "max": max,
}


def part(query: LogQuery, log: Log) -> Part:
    """Give what a log brings to the value; it is kept while the log is in the window."""
    if query.measure is None or query.aggregation == "count":
        return ()
    if query.aggregation == "cardinality":
        return tuple(as_text(value) for value in values(log, query.measure))
    return tuple(numbers(log, query.measure))


def value(query: LogQuery, count: int, parts: Iterable[Part]) -> float | None:
    """Give the value of some logs; None if they have nothing to aggregate.

    Datadog estimates cardinalities and percentiles; these are exact, a percentile by its nearest rank.

    Args:
        query: what is asked for.
        count: the number of logs.
        parts: of each of them.
    """
    if not count:
        return None
    if query.aggregation == "count":
        return count
    found = [one for each in parts for one in each]
    if query.aggregation == "cardinality":
        return len(set(found))
    return _of_numbers(query.aggregation, [one for one in found if isinstance(one, float)])


def of_nothing(query: LogQuery) -> float | None:
    """Give what an empty window counts as where it counts as anything: 0 for what counts or sums up.

    https://docs.datadoghq.com/monitors/guide/on_missing_data/ says so of counts and sums. Of cardinalities it
    is not said; they count.
    """
    return 0 if query.aggregation in {"count", "sum", "cardinality"} else None


def _of_numbers(aggregation: str, found: list[float]) -> float | None:
    if not found:
        return None
    percent = percentile_of(aggregation)
    return _OF_NUMBERS[aggregation](found) if percent is None else _percentile(found, percent)


def _percentile(found: Iterable[float], percent: int) -> float:
    ordered = sorted(found)
    return ordered[-(-percent * len(ordered) // 100) - 1]
