"""What Datadog has, as YAML that plans to no change."""

from pathlib import Path

import httpx2
import pytest
import yaml
from commanding import ALL_KINDS, Here, environment, names, written
from hypothesis import example, given
from hypothesis import strategies as st

from datadog_assets.export import Selection, export
from datadog_assets.kinds import KINDS
from datadog_assets.load import load_text
from datadog_assets.plan import make_plan
from datadog_assets.plan.changes import Options
from datadog_assets.resource import Json, Live
from datadog_assets.sandbox.app import Sandbox

PIPELINES = "/api/v1/logs/config/pipelines"
MONITORS = "/api/v1/monitor"
RULES = "/api/v2/monitor/notification_rule"


@pytest.fixture
def here(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    return Here(tmp_path, environment(url), monkeypatch, capsys)


def exported(here: Here, *arguments: str) -> dict[str, list[dict[str, object]]]:
    """Export; see that it plans to no change, by itself and with everything adopted or pruned."""
    ran = here.run("export", *arguments)
    assert (ran.code, ran.err) == (0, "")
    file = here.write(ran.out, "exported.yaml")
    plan = here.run("plan", file, "--detailed-exitcode")
    assert plan.code == 0, plan.out + plan.err
    found = yaml.safe_load(ran.out)
    assert isinstance(found, dict)
    return found


def test_all_that_was_applied_comes_out_and_plans_to_no_change(here: Here) -> None:
    here.run("apply", here.write(ALL_KINDS), "--yes")
    here.run("apply", "--yes")
    found = exported(here)
    assert {key: len(entries) for key, entries in found.items()} == {
        "pipelines": 3,
        "monitors": 14,
        "notification_rules": 2,
    }
    assert here.run("plan", "exported.yaml", "--prune", "--detailed-exitcode").code == 0


def test_it_reads_as_a_person_would_have_written_it(here: Here) -> None:
    here.run("apply", here.write(ALL_KINDS), "--yes")
    assert (
        here.run("export").out
        == """\
pipelines:
  - name: First
    filter: source:first
    processors:
      - name: Nested
        type: pipeline
        filter: source:first status:error
        processors:
          - name: Greets
            type: string-builder-processor
            template: Hello %{usr.name}
            target: greeting
      - name: Status
        type: status-remapper
        sources:
          - level
    tags:
      - team:a
  - name: Second
    filter: source:second
    is_enabled: false
notification_rules:
  - name: Told
    filter:
      tags:
        - team:a
    recipients:
      - slack-a
monitors:
  - name: Too many
    type: log alert
    query: logs("source:first").index("*").rollup("count").last("5m") > 5
    message: 'Look here: $${HOME} costs {{value}}.'
    tags:
      - size:1e3
      - team:a
    options:
      thresholds:
        critical: 5
  - name: Disk
    type: query alert
    query: avg(last_5m):avg:system.disk.in_use{*} by {host} > 0.9
    message: It fills up.
"""
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--kind", "monitors"], ["Too many", "Disk"]),
        (["--kind", "pipelines", "--kind", "notification_rules"], ["First", "Second", "Told"]),
        (["--name", "Disk", "--name", "Told"], ["Told", "Disk"]),
        (["--name", "Dis"], []),
        (["--tag", "team:a"], ["First", "Too many"]),
        (["--tag", "team:a", "--kind", "monitors"], ["Too many"]),
        (["--tag", "managed-by:datadog-assets"], ["First", "Second", "Too many", "Disk"]),
        (["--tag", "team:b"], []),
    ],
)
def test_a_part_is_chosen_by_kind_name_and_tag(here: Here, arguments: list[str], expected: list[str]) -> None:
    here.run("apply", here.write(ALL_KINDS), "--yes")
    found = exported(here, *arguments)
    assert [entry["name"] for entries in found.values() for entry in entries] == expected


def test_what_nobody_manages_comes_out_too_and_datadogs_own_does_not(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    client.post("/api/v2/logs", json=[{"ddsource": "nginx", "message": "x"}])
    client.post(PIPELINES, json={"name": "Theirs", "filter": {"query": "x"}, "is_enabled": False})
    assert len(sandbox.pipelines) == 2
    assert exported(here) == {"pipelines": [{"name": "Theirs", "filter": "x", "is_enabled": False}]}
    assert exported(here, "--name", "Nginx") == {}


def test_of_several_of_one_name_each_can_be_had_by_its_id(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    for query, tag in (("a", "n:1"), ("b", "n:2"), ("c", "n:2")):
        client.post(
            PIPELINES, json={"name": "Same", "filter": {"query": query}, "tags": [tag], "is_enabled": True}
        )
    ids = [one["id"] for one in sandbox.pipelines]
    found = exported(here, "--tag", "n:1")
    assert found == {"pipelines": [{"id": ids[0], "name": "Same", "filter": "a", "tags": ["n:1"]}]}
    found = exported(here)
    assert [one["id"] for one in found["pipelines"]] == ids[:1]
    assert here.run("export").out.startswith(
        f'# Left out: pipeline "Same" (ids {ids[1]}, {ids[2]}): a name can be declared once. '
        "Rename in Datadog, and export anew.\n"
    )


def test_what_looks_like_a_variable_stays_as_it_is(here: Here, client: httpx2.Client) -> None:
    texts = ["${HOME}", "$${HOME}", "$$${", "${", "a ${b:-c} d", "${a}${b}"]
    for text in texts:
        body = {
            "name": f"M {text}",
            "type": "query alert",
            "query": "avg(last_5m):avg:x{a} > 1",
            "message": text,
        }
        assert client.post(MONITORS, json=body).status_code == 200
    exported(here)
    loaded = load_text("a.yaml", here.run("export").out, {}, {})
    assert [one.body["message"] for one in loaded.declared["monitors"].values()] == texts


def test_without_anything_it_is_nothing(here: Here, sandbox: Sandbox) -> None:
    assert here.run("export").out == "{}\n"
    assert written(sandbox) == []
    assert names(sandbox) == []


def test_no_part_of_a_list_is_taken_for_the_whole(here: Here, client: httpx2.Client) -> None:
    client.post("/sandbox/faults", json=[{"path": RULES, "status": 403, "body": {"errors": ["Forbidden"]}}])
    ran = here.run("export")
    assert (ran.code, ran.out) == (1, "")


TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from("${}: #-|>'\"\\\n\t 0123456789eE.+ntf~")
    ),
    min_size=1,
    max_size=30,
)


@given(TEXTS, TEXTS)
@example("1e3", "1.5e3")
@example("99999999999999999999", "1e999")
@example("no", "2026-03-04")
@example(" |", "a\n  b \n\n")
def test_any_text_comes_back_as_it_was(name: str, text: str) -> None:
    live = {key: list[Live]() for key in KINDS}
    body: Json = {
        "name": name,
        "description": text,
        "filter": {"query": text},
        "is_enabled": True,
        "tags": [text],
    }
    live["pipelines"] = [Live("pipelines", "1", name, {**body, "id": "1"})]
    loaded = load_text("a.yaml", export(live, Selection()), {}, {})
    (resource,) = loaded.declared["pipelines"].values()
    assert (resource.name, resource.body) == (name, body)
    assert make_plan(loaded.declared, live, ["1"], Options()).changes == ()
