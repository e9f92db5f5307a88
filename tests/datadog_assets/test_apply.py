"""Applies that are killed, cut off, refused and interrupted: what is done stays done, and nothing is done twice."""

import asyncio
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from calling import Time, api_for
from commanding import ALL_KINDS, Command, Here, environment, names, written

from datadog_assets import packs, session
from datadog_assets.api import Api
from datadog_assets.apply import Blocked, Stopped, apply
from datadog_assets.backup import CannotSave
from datadog_assets.environment import Access
from datadog_assets.load import load_text
from datadog_assets.plan.changes import Options, Plan
from datadog_assets.resource import MANAGED_TAG, Json
from datadog_assets.sandbox.app import Sandbox

PIPELINES = "/api/v1/logs/config/pipelines"
ORDER = "/api/v1/logs/config/pipeline-order"
MONITORS = "/api/v1/monitor"
RULES = "/api/v2/monitor/notification_rule"

PACK = load_text("pack.yaml", packs.read(packs.OKTA), {}, {"OKTA_ALERT_RECIPIENTS": "x"}).declared
CREATES = 3 + len(PACK["monitors"]) + sum(map(len, PACK.values()))
"""Requests of an apply of the pack: 3 reads, a validation of each monitor, and a create of each resource."""
UPDATES = 11
"""Of the apply of `EDITED`: 4 reads, 1 validation, 3 updates, a read and a write of the order, 1 delete."""
DESTROYS = 8
"""Of the destroy of ALL_KINDS: 3 reads, 5 deletes."""

EDITED = (
    ALL_KINDS.replace("Look here", "Look there")
    .replace("place: {before: Second}", "place: {after: Second}")
    .replace("source:second", "source:other")
    .replace("[slack-a]", "[slack-b]")
    .replace("query: avg(last_5m):avg:system.disk.in_use{*} by {host} > 0.9", "ensure: absent")
)


class Gate:
    """Holds back whoever waits, until it is opened."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    async def sleep(self, _seconds: float) -> None:
        await asyncio.to_thread(self._opened.wait, 60)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def sandbox(now: float, gate: Gate) -> Sandbox:
    """A fault's delay lasts until the gate is opened; the key "few" may only read, and write pipelines."""
    few = {"logs_read_config", "logs_write_pipelines", "monitors_read"}
    every = few | {"logs_read_data", "monitors_write", "monitor_config_policy_write"}
    keys = {"a": every, "few": few, "most": every - {"monitor_config_policy_write"}}
    return Sandbox(api_keys={"k"}, app_keys=keys, clock=lambda: now, sleep=gate.sleep)


@pytest.fixture
def here(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    return Here(tmp_path, environment(url), monkeypatch, capsys)


@pytest.fixture
def command(url: str, tmp_path: Path) -> Command:
    return Command(tmp_path, environment(url))


@pytest.fixture
def arm(client: httpx2.Client) -> Callable[..., None]:
    def arm(*faults: Json) -> None:
        assert client.post("/sandbox/faults", json=list(faults)).status_code == 200

    return arm


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must happen; the bound only ends a test that failed."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_converged(here: Here, sandbox: Sandbox, *arguments: str) -> bool:
    """Apply again, once more, and see that nothing is left to do and nothing is there twice."""
    ran = here.run("apply", *arguments, "--yes")
    assert ran.code == 0, ran.err
    assert max(Counter(names(sandbox)).values(), default=1) == 1
    return here.run("plan", *arguments, "--detailed-exitcode").code == 0


# Killed while a request is under way


def kill_at(command: Command, sandbox: Sandbox, gate: Gate, number: int, *arguments: str) -> None:
    """Kill the process while its request of that number is being answered; then the request is carried out."""
    with command.start(*arguments) as process:
        until(lambda: len(sandbox.calls) == number or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        process.kill()
    gate.open()
    until(lambda: sandbox.calls[number - 1].status is not None)
    assert len(sandbox.calls) == number


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, CREATES + 1))
def test_killed_at_any_request_an_apply_goes_on_where_it_was(
    command: Command, here: Here, sandbox: Sandbox, gate: Gate, arm: Callable[..., None], number: int
) -> None:
    arm({"skip": number - 1, "delay": 60})
    kill_at(command, sandbox, gate, number, "apply", "--yes")
    assert is_converged(here, sandbox)
    assert len(names(sandbox)) == sum(map(len, PACK.values()))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, UPDATES + 1))
