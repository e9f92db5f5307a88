"""Rehearsals as JSON, for programs."""

import json
from collections.abc import Collection, Mapping, Sequence

from datadog_assets.rehearse.explain import Explanation, differences
from datadog_assets.rehearse.outcome import Outcome
from datadog_assets.rehearse.watch import Notification
from datadog_assets.render.hiding import hidden
from datadog_assets.resource import Json

FORMAT = 1


def as_json(
    outcomes: Sequence[Outcome], left: Mapping[str, str], secrets: Collection[str] = frozenset()
) -> str:
    """Give rehearsals as JSON. Fields may be added to format 1; none is taken away or gets another meaning.

    Args:
        outcomes: in order.
        left: monitors that cannot be rehearsed, by name, and why.
        secrets: never shown; the text "(secret)" stands for each.

    ```
    {"format": 1, "passed": 2, "failed": 0,
     "rehearsals": [
      {"name": "...", "file": "...", "line": 3, "passed": true,
       "faults": ["..."],                     for a person
       "hints": ["..."],                      for a person: what may be the reason
       "logs": [{"at": 1767603600000, "dropped": false, "log": {...}}],      after the pipelines
       "notifications": [
        {"at": 1767603600000, "monitor": "...", "group": {"@flow_name": "..."}, "kind": "alert",
         "value": 5.0, "threshold": 5.0, "title": "...", "text": "...",
         "told": [{"handle": "@slack-okta", "because": ["..."]}]}],
       "not_rehearsed": ["..."]}],
     "monitors_not_rehearsed": {"name": "why"}}
    ```
    """
    failed = sum(1 for outcome in outcomes if outcome.faults)
    found = {
        "format": FORMAT,
        "passed": len(outcomes) - failed,
        "failed": failed,
        "rehearsals": hidden([_outcome(outcome) for outcome in outcomes], secrets),
        "monitors_not_rehearsed": hidden(dict(left), secrets),
    }
    return json.dumps(found, indent=2)


def explained(found: Explanation, secrets: Collection[str] = frozenset()) -> str:
    """Give what became of one log as JSON.

    ```
    {"format": 1, "before": {...}, "after": {...},
     "steps": [{"pipeline": ["..."], "processor": "1. lookup-processor: ..." | null, "outcome": "changes",
                "differences": [{"path": "attributes.okta.status", "before": null, "after": "error"}]}],
     "notifications": [...], "warnings": ["..."], "not_rehearsed": ["..."],
     "monitors_not_rehearsed": {"name": "why"}}
    ```
    """
    steps = [
        {
            "pipeline": list(step.pipeline),
            "processor": step.processor or None,
            "outcome": step.outcome,
            "differences": [
                {"path": one.path, "before": one.before, "after": one.after}
                for one in differences(step.before, step.after)
            ],
        }
        for step in found.steps
    ]
    shown = {
        "before": found.before,
        "after": found.after,
        "steps": steps,
        "notifications": [_notification(one) for one in found.notifications],
        "warnings": list(found.warnings),
        "not_rehearsed": list(found.left),
        "monitors_not_rehearsed": dict(found.unwatched),
    }
    return json.dumps({"format": FORMAT, **hidden(shown, secrets)}, indent=2)


def _outcome(outcome: Outcome) -> Json:
    return {
        "name": outcome.name,
        "file": outcome.mark.file,
        "line": outcome.mark.line,
        "passed": not outcome.faults,
        "faults": list(outcome.faults),
        "hints": list(outcome.hints),
        "logs": [
            {"at": one.at, "dropped": one.after is None, "log": one.after or one.before}
            for one in outcome.arrivals
        ],
        "notifications": [_notification(one) for one in outcome.notifications],
        "not_rehearsed": list(outcome.left),
    }


def _notification(one: Notification) -> Json:
    moved = one.transition
    return {
        "at": moved.at,
        "monitor": moved.monitor,
        "group": dict(moved.group),
        "kind": str(moved.kind),
        "value": moved.value,
        "threshold": moved.threshold,
        "title": one.rendered.title,
        "text": one.rendered.text,
        "told": [{"handle": told.handle, "because": list(told.because)} for told in one.told],
    }
