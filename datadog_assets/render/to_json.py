"""A plan as JSON, for programs."""

import json
from collections.abc import Collection

from datadog_assets.plan.changes import Change, Note, Plan
from datadog_assets.plan.difference import as_json as difference
from datadog_assets.render.masking import masked
from datadog_assets.resource import Json, Mark

FORMAT = 1


def as_json(plan: Plan, secrets: Collection[str]) -> str:
    """Give a plan as JSON. Fields may be added to format 1; none is taken away or gets another meaning.

    ```
    {"format": 1,
     "counts": {"create": 1, "update": 0, "delete": 0, "move": 0},
     "changes": [                                   in the order in which they are carried out
      {"verb": "create" | "update" | "delete" | "move",
       "kind": "monitors", "name": "...",
       "id": "..." | null,                          null for what is not there yet
       "reason": "...",                             for a person; may be empty
       "file": "..." | null, "line": 3 | null,      where it is declared
       "place": {"side": "before" | "after", "name": "..."} | null,      of a move
       "differences": [                             a create's from {}, a delete's to {}, a move has none
        {"path": ["options", "thresholds", "critical"],
         "before": 5,                               left out for what was added
         "after": 10,                               left out for what was removed
         "origin": 0}],                             only of an element that moved: its position before
       "effects": ["3 of 20 logs ..."]}],           for a person; empty without plan --rehearse
     "problems": [                                  with one, nothing is applied
      {"kind": "..." | "", "name": "..." | null, "text": "...", "file": "..." | null, "line": 3 | null}],
     "notes": [as problems]}
    ```

    A position in `path` is one after the change; the last one, of an element that was removed, is the one
    before it. A difference that holds a secret has "(secret)" on both sides.

    Args:
        plan: what to show.
        secrets: are not shown.

    Returns:
        ASCII, indented, without a newline at the end.
    """
    plan = masked(plan, secrets)
    found = {
        "format": FORMAT,
        "counts": {str(verb): count for verb, count in plan.counts.items()},
        "changes": [_change(change) for change in plan.changes],
        "problems": [_note(problem) for problem in plan.problems],
        "notes": [_note(note) for note in plan.notes],
    }
    return json.dumps(found, indent=2)


def _change(change: Change) -> Json:
    place = change.place
    return {
        "verb": str(change.verb),
        "kind": change.kind,
        "name": change.name,
        "id": change.live_id,
        "reason": change.reason,
        **_mark(change.mark),
        "place": {"side": place.side, "name": place.name} if place else None,
        "differences": [difference(one) for one in change.differences],
        "effects": list(change.effects),
    }


def _note(note: Note) -> Json:
    return {"kind": note.kind, "name": note.name, "text": note.text, **_mark(note.mark)}


def _mark(mark: Mark | None) -> Json:
    return {"file": mark.file if mark else None, "line": mark.line if mark else None}