def test_killed_at_any_request_an_update_with_a_move_goes_on(
    command: Command, here: Here, sandbox: Sandbox, gate: Gate, arm: Callable[..., None], number: int
) -> None:
    here.run("apply", command.write(ALL_KINDS), "--yes")
    before = len(sandbox.calls)
    arm({"skip": number - 1, "delay": 60})
    kill_at(command, sandbox, gate, before + number, "apply", command.write(EDITED), "--yes")
    assert is_converged(here, sandbox, "assets.yaml")
    assert [one["name"] for one in sandbox.pipelines] == ["Second", "First"]
    assert [one["name"] for one in sandbox.monitors] == ["Too many"]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, DESTROYS + 1))
def test_killed_at_any_request_a_destroy_goes_on(
    command: Command, here: Here, sandbox: Sandbox, gate: Gate, arm: Callable[..., None], number: int
) -> None:
    here.run("apply", command.write(ALL_KINDS), "--yes")
    before = len(sandbox.calls)
    arm({"skip": number - 1, "delay": 60})
    kill_at(command, sandbox, gate, before + number, "destroy", "assets.yaml", "--yes")
    assert here.run("destroy", "assets.yaml", "--yes").code == 0
    assert names(sandbox) == []


# Cut off at a request; time passes by waiting only


@pytest.fixture
def passing() -> Time:
    return Time()


@pytest.fixture
def datadog(url: str, passing: Time) -> Iterator[Api]:
    with api_for(Access(url, "k", "a"), passing) as api:
        yield api


def pack() -> str:
    return packs.read(packs.OKTA)


def planned(api: Api, text: str, **options: bool) -> Plan:
    loaded = load_text("a.yaml", text, {}, {"OKTA_ALERT_RECIPIENTS": "slack-okta"})
    return session.planned(api, loaded.declared, Options(**options))


def carried_out(api: Api, text: str, folder: Path, **options: bool) -> None:
    apply(planned(api, text, **options), api, print, folder)


CASES = {
    "create": ("", pack(), CREATES, False),
    "update": (ALL_KINDS, EDITED, UPDATES, False),
    "destroy": (ALL_KINDS, ALL_KINDS, DESTROYS, True),
}
"""What is there, what is applied, its number of requests, and whether it is destroyed."""
CUTS = [
    (case, number, close)
    for case, (_, _, requests, _) in CASES.items()
    for number in range(1, requests + 1)
    for close in ("before", "after")
]
"""A case, the number of a request, and whether the connection is cut before or after that is carried out."""


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_a_connection_cut_at_any_request_is_got_over(
    datadog: Api,
    sandbox: Sandbox,
    arm: Callable[..., None],
    tmp_path: Path,
    cut: tuple[str, int, str],
) -> None:
    case, number, close = cut
    before, after, _, destroy = CASES[case]
    carried_out(datadog, before, tmp_path)
    arm({"skip": number - 1, "close": close})
    carried_out(datadog, after, tmp_path, destroy=destroy)
    assert planned(datadog, after, destroy=destroy) == Plan()
    assert max(Counter(names(sandbox)).values(), default=1) == 1


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_once_datadog_is_there_again_an_apply_goes_on(
    datadog: Api,
    sandbox: Sandbox,
    arm: Callable[..., None],
    tmp_path: Path,
    cut: tuple[str, int, str],
) -> None:
    case, number, close = cut
    before, after, _, destroy = CASES[case]
    carried_out(datadog, before, tmp_path)
    arm({"skip": number - 1, "close": close}, {"skip": number - 1, "times": None, "close": "before"})
    with pytest.raises(Exception, match="got no whole answer"):
        carried_out(datadog, after, tmp_path, destroy=destroy)
    arm()
    carried_out(datadog, after, tmp_path, destroy=destroy)
    assert planned(datadog, after, destroy=destroy) == Plan()
    assert max(Counter(names(sandbox)).values(), default=1) == 1


@pytest.mark.parametrize("case", CASES)
def test_these_are_all_requests(datadog: Api, sandbox: Sandbox, tmp_path: Path, case: str) -> None:
    before, after, requests, destroy = CASES[case]
    carried_out(datadog, before, tmp_path)
    already = len(sandbox.calls)
    carried_out(datadog, after, tmp_path, destroy=destroy)
    assert len(sandbox.calls) - already == requests


# Refused, and interrupted


