"""What the server reads from a monitor's query: its threshold, its groups, whether it is one at all."""

import re

from datadog_assets.sandbox.answers import Refused, refused

TYPES_WITHOUT_COMPARISON = frozenset({"composite", "service check", "synthetics alert"})
"""Their queries end with something else than an operator and a number."""

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_COMPARISON = re.compile(rf"(?:>=|<=|==|!=|>|<)\s*(?P<threshold>{_NUMBER})\s*$")
_GROUPED = re.compile(r"\bby\s*\{[^}]*\S[^}]*\}|\.by\(\s*[^\s)]")
_WINDOW = re.compile(r"""\.last\(["']?(?P<count>[0-9]+)(?P<unit>[mh])["']?\)""")
_LONGEST = {"m": 2880, "h": 48}
_MONITOR_ID = re.compile(r"[0-9]+")
_SCOPE = re.compile(r"\{([^}]*)\}")


def is_grouped(query: str) -> bool:
    """Tell whether a query alerts for each group by itself."""
    return _GROUPED.search(query) is not None


def monitor_ids(query: str) -> list[str]:
    """Give the monitors that a composite monitor's query names."""
    return _MONITOR_ID.findall(query)


def scopes(query: str) -> set[str]:
    """Give the tags between the braces of a metric query."""
    return {tag.strip() for scope in _SCOPE.findall(query) for tag in scope.split(",")}


def threshold(kind: str, query: str) -> float | None:
    """Give the number that a query compares with, if its type of monitor has one.

    Raises:
        Refused: 400 for a query that Datadog does not take.
    """
    if kind in TYPES_WITHOUT_COMPARISON:
        return None
    comparison = _COMPARISON.search(query)
    if comparison is None:
        raise _invalid("invalid operator specified: ")
    if kind == "log alert":
        _check_window(query)
    return float(comparison["threshold"])


def _check_window(query: str) -> None:
    """Refuse what is known not to be a log monitor's time window; the texts are the sandbox's own."""
    if ".last(" not in query:
        raise _invalid("a log query needs .last(...)")
    window = _WINDOW.search(query)
    # cumulative windows, such as current_1d, have no number in front
    if window and not 1 <= float(window["count"]) <= _LONGEST[window["unit"]]:
        raise _invalid("the window of a log query is 1-2880m or 1-48h")


def _invalid(reason: str) -> Refused:
    return refused(400, f"The value provided for parameter 'query' is invalid: {reason}")
