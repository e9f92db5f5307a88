"""The query of a log monitor, taken apart.

https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
"""

import re
from dataclasses import dataclass

SHORTEST_MINUTES, LONGEST_MINUTES = 1, 2880
"""https://docs.datadoghq.com/monitors/types/log/ and https://docs.datadoghq.com/monitors/configuration/"""

_TEXT = r'"(?:[^"\\]|\\.)*"'
_QUERY = re.compile(
    rf"""\s*logs\(\s*(?P<search>{_TEXT})\s*\)
    \s*(?:\.index\(\s*(?P<index>{_TEXT})\s*\))?
    \s*\.rollup\(\s*(?P<method>{_TEXT})\s*(?:,\s*(?P<measure>{_TEXT})\s*)?\)
    \s*(?:\.by\(\s*(?P<by>{_TEXT})\s*\))?
    \s*\.last\(\s*"(?P<window>\d+)(?P<unit>[mhd])"\s*\)
    \s*(?P<operator>>=|<=|>|<|==|!=)\s*(?P<threshold>[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*""",
    re.VERBOSE,
)
_MINUTES = {"m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class LogQuery:
    """One count, average or other rollup of logs, compared with a threshold.

    Attributes:
        search: in Datadog's log search syntax.
        index: "*" for all.
        method: "count", "avg", "cardinality", ...
        measure: the attribute that the method needs; None for a count.
        by: the groups; empty for one alert over all logs.
        minutes: the evaluation window.
        operator: ">", ">=", "<", "<=", ...
        threshold: of the alert.
    """

    search: str
    index: str
    method: str
    measure: str | None
    by: tuple[str, ...]
    minutes: int
    operator: str
    threshold: float


def parse(query: str) -> LogQuery | None:
    """Take a query apart; None if it is of another form, such as a formula over several."""
    found = _QUERY.fullmatch(query)
    if not found:
        return None
    return LogQuery(
        search=_unquoted(found["search"]),
        index=_unquoted(found["index"] or '"*"'),
        method=_unquoted(found["method"]),
        measure=_unquoted(found["measure"]) if found["measure"] else None,
        by=tuple(one.strip() for one in _unquoted(found["by"] or '""').split(",") if one.strip()),
        minutes=int(found["window"][:9]) * _MINUTES[found["unit"]],
        operator=found["operator"],
        threshold=float(found["threshold"]),
    )


def _unquoted(text: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", text[1:-1])