def test_a_refused_change_ends_it_and_tells_what_is_done_and_what_is_not(
    here: Here, sandbox: Sandbox, arm: Callable[..., None]
) -> None:
    # the paths of the two validations begin alike, and they come first
    refusal = {"errors": ["The value provided for parameter 'query' is invalid"]}
    arm({"method": "POST", "path": MONITORS, "skip": 2, "status": 400, "body": refusal})
    file = here.write(ALL_KINDS)
    ran = here.run("apply", file, "--yes")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "[1/5] create pipeline 'First'",
        "[2/5] create pipeline 'Second'",
        "[3/5] create notification rule 'Told'",
        "[4/5] create monitor 'Too many'",
        "datadog-assets: Stopped at: create monitor 'Too many': POST /api/v1/monitor was answered 400: The value provided for parameter 'query' is invalid",
        "datadog-assets: Done: 3 of 5 changes.",
        "datadog-assets: Not done: create monitor 'Disk'",
        "datadog-assets: Run the same command again to go on: what is done is not done twice.",
    ]
    assert written(sandbox) == [*[f"POST {PIPELINES}"] * 2, f"POST {RULES}", f"POST {MONITORS}"]
    assert len(names(sandbox)) == 3
    assert is_converged(here, sandbox, file)


def test_a_key_without_a_permission_ends_it_and_the_permission_is_named(here: Here, sandbox: Sandbox) -> None:
    here.env["DD_APP_KEY"] = "most"
    file = here.write(ALL_KINDS)
    ran = here.run("apply", file, "--yes")
    assert ran.code == 1
    stopped, done, *others, goes_on = ran.err.splitlines()[-5:]
    assert stopped.startswith("datadog-assets: Stopped at: create notification rule 'Told': POST ")
    assert "monitor_config_policy_write" in stopped
    assert done == "datadog-assets: Done: 2 of 5 changes."
    assert len(others) == 2
    assert goes_on.endswith("go on: what is done is not done twice.")
    here.env["DD_APP_KEY"] = "a"
    assert is_converged(here, sandbox, file)


def test_what_datadog_finds_invalid_is_told_all_at_once_and_nothing_is_written(
    here: Here, sandbox: Sandbox
) -> None:
    here.env["DD_APP_KEY"] = "few"
    ran = here.run("apply", here.write(ALL_KINDS), "--yes")
    assert (ran.code, written(sandbox)) == (1, [])
    first, second, last = ran.err.splitlines()
    for line, place in ((first, "22: create monitor 'Too many'"), (second, "29: create monitor 'Disk'")):
        assert line.startswith(f"datadog-assets: assets.yaml:{place}: POST /api/v1/monitor/validate ")
        assert "monitors_write" in line
    assert last == "datadog-assets: Nothing was changed: Datadog does not take what stands above."


def test_what_an_update_would_make_invalid_is_found_before_too(
    here: Here, sandbox: Sandbox, arm: Callable[..., None]
) -> None:
    here.run("apply", here.write(ALL_KINDS), "--yes")
    monitor = sandbox.monitors[0]["id"]
    path = f"{MONITORS}/{monitor}/validate"
    arm({"path": path, "status": 400, "body": {"errors": ["No"]}})
    before = written(sandbox)
    ran = here.run("apply", here.write(EDITED), "--yes")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == (
        f"datadog-assets: assets.yaml:22: update monitor 'Too many': POST {path} was answered 400: No"
    )
    assert written(sandbox) == before
    assert here.saved() == []


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (1, ["interrupted"]),
        (5, ["Nothing was changed: interrupted."]),
        (
            10,
            [
                "Stopped at: create monitor 'Too many': interrupted; it may have been carried out.",
                "Done: 3 of 5 changes.",
                "Not done: create monitor 'Disk'",
                "Run the same command again to go on: what is done is not done twice.",
            ],
        ),
    ],
)
def test_ctrl_c_is_told_without_a_traceback(
    here: Here, sandbox: Sandbox, gate: Gate, arm: Callable[..., None], number: int, says: list[str]
) -> None:
    arm({"skip": number - 1, "delay": 60})
    with here.start("apply", here.write(ALL_KINDS), "--yes") as process:
        until(lambda: len(sandbox.calls) == number)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == 1 else 1)
    assert [line for line in err.splitlines() if not line.startswith("[")] == [
        f"datadog-assets: {line}" for line in says
    ]
    gate.open()
    until(lambda: sandbox.calls[number - 1].status is not None)
    assert is_converged(here, sandbox, "assets.yaml")


