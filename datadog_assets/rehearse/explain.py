"""One entry of the intake, followed through everything that is declared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from datadog_assets.dates import EPOCH, is_dated_within, iso
from datadog_assets.log import Log
from datadog_assets.preprocess import preprocess
from datadog_assets.rehearse import hints
from datadog_assets.rehearse.outcome import left
from datadog_assets.rehearse.pipelines import Step
from datadog_assets.rehearse.run import Stage
from datadog_assets.rehearse.watch import Notification
from datadog_assets.resource import Json


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that a step changed; None stands for one that is not there.

    Attributes:
        path: `status`, `tags`, `attributes.error.kind`.
    """

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one log, and why.

    Attributes:
        before: after preprocessing.
        steps: what each pipeline and processor did.
        after: after the pipelines.
        notifications: what would be told at once, had no other log come before.
        warnings: what is probably not meant, a line each.
        left: what could not be rehearsed, and why.
        unwatched: the monitors that cannot be rehearsed, by name, and why.
    """

    before: Log
    steps: tuple[Step, ...]
    after: Log
    notifications: tuple[Notification, ...]
    warnings: tuple[str, ...]
    left: tuple[str, ...]
    unwatched: Mapping[str, str]


def explain(stage: Stage, entry: Json, now: int) -> Explanation:
    """Follow one entry.

    Args:
        stage: what is declared.
        entry: as the relay sends it.
        now: when it comes to Datadog, in epoch milliseconds.
    """
    before = preprocess(entry, [], now)
    steps = stage.pipelines.explain(before, EPOCH + timedelta(milliseconds=now))
    before, after = (steps[0].before, steps[-1].after) if steps else (before, before)
    at = now
    warnings = list(hints.warnings_of(steps, before))
    for log in (before, after):
        if not is_dated_within(log["timestamp"], now):
            date = iso(log["timestamp"])
            side = "over 18 h before" if log["timestamp"] < now else "over 2 h after"
            warnings.append(
                f"Datadog would drop the log: its date {date} is {side} it comes;"
                " what is told is as if it had come in time"
            )
            at = log["timestamp"]
            break
    watch = stage.watch()
    watch.add(after)
    notifications = tuple(watch.evaluate(max(at, after["timestamp"])))
    not_run = [f"{hints.place(step)} {reason}" for step in steps for reason in step.left]
    return Explanation(
        before=before,
        steps=tuple(steps),
        after=after,
        notifications=notifications,
        warnings=tuple(warnings),
        left=tuple(dict.fromkeys([*not_run, *left(notifications)])),
        unwatched=watch.left,
    )


def differences(before: Log, after: Log) -> list[Difference]:
    """Give each value that differs between two logs, by its path."""
    left, right = dict(_values(before)), dict(_values(after))
    paths = [*left, *(path for path in right if path not in left)]
    return [
        Difference(path, left.get(path), right.get(path))
        for path in paths
        if left.get(path) != right.get(path)
    ]


def _values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _values(inner, f"{path}.{key}" if path else str(key))
    elif value not in (None, {}):
        yield path, value
