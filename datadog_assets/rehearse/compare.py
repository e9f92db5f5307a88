"""What came of a rehearsal, held against what is expected: a line for each difference."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from datadog_assets.dates import iso
from datadog_assets.processors._draft import Draft
from datadog_assets.rehearse.outcome import Arrival, word
from datadog_assets.rehearse.scenario import Expected, Moved
from datadog_assets.rehearse.watch import Notification, Watch

_OWN = ("status", "service", "host", "message", "trace_id", "span_id")


def log_faults(expected: Expected, arrivals: Sequence[Arrival]) -> Iterator[str]:
    """Compare every log; what is wrong with several alike is one line."""
    found: dict[str, list[int]] = {}
    for number, arrival in enumerate(arrivals, 1):
        for fault in of_log(expected, arrival):
            found.setdefault(fault, []).append(number)
    for fault, numbers in found.items():
        yield f"{fault}{_which(numbers, len(arrivals))}"


def of_log(expected: Expected, arrival: Arrival) -> Iterator[str]:
    """Compare one log."""
    log = arrival.after
    if log is None:
        date, at = iso(arrival.refused or 0), iso(arrival.at)
        yield f"Datadog drops the log: its date {date} is over 18 h before, or 2 h after, it comes ({at})"
        return
    draft = Draft({**log})
    wanted = {field: getattr(expected, field) for field in _OWN if getattr(expected, field) is not None}
    found = {field: draft.log.get(field) for field in wanted}
    for path, value in expected.attributes.items():
        wanted[f"attributes.{path}"], found[f"attributes.{path}"] = value, draft.get(path)
    for path, value in wanted.items():
        if not _is_same(found[path], value):
            wish = "; none is expected" if value is None else f", not {_shown(value)}"
            yield f"{path}: is {_shown(found[path])}{wish}"
    for tag in expected.tags:
        if tag not in log["tags"]:
            yield f"tags: {tag} is not there; there are {', '.join(log['tags']) or 'none'}"


def monitor_faults(
    expected: Expected, notifications: Sequence[Notification], watch: Watch
) -> Iterator[tuple[str, str]]:
    """Compare which monitors moved, and what they said and told; each fault with the monitor's name."""
    if expected.monitors is None:
        return
    for wanted in expected.monitors:
        for fault in _of_moved(wanted, notifications, watch):
            yield wanted.name, f"monitors: {wanted.name!r}{fault}"
    named = {wanted.name for wanted in expected.monitors}
    others = dict.fromkeys(one.transition.monitor for one in notifications)
    for name in others:
        if name not in named:
            of_name = [one for one in notifications if one.transition.monitor == name]
            yield name, f"monitors: {name!r} is not expected to move; what happens is: {_happened(of_name)}"


def told_faults(wanted: Sequence[str] | None, notifications: Iterable[Notification]) -> Iterator[str]:
    """Compare who was told."""
    if wanted is None:
        return
    told: dict[str, str] = {}
    for notification in notifications:
        for one in notification.told:
            told.setdefault(one.handle.removeprefix("@"), _because(notification, one.because))
    asked = dict.fromkeys(handle.removeprefix("@") for handle in wanted)
    for handle in asked:
        if handle not in told:
            yield f"notifies: {handle} is not told; who is: {', '.join(told) or 'nobody'}"
    for handle, because in told.items():
        if handle not in asked:
            yield f"notifies: {handle} is told, and is not expected; {because}"


def _of_moved(wanted: Moved, notifications: Sequence[Notification], watch: Watch) -> Iterator[str]:
    if reason := watch.left.get(wanted.name):
        yield f" is not rehearsed: {reason}"
        return
    of_name = [one for one in notifications if one.transition.monitor == wanted.name]
    meant = [
        one
        for one in of_name
        if wanted.to in {None, word(one.transition.kind)}
        and wanted.group.items() <= dict(one.transition.group).items()
    ]
    if not meant:
        group = f" for {_group(wanted.group)}" if wanted.group else ""
        yield f" has no {wanted.to or 'change'}{group}; what happens is: {_happened(of_name)}"
        return
    for text in wanted.message:
        if not any(text in f"{one.rendered.title}\n{one.rendered.text}" for one in meant):
            said = meant[0].rendered
            yield f" does not say {text!r}, but: {said.title}: {said.text}"
    for fault in told_faults(wanted.notifies, meant):
        yield f": {fault}"


def _which(numbers: Sequence[int], total: int) -> str:
    if total == 1:
        return ""
    if len(numbers) == total:
        return f" (each of {total} logs)"
    first = (
        f"log {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} logs, the first is log {numbers[0]}"
    )
    return f" ({first} of {total})"


def _happened(notifications: Iterable[Notification]) -> str:
    said = (
        word(one.transition.kind) + (f" for {_group(one.transition.group)}" if one.transition.group else "")
        for one in notifications
    )
    return ", ".join(dict.fromkeys(said)) or "nothing"


def _group(group: Mapping[str, str]) -> str:
    return " ".join(f"{key}:{value}" for key, value in group.items())


def _because(notification: Notification, because: Iterable[str]) -> str:
    moved = notification.transition
    return f"of {moved.monitor!r} ({word(moved.kind)}), by {' and '.join(because)}"


def _is_same(found: object, wanted: object) -> bool:
    """Tell whether two values are one; true is no 1."""
    return found == wanted and isinstance(found, bool) is isinstance(wanted, bool)


def _shown(value: object) -> str:
    return "not there" if value is None else json.dumps(value, ensure_ascii=False)
