"""Plans with the real kinds, against what a sandbox on a real socket returns."""

from collections.abc import Iterator, Mapping

import pytest

from datadog_assets.api import Api
from datadog_assets.environment import Access
from datadog_assets.kinds import KINDS
from datadog_assets.plan import make_plan
from datadog_assets.plan.changes import Options, Plan, Verb
from datadog_assets.resource import MANAGED_TAG, Json, Mark, Resource

ENTRIES: Mapping[str, tuple[Json, Json]] = {
    "pipelines": (
        {
            "name": "P",
            "filter": {"query": "source:okta"},
            "tags": ["b:1", "a:2"],
            "processors": [
                {
                    "type": "grok-parser",
                    "name": "G",
                    "source": "message",
                    "grok": {"match_rules": "r %{data}"},
                },
                {"type": "status-remapper", "name": "S", "sources": ["level"]},
            ],
        },
        {"filter": {"query": "source:okta env:x"}},
    ),
    "monitors": (
        {
            "name": "M",
            "type": "log alert",
            "query": 'logs("source:okta").index("*").rollup("count").last("5m") > 5',
            "message": "Look here\n",
            "tags": ["b:1", "a:2"],
            "options": {"thresholds": {"critical": 5}},
        },
        {"message": "Look there"},
    ),
    "notification_rules": (
        {"name": "R", "filter": {"tags": ["b:1"]}, "recipients": ["slack-okta"]},
        {"recipients": ["slack-okta", "pager"]},
    ),
}
"""For each kind an entry, and what of it changes later."""


@pytest.fixture
def datadog(url: str) -> Iterator[Api]:
    with Api(Access(url, "k", "a"), tell=print) as api:
        yield api


def planned(api: Api, key: str, entry: Json, *, absent: bool = False, **options: bool) -> Plan:
    kind = KINDS[key]
    body = kind.body(kind.model.model_validate(entry))
    resource = Resource(key, str(entry["name"]), body, Mark("a.yaml", 1), absent=absent)
    live = kind.list(api)
    return make_plan(
        {key: {resource.name: resource}}, {key: live}, [one.id for one in live], Options(**options)
    )


def carry_out(api: Api, plan: Plan) -> None:
    assert plan.problems == ()
    for change in plan.changes:
        kind = KINDS[change.kind]
        if change.verb is Verb.DELETE and change.live_id:
            kind.delete(api, change.live_id)
        elif change.body and change.live_id:
            kind.update(api, change.live_id, change.body)
        elif change.body:
            kind.create(api, change.body)


@pytest.mark.parametrize("key", KINDS)
def test_what_was_made_is_no_change_until_it_is_edited(datadog: Api, key: str) -> None:
    entry, edit = ENTRIES[key]
    for wanted, verb in ((entry, "create"), ({**entry, **edit}, "update"), (entry, "update")):
        plan = planned(datadog, key, wanted)
        assert [change.verb for change in plan.changes] == [verb]
        if verb == "update":
            assert {one.path[0] for one in plan.changes[0].differences} == edit.keys()
        carry_out(datadog, plan)
        assert planned(datadog, key, wanted, prune=True) == Plan()
    carry_out(datadog, planned(datadog, key, entry, destroy=True))
    assert KINDS[key].list(datadog) == []
    assert planned(datadog, key, entry, absent=True) == Plan()


@pytest.mark.parametrize("key", [key for key, kind in KINDS.items() if kind.has_tags])
def test_what_somebody_else_made_is_adopted_by_its_tag_alone(datadog: Api, key: str) -> None:
    entry, _ = ENTRIES[key]
    kind = KINDS[key]
    kind.create(datadog, kind.body(kind.model.model_validate(entry)))
    plan = planned(datadog, key, entry)
    assert (plan.changes, plan.problems, len(plan.notes)) == ((), (), 1)
    plan = planned(datadog, key, entry, adopt=True)
    (difference,) = plan.changes[0].differences
    assert (difference.path[0], difference.after) == ("tags", MANAGED_TAG)
    carry_out(datadog, plan)
    assert planned(datadog, key, entry) == Plan()
