"""A rehearsal carried out: logs through pipelines and past monitors, held against what is expected."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from datadog_assets.dates import EPOCH, is_dated_within
from datadog_assets.preprocess import preprocess
from datadog_assets.rehearse import compare, hints
from datadog_assets.rehearse.outcome import Arrival, Outcome, left, word
from datadog_assets.rehearse.pipelines import Pipelines
from datadog_assets.rehearse.scenario import Rehearsal, Sent
from datadog_assets.rehearse.watch import MINUTE, Notification, Watch
from datadog_assets.resource import Declared, Json, Mark, Resource

__all__ = ["RELAY_ENTRY", "Arrival", "Outcome", "Stage", "entry_of", "sent", "word"]

RELAY_ENTRY: Json = {
    "ddsource": "okta-workflows-els",
    "service": "okta",
    "ddtags": "env:production,service:okta",
}
"""What the relay adds to an event, as long as nothing else is set."""


class Stage:
    """What is declared, ready for rehearsals.

    Args:
        declared: pipelines, monitors and notification rules.
    """

    def __init__(self, declared: Declared) -> None:
        self.pipelines = Pipelines(one.body for one in _in_order(_present(declared, "pipelines")))
        self._monitors = [one.body for one in _present(declared, "monitors")]
        self._rules = [one.body for one in _present(declared, "notification_rules")]

    def watch(self) -> Watch:
        """Give the monitors and rules, having seen nothing yet."""
        return Watch(self._monitors, self._rules)

    def run(self, rehearsal: Rehearsal, mark: Mark) -> Outcome:
        """Carry a rehearsal out."""
        arrivals = [self.arrival(at, entry) for at, entry in sent(rehearsal)]
        watch = self.watch()
        notifications = list(_watched(watch, arrivals, rehearsal))
        expected = rehearsal.expect
        of_logs = list(compare.log_faults(expected, arrivals))
        of_monitors = list(compare.monitor_faults(expected, notifications, watch))
        faults = [*of_logs, *(fault for _, fault in of_monitors)]
        faults += compare.told_faults(expected.notifies, notifications)
        more = list(self._why_so(rehearsal, arrivals)) if of_logs else []
        more += self._why_still({name for name, _ in of_monitors}, arrivals, watch)
        return Outcome(
            name=rehearsal.name,
            mark=mark,
            faults=_once(faults),
            arrivals=tuple(arrivals),
            notifications=tuple(notifications),
            left=_once([reason for arrival in arrivals for reason in arrival.left] + left(notifications)),
            hints=_once(more),
        )

    def arrival(self, at: int, entry: Json) -> Arrival:
        """Let one entry of the intake come to Datadog."""
        before = preprocess(entry, [], at)
        if not is_dated_within(before["timestamp"], at):
            return Arrival(at, before, None, (), before["timestamp"])
        processed = self.pipelines.process(before, EPOCH + timedelta(milliseconds=at))
        date = processed.log["timestamp"]
        if not is_dated_within(date, at):
            return Arrival(at, before, None, processed.left, date)
        return Arrival(at, before, processed.log, processed.left)

    def _why_so(self, rehearsal: Rehearsal, arrivals: Iterable[Arrival]) -> Iterator[str]:
        """Tell what may be the reason why the first log that is not as expected is so."""
        for arrival in arrivals:
            if arrival.after and any(compare.of_log(rehearsal.expect, arrival)):
                now = EPOCH + timedelta(milliseconds=arrival.at)
                yield from hints.warnings_of(self.pipelines.explain(arrival.before, now), arrival.before)
                return

    def _why_still(self, names: set[str], arrivals: Iterable[Arrival], watch: Watch) -> Iterator[str]:
        logs = [arrival.after for arrival in arrivals if arrival.after]
        for body in self._monitors:
            if body.get("name") in names - watch.left.keys():
                yield hints.why_still(body, logs)


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


def _watched(watch: Watch, arrivals: Sequence[Arrival], rehearsal: Rehearsal) -> Iterator[Notification]:
    """Let logs come and time go by; the monitors are evaluated every minute from the first log on."""
    now = arrivals[0].at if arrivals else rehearsal.begin
    last = arrivals[-1].at if arrivals else now
    until = last + MINUTE if rehearsal.until is None else rehearsal.begin + rehearsal.until
    waiting = iter(arrivals)
    coming = next(waiting, None)
    while now <= until or coming:
        while coming and coming.at <= now:
            if coming.after is not None:
                watch.add(coming.after)
            coming = next(waiting, None)
        yield from watch.evaluate(now)
        now += MINUTE


def _present(declared: Declared, kind: str) -> list[Resource]:
    return [resource for resource in declared.get(kind, {}).values() if not resource.absent]


def _in_order(pipelines: Sequence[Resource]) -> list[Resource]:
    """Put each pipeline that has a place directly before, or after, the one of that name."""
    found = list(pipelines)
    for one in pipelines:
        names: Mapping[str, Resource] = {other.name: other for other in found}
        if one.place and one.place.name in names and one.place.name != one.name:
            found.remove(one)
            found.insert(found.index(names[one.place.name]) + (one.place.side == "after"), one)
    return found


def _once(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))