def test_a_secret_shows_nowhere(here: Here, sandbox: Sandbox, arm: Callable[..., None]) -> None:
    here.env["OKTA_TEST"] = "hunter2"
    text = "variables: {word: {env: OKTA_TEST, secret: true}}\n" + ALL_KINDS.replace("Disk", "Disk ${word}")
    here.write(text)
    validate = {"path": f"{MONITORS}/validate"}
    arm(
        validate | {"status": 503, "body": {"errors": ["hunter2..."]}},
        validate | {"status": 400, "body": {"errors": ["hunter2?"]}},
    )
    ran = here.run("apply", "assets.yaml", "--yes")
    assert ran.code == 1
    assert "answered 503: (secret)..." in ran.err
    assert "answered 400: (secret)?" in ran.err
    # two validations and the other monitor come first
    arm({"method": "POST", "path": MONITORS, "skip": 3, "status": 400, "body": {"errors": ["hunter2!"]}})
    again = here.run("apply", "assets.yaml", "--yes")
    assert "Stopped at: create monitor 'Disk (secret)': POST" in again.err
    assert "answered 400: (secret)!" in again.err
    assert "hunter2" not in ran.out + ran.err + again.out + again.err
    assert here.run("apply", "assets.yaml", "--yes").code == 0
    assert ("monitors", "Disk hunter2") in names(sandbox)


# What was there is kept first


def test_what_is_replaced_or_deleted_is_kept_first_for_its_owner_alone(here: Here, sandbox: Sandbox) -> None:
    here.run("apply", here.write(ALL_KINDS), "--yes")
    assert here.saved() == []
    rules = [one["attributes"] for one in sandbox.notification_rules]
    pipelines, monitors = sandbox.pipelines, sandbox.monitors
    ran = here.run("apply", here.write(EDITED), "--yes")
    assert ran.code == 0
    (kept,) = here.saved()
    assert kept == {
        "pipelines": pipelines[1:],
        "monitors": monitors,
        "notification_rules": rules,
    }
    (path,) = here.folder.glob("datadog-before-*")
    assert path.stat().st_mode & 0o777 == 0o600
    assert ran.err.startswith(f"What Datadog has of 4 is kept in {path.name}\n")
    before = sandbox.monitors
    assert here.run("destroy", "assets.yaml", "--yes").code == 0
    assert here.saved()[1]["monitors"] == before
    assert len(here.saved()[1]["pipelines"]) == 2


def test_what_cannot_be_kept_is_not_touched(datadog: Api, sandbox: Sandbox, tmp_path: Path) -> None:
    carried_out(datadog, ALL_KINDS, tmp_path)
    before = written(sandbox)
    plan, gone = planned(datadog, EDITED), tmp_path / "gone"
    with pytest.raises(CannotSave) as caught:
        apply(plan, datadog, print, gone, lambda: datetime(2026, 3, 4, 5, 6, 7, 8, UTC))
    assert str(caught.value) == (
        f"{gone}/datadog-before-20260304T050607.000008Z.json cannot be written: No such file or directory. "
        "It is to hold what Datadog has before that is replaced or deleted, so nothing was changed. "
        "Run it from a directory that can be written to."
    )
    assert written(sandbox) == before


def test_a_folder_that_is_gone_keeps_a_command_from_replacing_anything(
    command: Command, here: Here, sandbox: Sandbox, tmp_path: Path
) -> None:
    here.run("apply", here.write(ALL_KINDS), "--yes")
    edited = tmp_path / here.write(EDITED)
    before = written(sandbox)
    ran = Command(Path("/proc"), command.env).run("apply", str(edited), "--yes")  # takes no file of anybody
    assert ran.code == 1
    assert "so nothing was changed. Run it from a directory that can be written to." in ran.err
    assert written(sandbox) == before


# What is whose


