"""A rehearsal carried out: logs through pipelines and past monitors, held against what is expected."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from datadog_assets.alerting.transition import Kind
from datadog_assets.dates import EPOCH, is_dated_within, iso
from datadog_assets.log import Log
from datadog_assets.preprocess import preprocess
from datadog_assets.processors._draft import Draft
from datadog_assets.rehearse.pipelines import Pipelines
from datadog_assets.rehearse.scenario import Expected, Moved, Rehearsal, Sent
from datadog_assets.rehearse.watch import MINUTE, Notification, Watch
from datadog_assets.resource import Declared, Json, Mark

RELAY_ENTRY: Json = {
    "ddsource": "okta-workflows-els",
    "service": "okta",
    "ddtags": "env:production,service:okta",
}
"""What the relay adds to an event, as long as nothing else is set."""

_OWN = ("status", "service", "host", "message", "trace_id", "span_id")
_RECOVERIES = {Kind.RECOVERY, Kind.WARNING_RECOVERY, Kind.NO_DATA_RECOVERY}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One log, on its way.

    Attributes:
        at: when it comes to Datadog, in epoch milliseconds.
        before: after preprocessing.
        after: after the pipelines; None if Datadog drops it because of its date.
        left: what of the pipelines could not be rehearsed.
    """

    at: int
    before: Log
    after: Log | None
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rehearsal.

    Attributes:
        name: the rehearsal's.
        mark: where it is written.
        faults: in what it differs from what was expected, a line each; none if it passed.
        arrivals: every log.
        notifications: everything that was told, in order.
        left: what could not be rehearsed, and why.
    """

    name: str
    mark: Mark
    faults: tuple[str, ...]
    arrivals: tuple[Arrival, ...]
    notifications: tuple[Notification, ...]
    left: tuple[str, ...]


class Stage:
    """What is declared, ready for rehearsals.

    Args:
        declared: pipelines, monitors and notification rules.
    """

    def __init__(self, declared: Declared) -> None:
        self.pipelines = Pipelines(_bodies(declared, "pipelines"))
        self._monitors = _bodies(declared, "monitors")
        self._rules = _bodies(declared, "notification_rules")

    def watch(self) -> Watch:
        """Give the monitors and rules, having seen nothing yet."""
        return Watch(self._monitors, self._rules)

    def run(self, rehearsal: Rehearsal, mark: Mark) -> Outcome:
        """Carry a rehearsal out."""
        arrivals = [self.arrival(at, entry) for at, entry in sent(rehearsal)]
        watch = self.watch()
        notifications = list(_watched(watch, arrivals, _end(rehearsal, arrivals)))
        faults = [
            fault
            for arrival in arrivals
            for fault in _log_faults(rehearsal.expect, arrival)
        ]  # fmt: skip
        faults += _monitor_faults(rehearsal.expect, notifications, watch)
        faults += _told_faults(rehearsal.expect.notifies, notifications)
        left = [reason for arrival in arrivals for reason in arrival.left]
        left += [reason for notification in notifications for reason in notification.left]
        return Outcome(
            rehearsal.name, mark, _once(faults), tuple(arrivals), tuple(notifications), _once(left)
        )

    def arrival(self, at: int, entry: Json) -> Arrival:
        """Let one entry of the intake come to Datadog."""
        before = preprocess(entry, [], at)
        if not is_dated_within(before["timestamp"], at):
            return Arrival(at, before, None, ())
        processed = self.pipelines.process(before, EPOCH + timedelta(milliseconds=at))
        return Arrival(at, before, processed.log, processed.left)


def entry_of(one: Sent, more: Json) -> Json:
    """Give an entry as the relay sends it.

    Args:
        one: an event, or a whole entry already.
        more: what the relay is told to add to an event.
    """
    if one.log is not None:
        return one.log
    event = one.event or {}
    host = {"hostname": event["org_hostname"]} if isinstance(event.get("org_hostname"), str) else {}
    return {**RELAY_ENTRY, **host, **more, "message": json.dumps(event, ensure_ascii=False)}


def sent(rehearsal: Rehearsal) -> Iterator[tuple[int, Json]]:
    """Give what is sent, with the time of each in epoch milliseconds."""
    at = rehearsal.begin
    for one in rehearsal.sent:
        at += one.after
        entry = entry_of(one, rehearsal.entry)
        for number in range(one.times):
            at += one.every if number else 0
            yield at, entry


def _end(rehearsal: Rehearsal, arrivals: Sequence[Arrival]) -> int:
    last = max(arrival.at for arrival in arrivals)
    return last + MINUTE if rehearsal.until is None else max(last, rehearsal.begin + rehearsal.until)


def _watched(watch: Watch, arrivals: Sequence[Arrival], end: int) -> Iterator[Notification]:
    """Let logs come and time go by; the monitors are evaluated every minute from the first log on."""
    waiting = sorted(arrivals, key=lambda arrival: arrival.at)
    now = waiting[0].at
    while now <= end:
        while waiting and waiting[0].at <= now:
            if (log := waiting.pop(0).after) is not None:
                watch.add(log)
        yield from watch.evaluate(now)
        now += MINUTE


def _log_faults(expected: Expected, arrival: Arrival) -> Iterator[str]:
    log = arrival.after
    if log is None:
        date, at = iso(arrival.before["timestamp"]), iso(arrival.at)
        yield f"Datadog drops the log: its date {date} is over 18 h before, or 2 h after, it comes ({at})"
        return
    draft = Draft({**log})
    wanted = {field: getattr(expected, field) for field in _OWN if getattr(expected, field) is not None}
    found = {field: draft.log.get(field) for field in wanted}
    for path, value in expected.attributes.items():
        wanted[f"attributes.{path}"], found[f"attributes.{path}"] = value, draft.get(path)
    for path, value in wanted.items():
        if found[path] != value:
            yield f"{path}: is {_shown(found[path])}, not {_shown(value)}"
    for tag in expected.tags:
        if tag not in log["tags"]:
            yield f"tags: {tag} is not there; there are {', '.join(log['tags']) or 'none'}"


def _monitor_faults(expected: Expected, notifications: Sequence[Notification], watch: Watch) -> Iterator[str]:
    if expected.monitors is None:
        return
    for wanted in expected.monitors:
        yield from _moved_faults(wanted, notifications, watch)
    named = {wanted.name for wanted in expected.monitors}
    for one in notifications:
        if one.transition.monitor not in named:
            yield f"monitors: {one.transition.monitor!r} is not expected, but has a {one.transition.kind}"


def _moved_faults(wanted: Moved, notifications: Sequence[Notification], watch: Watch) -> Iterator[str]:
    if reason := watch.left.get(wanted.name):
        yield f"monitors: {wanted.name!r} is not rehearsed: {reason}"
        return
    of_name = [one for one in notifications if one.transition.monitor == wanted.name]
    of_group = [one for one in of_name if wanted.group.items() <= dict(one.transition.group).items()]
    meant = [one for one in of_group if wanted.to in {None, word(one.transition.kind)}]
    if not meant:
        happened = ", ".join(dict.fromkeys(word(one.transition.kind) for one in of_group)) or "nothing"
        yield f"monitors: {wanted.name!r} has no {wanted.to or 'change'}; what happens is: {happened}"
        return
    for text in wanted.message:
        if not any(text in f"{one.rendered.title}\n{one.rendered.text}" for one in meant):
            said = meant[0].rendered
            yield f"monitors: {wanted.name!r} does not say {text!r}, but: {said.title}: {said.text}"
    yield from _told_faults(wanted.notifies, meant, f"monitors: {wanted.name!r}: ")


def _told_faults(
    wanted: Sequence[str] | None, notifications: Iterable[Notification], where: str = ""
) -> Iterator[str]:
    if wanted is None:
        return
    told = {one.handle.removeprefix("@") for notification in notifications for one in notification.told}
    asked = {handle.removeprefix("@") for handle in wanted}
    for handle in sorted(asked - told):
        yield f"{where}notifies: {handle} is not told; who is: {', '.join(sorted(told)) or 'nobody'}"
    for handle in sorted(told - asked):
        yield f"{where}notifies: {handle} is told, and is not expected"


def word(kind: Kind) -> str:
    """Name what happened as rehearsals do: one word for every recovery."""
    return "recovery" if kind in _RECOVERIES else str(kind)


def _bodies(declared: Declared, kind: str) -> list[Json]:
    return [resource.body for resource in declared.get(kind, {}).values() if not resource.absent]


def _once(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))


def _shown(value: object) -> str:
    return "not there" if value is None else json.dumps(value, ensure_ascii=False)