def test_what_somebody_else_made_is_not_touched_without_adopt(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    here.write(ALL_KINDS)
    client.post(PIPELINES, json={"name": "Second", "filter": {"query": "theirs"}, "is_enabled": True})
    (theirs,) = sandbox.pipelines
    ran = here.run("apply", "assets.yaml", "--yes")
    assert ran.code == 1
    assert f"is not managed (id {theirs['id']}) and differs; with --adopt it is taken over" in ran.out
    assert sandbox.pipelines == [theirs]
    assert here.run("apply", "assets.yaml", "--yes", "--adopt").code == 0
    assert here.saved() == [{"pipelines": [theirs]}]
    first, second = sandbox.pipelines
    assert (first["name"], second["id"], second["is_enabled"]) == ("First", theirs["id"], False)
    assert second["tags"] == [MANAGED_TAG]
    assert here.run("plan", "assets.yaml", "--detailed-exitcode").code == 0


def test_destroy_deletes_what_is_declared_and_ours_and_nothing_else(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    client.post(PIPELINES, json={"name": "Theirs"})
    client.post(PIPELINES, json={"name": "Second"})
    here.run("apply", "--yes")
    here.write(ALL_KINDS.replace("  - name: Second\n    filter: source:second\n    is_enabled: false\n", "")
               .replace("place: {before: Second}", "description: x"))  # fmt: skip
    here.run("apply", "assets.yaml", "--yes")
    assert len(names(sandbox)) == 2 + 14 + 4
    here.write(ALL_KINDS)
    ran = here.run("destroy", "assets.yaml", "--yes")
    assert ran.code == 0
    assert "so it stays; with --adopt it is deleted" in ran.out
    assert len(names(sandbox)) == 2 + 14
    assert here.run("destroy", "assets.yaml", "--yes").code == 0
    assert here.run("destroy", "assets.yaml", "--yes", "--adopt").code == 0
    assert here.run("destroy", "--yes").code == 0
    assert names(sandbox) == [("pipelines", "Theirs")]


def test_what_is_to_be_absent_is_deleted_once(here: Here, sandbox: Sandbox) -> None:
    file = here.write(ALL_KINDS)
    here.run("apply", file, "--yes")
    here.write(
        "monitors: [{name: Disk, ensure: absent}]\nnotification_rules: [{name: Told, ensure: absent}]\n"
    )
    assert here.run("apply", file, "--yes").code == 0
    assert [name for _, name in names(sandbox)] == ["Too many", "First", "Second"]
    assert here.run("plan", file, "--detailed-exitcode").code == 0


def test_prune_deletes_what_is_managed_and_not_declared(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    file = here.write(ALL_KINDS)
    client.post(PIPELINES, json={"name": "Theirs"})
    here.run("apply", file, "--yes")
    here.write("monitors:" + ALL_KINDS.partition("monitors:")[2])
    assert here.run("plan", file, "--detailed-exitcode").code == 0
    assert here.run("apply", file, "--yes", "--prune").code == 0
    assert [name for kind, name in names(sandbox) if kind == "pipelines"] == ["Theirs"]
    assert len(names(sandbox)) == 4


def test_prune_of_much_needs_force(here: Here, sandbox: Sandbox) -> None:
    monitor = "  - {{name: M{0}, type: query alert, query: 'avg(last_5m):avg:x{{a}} > {0}'}}\n".format
    file = here.write("monitors:\n" + "".join(map(monitor, range(10))))
    assert here.run("apply", file, "--yes").code == 0
    here.write("monitors:\n" + "".join(map(monitor, range(6))))
    before = written(sandbox)
    ran = here.run("apply", file, "--yes", "--prune")
    assert ran.code == 1
    assert "--prune would delete 4 of 10 that are managed, more than 30 %" in ran.out
    assert written(sandbox) == before
    assert here.run("apply", file, "--yes", "--prune", "--force").code == 0
    assert len(sandbox.monitors) == 6


def test_several_of_one_name_are_told_with_their_ids(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    for query in ("a", "b"):
        client.post(PIPELINES, json={"name": "Second", "filter": {"query": query}})
    ids = sorted(str(one["id"]) for one in sandbox.pipelines)
    before = written(sandbox)
    ran = here.run("apply", here.write(ALL_KINDS), "--yes", "--adopt")
    assert ran.code == 1
    assert f"Datadog has 2 pipelines of this name (ids {', '.join(ids)}); pin one with `id`" in ran.out
    assert written(sandbox) == before
    here.write(ALL_KINDS.replace("name: Second", f"name: Second\n    id: {ids[0]}"))
    other = next(one for one in sandbox.pipelines if one["id"] == ids[1])
    assert here.run("apply", "assets.yaml", "--yes").code == 0
    assert other in sandbox.pipelines
    (pinned,) = (one for one in sandbox.pipelines if one["id"] == ids[0])
    assert pinned["filter"] == {"query": "source:second"}
    assert here.run("plan", "assets.yaml", "--detailed-exitcode").code == 0


def test_datadogs_own_pipelines_are_never_written_to(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    client.post("/api/v2/logs", json=[{"ddsource": "nginx", "message": "{}"}])
    (own,) = sandbox.pipelines
    name, pinned = own["name"], own["id"]
    file = here.write(f"pipelines:\n  - name: {name}\n    filter: source:mine\n")
    assert "a read-only pipeline of the same name is Datadog's own" in here.run("plan", file).out
    assert here.run("apply", file, "--yes", "--adopt", "--prune").code == 0
    assert sandbox.pipelines[0] == own
    assert here.run("destroy", file, "--yes").code == 0
    assert sandbox.pipelines == [own]
    here.write(f"pipelines:\n  - name: {name}\n    id: {pinned}\n")
    ran = here.run("apply", file, "--yes", "--adopt")
    assert (ran.code, sandbox.pipelines) == (1, [own])
    assert "which is read-only: a pipeline of Datadog's own" in ran.out


# The order of pipelines


def test_only_ours_move_and_all_others_keep_their_order(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    others = ["a", "b", "c", "d"]
    for name in others[:2]:
        client.post(PIPELINES, json={"name": name})
    client.post("/api/v2/logs", json=[{"ddsource": "nginx", "message": "{}"}])
    for name in others[2:]:
        client.post(PIPELINES, json={"name": name})
    before = [one["name"] for one in sandbox.pipelines]
    here.write(
        ALL_KINDS.replace("before: Second", "before: b").replace("is_enabled: false", "place: {before: d}")
    )
    assert here.run("apply", "assets.yaml", "--yes").code == 0
    after = [one["name"] for one in sandbox.pipelines]
    assert [name for name in after if name in before] == before
    assert after.index("First") == after.index("a") + 1
    assert after.index("Second") == after.index("d") - 1
    assert here.run("plan", "assets.yaml", "--detailed-exitcode").code == 0


def test_an_order_that_changed_meanwhile_is_read_again(
    here: Here, sandbox: Sandbox, arm: Callable[..., None]
) -> None:
    arm({"method": "PUT", "path": ORDER, "times": 2, "status": 422})
    assert here.run("apply", here.write(ALL_KINDS.replace("before", "after")), "--yes").code == 0
    asked = [f"{call.method} {call.status}" for call in sandbox.calls if call.path == ORDER]
    assert asked == ["GET 200", *["GET 200", "PUT 422"] * 2, "GET 200", "PUT 200"]
    assert [one["name"] for one in sandbox.pipelines] == ["Second", "First"]


def test_an_order_that_never_stands_still_ends_it(
    here: Here, sandbox: Sandbox, arm: Callable[..., None]
) -> None:
    arm({"method": "PUT", "path": ORDER, "times": None, "status": 422})
    ran = here.run("apply", here.write(ALL_KINDS.replace("before", "after")), "--yes")
    assert ran.code == 1
    assert "Stopped at: move pipeline 'First'" in ran.err
    assert written(sandbox).count(f"PUT {ORDER}") == 5


def test_a_neighbour_that_is_gone_by_then_ends_it(
    datadog: Api, client: httpx2.Client, tmp_path: Path
) -> None:
    client.post(PIPELINES, json={"name": "Theirs"})
    plan = planned(datadog, ALL_KINDS.replace("before: Second", "before: Theirs"))
    (theirs,) = client.get(PIPELINES).json()
    client.delete(f"{PIPELINES}/{theirs['id']}")
    with pytest.raises(Stopped, match=f"the pipeline {theirs['id']} is gone. Plan anew."):
        apply(plan, datadog, print, tmp_path)


def test_what_has_gone_by_then_is_no_failure_to_delete(
    datadog: Api, client: httpx2.Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    carried_out(datadog, ALL_KINDS, tmp_path)
    plan = planned(datadog, ALL_KINDS, destroy=True)
    client.delete(f"{MONITORS}/{sandbox.monitors[0]['id']}")
    apply(plan, datadog, print, tmp_path)
    assert names(sandbox) == []


def test_no_plan_with_problems_is_carried_out(datadog: Api, client: httpx2.Client, tmp_path: Path) -> None:
    client.post(PIPELINES, json={"name": "First"})
    plan = planned(datadog, ALL_KINDS)
    assert plan.problems
    with pytest.raises(Blocked):
        apply(plan, datadog, print, tmp_path)
