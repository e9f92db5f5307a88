"""The bundled pack: what it holds, and that Datadog would take it."""

import operator
import re
from collections.abc import Iterator, Mapping
from itertools import islice

import httpx2
import pytest
import typer
from prometheus_client.parser import text_string_to_metric_families

from datadog_assets import packs
from datadog_assets.alerting.log_query import LogQuery, parse
from datadog_assets.kinds import KINDS
from datadog_assets.kinds._pipeline_checks import RESERVED
from datadog_assets.load import Loaded, LoadFailed, load_text
from datadog_assets.load.yaml_nodes import read
from datadog_assets.resource import Json, Resource
from relay import okta_sample, settings
from relay.cli import app
from relay.delivery import State
from relay.metrics import Metrics
from relay.okta import EVENT_TYPES
from relay.spool import Depth

FILE = "okta_workflows.yaml"
TOLD = {"OKTA_ALERT_RECIPIENTS": "slack-okta, pagerduty-Okta"}

STATUS = {
    **dict.fromkeys(["fail", "failed", "failure", "error"], "error"),
    **dict.fromkeys(["throttle", "throttled", "rate_limit", "rate_limited"], "warning"),
    **dict.fromkeys(["cancel", "canceled", "cancelled"], "notice"),
    **dict.fromkeys(["start", "started", "complete", "completed", "success", "succeeded"], "info"),
    **dict.fromkeys(["pause", "paused", "resume", "resumed"], "info"),
}
"""What may stand behind `FLOW_`, and the status that it has."""

STREAM_EVENTS = (
    "workflows.user.execution_log_stream_connection.activate",
    "workflows.user.execution_log_stream_connection.deactivate",
    "workflows.user.execution_log_stream_connection.update",
    "workflows.user.flow.execution_log_stream.activate",
    "workflows.user.flow.execution_log_stream.deactivate",
)
LIMIT_EVENTS = ("workflows.org.step_execution_limit.warning", "workflows.org.step_execution_limit.violation")


def load(environment: Mapping[str, str] = TOLD, **values: str) -> Loaded:
    return load_text(FILE, packs.read(packs.OKTA), values, environment)


LOADED = load()
MONITORS = list(LOADED.declared["monitors"].values())
RULES = list(LOADED.declared["notification_rules"].values())
PIPELINES = list(LOADED.declared["pipelines"].values())


def named(resource: Resource) -> str:
    return resource.name


def objects(value: object) -> list[Json]:
    assert isinstance(value, list)
    assert all(isinstance(one, dict) for one in value)
    return value


def texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(one) for one in value]


def inside(body: Json, *path: str) -> object:
    found: object = body
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def processors(kind: str = "") -> list[Json]:
    (pipeline,) = PIPELINES
    found = objects(pipeline.body["processors"])
    return [one for one in found if one["type"] == kind or not kind]


def recipients(loaded: Loaded) -> dict[str, list[str]]:
    """Who is told, by the scope of the condition."""
    (rule,) = loaded.declared["notification_rules"].values()
    conditions = objects(inside(rule.body, "conditional_recipients", "conditions"))
    told = {str(one["scope"]): texts(one["recipients"]) for one in conditions}
    return told | {"else": texts(inside(rule.body, "conditional_recipients", "fallback_recipients"))}


def log_query(monitor: Resource) -> LogQuery:
    return parse(str(monitor.body["query"]))


def message(monitor: Resource) -> str:
    return str(monitor.body["message"])


def is_over_logs(monitor: Resource) -> bool:
    return monitor.body["type"] == "log alert"


LOG_MONITORS = [one for one in MONITORS if is_over_logs(one)]

AGENT: dict[str, str | list[str]] = {
    "namespace": "okta_relay",
    "raw_metric_prefix": "relay_",
    "metrics": ["delivery_state", "spool_.+", "records_.+"],
}
"""How the Agent's OpenMetrics check is set up, but for where the relay is and the tag env."""

RELAY_MONITORS = [one for one in MONITORS if f":{AGENT['namespace']}." in str(one.body["query"])]

QUERY = re.compile(r"(?P<time>avg|min|sum)\(last_\d+[mh]\):(?P<value>.+) > (?P<threshold>\d+)")
SERIES = re.compile(
    r"(?P<space>sum|min|max):okta_relay\.(?P<metric>[\w.]+)\{(?P<scope>[^}]*)\} by \{(?P<by>[^}]*)\}(?P<count>\.as_count\(\))?"
)
SIGNS = {"*": operator.mul, "/": operator.truediv, "-": operator.sub}


def shown_in_datadog() -> dict[str, str]:
    """The type of each metric of a relay, under the name that the Agent gives it.

    As in DataDog/integrations-core, datadog_checks_base/datadog_checks/base/checks/openmetrics/v2: the scraper parses
    with this parser, takes the prefix off and looks for the patterns; the transformer of counters appends `.count`.
    """
    metrics = Metrics()
    metrics.watch(lambda: Depth(0, 0, 0, 0, 0.0), 1)
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        name = family.name.removeprefix(str(AGENT["raw_metric_prefix"]))
        if any(re.search(pattern, name) for pattern in AGENT["metrics"]):
            found[name + ".count" * (family.type == "counter")] = family.type
    return found


def metric_query(monitor: Resource) -> re.Match[str]:
    found = QUERY.fullmatch(str(monitor.body["query"]))
    assert found
    return found


def series(monitor: Resource) -> list[re.Match[str]]:
    found = list(SERIES.finditer(metric_query(monitor)["value"]))
    assert found
    return found


def alerts(name: str, values: Mapping[str, float]) -> bool:
    """Whether a monitor alerts while its metrics have these values; its signs are read from left to right."""
    query = metric_query(LOADED.declared["monitors"][f"Okta Workflows: {name}"])
    first, *others = SERIES.sub(lambda one: str(values[one["metric"]]), query["value"]).split()
    found = float(first)
    for sign, other in zip(others[::2], others[1::2], strict=True):
        found = SIGNS[sign](found, float(other))
    return found > float(query["threshold"])


def test_it_loads_without_a_fault_or_a_warning_or_a_secret() -> None:
    assert LOADED.warnings == ()
    assert LOADED.secrets == frozenset()
    assert {kind: len(found) for kind, found in LOADED.declared.items()} == {
        "pipelines": 1,
        "monitors": 12,
        "notification_rules": 1,
    }


def test_without_somebody_to_be_told_it_says_what_to_set() -> None:
    with pytest.raises(LoadFailed) as failed:
        load({})
    for line in str(failed.value).splitlines():
        assert re.fullmatch(
            rf"{FILE}:\d+: notification_rules\[0\]\.\S+: refers to the variable alert_recipients, which has no value: "
            r"set OKTA_ALERT_RECIPIENTS, or give --var alert_recipients=\.\.\.",
            line,
        )


def test_who_is_told_of_alerts_is_told_of_all_else_unless_it_says_otherwise() -> None:
    everyone = ["slack-okta", "pagerduty-Okta"]
    assert recipients(LOADED) == {
        "transition_type:is_alert": everyone,
        "transition_type:is_warning": everyone,
        "transition_type:is_recovery": everyone,
        "else": everyone,
    }


def test_alerts_warnings_and_recoveries_can_each_go_to_somebody_else() -> None:
    told = {"OKTA_WARNING_RECIPIENTS": "slack-quiet", "OKTA_RECOVERY_RECIPIENTS": "a@b.example"}
    assert recipients(load({**TOLD, **told})) == {
        "transition_type:is_alert": ["slack-okta", "pagerduty-Okta"],
        "transition_type:is_warning": ["slack-quiet"],
        "transition_type:is_recovery": ["a@b.example"],
        "else": ["slack-okta", "pagerduty-Okta"],
    }


def test_every_variable_says_what_it_is_for_and_is_used() -> None:
    text = packs.read(packs.OKTA)
    document = read(text).value
    assert isinstance(document, dict)
    assert all(set(one) >= {"description"} for one in document["variables"].values())
    assert set(re.findall(r"\$\{(\w+)", text)) == set(document["variables"])


def test_what_the_relay_is_told_is_what_is_watched() -> None:
    found = load({**TOLD, "DD_ENV": "e", "DD_SERVICE": "s", "DD_SOURCE": "o"}).declared
    assert inside(found["pipelines"]["Okta Workflows"].body, "filter", "query") == "service:s source:o"
    for name in ("flow failures", "flows throttled", "the stream is silent"):
        search = log_query(found["monitors"][f"Okta Workflows: {name}"]).search
        assert search.startswith("service:s source:o env:e")
    for monitor in RELAY_MONITORS:
        query = str(found["monitors"][monitor.name].body["query"])
        assert len(re.findall(r"\{env:e[ }]", query)) == len(series(monitor))
    for monitor in found["monitors"].values():
        assert {"service:s", "env:e"} <= set(texts(monitor.body["tags"]))
    (rule,) = found["notification_rules"].values()
    assert "env:e" in texts(inside(rule.body, "filter", "tags"))


def test_links_lead_to_the_site_or_to_where_one_opens_datadog() -> None:
    for environment, host in (
        ({}, "https://app.datadoghq.com"),
        ({"DD_SITE": "datadoghq.eu"}, "https://app.datadoghq.eu"),
        (
            {"DD_SITE": "us3.datadoghq.com", "DATADOG_URL": "https://us3.datadoghq.com"},
            "https://us3.datadoghq.com",
        ),
    ):
        found = load({**TOLD, **environment}).declared["monitors"]
        for monitor in (found["Okta Workflows: flow failures"], *(found[one.name] for one in RELAY_MONITORS)):
            assert set(re.findall(r"https://[^/]+", message(monitor))) == {host}


def test_thresholds_and_windows_can_be_set() -> None:
    found = load(
        failures_alert="9", failures_warning="3", failures_window="30m", renotify_minutes="15"
    ).declared
    body = found["monitors"]["Okta Workflows: flow failures"].body
    assert str(body["query"]).endswith('.last("30m") >= 9')
    assert inside(body, "options", "thresholds") == {"critical": 9, "warning": 3}
    assert inside(body, "options", "renotify_interval") == 15
    found = load(waiting_alert="45", spool_alert="60").declared
    for name, threshold in (("events wait in the relay", 45), ("the relay's spool fills up", 60)):
        monitor = found["monitors"][f"Okta Workflows: {name}"]
        assert metric_query(monitor)["threshold"] == str(threshold)
        assert inside(monitor.body, "options", "thresholds") == {"critical": threshold}


def test_everything_is_named_alike() -> None:
    for found in LOADED.declared.values():
        assert all(name.startswith("Okta Workflows") for name in found)


@pytest.mark.parametrize("prefix", ["FLOW_", "flow_", "flow."])
def test_every_spelling_of_a_type_has_its_status(prefix: str) -> None:
    (lookup,) = processors("lookup-processor")
    table = dict(line.split(",") for line in texts(lookup["lookup_table"]))
    assert {key: status for key, status in table.items() if key.startswith(prefix)} == {
        prefix + (name.upper() if prefix.isupper() else name): status for name, status in STATUS.items()
    }
    assert len(table) == 3 * len(STATUS)
    assert lookup["default_lookup"] == "info"


def test_every_type_that_the_relay_knows_or_sends_is_in_the_table() -> None:
    (lookup,) = processors("lookup-processor")
    sent = {str(one["event_type"]) for one in islice(okta_sample.events(seed=1), okta_sample.CYCLE)}
    known = {line.partition(",")[0] for line in texts(lookup["lookup_table"])}
    assert sent | EVENT_TYPES <= known


def test_the_status_is_read_from_where_the_table_writes_it() -> None:
    (lookup,) = processors("lookup-processor")
    (status,) = processors("status-remapper")
    assert status["sources"] == [lookup["target"]]
    assert processors().index(lookup) < processors().index(status)


def test_nothing_writes_to_a_reserved_attribute_a_tag_or_what_okta_sent() -> None:
    sent = {name for event in islice(okta_sample.events(seed=1), okta_sample.CYCLE) for name in event}
    targets = [str(one["target"]) for one in processors() if "target" in one]
    assert len(targets) == len(set(targets))
    assert not {target.partition(".")[0] for target in targets} & (RESERVED | sent)
    assert all(one.get("target_type", "attribute") == "attribute" for one in processors())


def test_nothing_that_okta_sent_is_taken_away() -> None:
    """Attribute remappers take their source, unless told otherwise; the trace remapper always does."""
    assert all(one["preserve_source"] is True for one in processors("attribute-remapper"))
    (trace,) = processors("trace-id-remapper")
    copies = {one["target"]: one for one in processors("attribute-remapper")}
    (source,) = texts(trace["sources"])
    assert copies[source]["sources"] == ["root_execution_id", "execution_id"]
    assert processors().index(copies[source]) < processors().index(trace)


def test_no_status_remapper_of_datadogs_own_can_come_first() -> None:
    (pipeline,) = PIPELINES
    assert inside(pipeline.body, "filter", "query") == "service:okta source:okta-workflows-els"


@pytest.mark.parametrize("monitor", LOG_MONITORS, ids=named)
def test_the_query_of_a_log_monitor_can_be_read(monitor: Resource) -> None:
    query = log_query(monitor)
    assert (query.indexes, query.aggregation, query.measure) == (("*",), "count", None)
    assert query.search.count("(") == query.search.count(")")
    assert not re.search(r'["\\{}]|\b(and|or|not)\b', query.search)
    assert query.threshold == inside(monitor.body, "options", "thresholds", "critical")


def test_only_the_dropped_logs_and_the_relay_are_seen_by_metrics() -> None:
    (other,) = [one for one in MONITORS if not is_over_logs(one) and one not in RELAY_MONITORS]
    assert other.body["query"] == (
        "sum(last_1h):sum:datadog.estimated_usage.logs.drop_count"
        "{service:okta,source:okta-workflows-els}.as_count() > 0"
    )


@pytest.mark.parametrize("monitor", RELAY_MONITORS, ids=named)
def test_every_metric_of_the_relay_is_one_that_the_agent_finds_there(monitor: Resource) -> None:
    types = shown_in_datadog()
    for one in series(monitor):
        is_count = types[one["metric"]] == "counter"
        assert (one["count"] is not None, one["space"] == "sum") == (is_count, is_count)
        assert (metric_query(monitor)["time"] == "sum") == is_count
    words = SERIES.sub("1", metric_query(monitor)["value"]).split()
    assert all(re.fullmatch(r"\d+|[*/-]", word) for word in words)


def test_the_agent_takes_no_histogram_each_bucket_of_which_would_be_paid_for() -> None:
    assert set(shown_in_datadog().values()) == {"gauge", "counter"}


@pytest.mark.parametrize(
    ("name", "quiet", "loud"),
    [
        ("events wait in the relay", {"spool_oldest_age_seconds": 900}, {"spool_oldest_age_seconds": 901}),
        ("the relay cannot deliver", {"delivery_state": 0}, {"delivery_state": 1}),
        ("the relay refuses events", {"spool_writable": 1}, {"spool_writable": 0}),
        (
            "the relay's spool fills up",
            {"spool_bytes": 80, "spool_max_bytes": 100},
            {"spool_bytes": 81, "spool_max_bytes": 100},
        ),
        ("dead letters", {"records_buried.count": 0}, {"records_buried.count": 1}),
        ("the relay's spool was damaged", {"spool_damaged.count": 0}, {"spool_damaged.count": 1}),
    ],
)
def test_a_relay_in_trouble_alerts(name: str, quiet: dict[str, float], loud: dict[str, float]) -> None:
    assert not alerts(name, quiet)
    assert alerts(name, loud)


def test_each_monitor_of_the_relay_was_tried() -> None:
    assert len(RELAY_MONITORS) == 6


@pytest.mark.parametrize("monitor", RELAY_MONITORS, ids=named)
def test_a_relay_whose_metrics_nobody_reads_pages_nobody(monitor: Resource) -> None:
    """Neither by the option, nor if Datadog took what is missing for 0."""
    is_count = any(one["count"] for one in series(monitor))
    assert inside(monitor.body, "options", "on_missing_data") == ("resolve" if is_count else "show_no_data")
    assert inside(monitor.body, "options", "notify_no_data") is None
    assert float(metric_query(monitor)["threshold"]) >= 0


@pytest.mark.parametrize("monitor", RELAY_MONITORS, ids=named)
def test_each_relay_alerts_by_itself_at_the_threshold_of_its_query(monitor: Resource) -> None:
    assert {one["by"].partition(",")[0] for one in series(monitor)} == {"host"}
    assert "**{{host.name}}**" in message(monitor)
    thresholds = inside(monitor.body, "options", "thresholds")
    assert thresholds == {"critical": int(metric_query(monitor)["threshold"])}


def test_each_state_in_which_nothing_is_delivered_is_watched_and_explained() -> None:
    monitor = LOADED.declared["monitors"]["Okta Workflows: the relay cannot deliver"]
    (one,) = series(monitor)
    assert one["by"] == "host,state"
    states = re.search(r"state IN \(([\w,]+)\)", one["scope"])
    assert states
    assert set(states[1].split(",")) == set(State) - {State.DELIVERING, State.RETRYING}
    explained = re.findall(r'\{\{#is_exact_match "state\.name" "(\w+)"\}\}', message(monitor))
    assert sorted(explained) == sorted(states[1].split(","))


@pytest.mark.parametrize("monitor", MONITORS, ids=named)
def test_what_a_message_says_to_type_is_there(monitor: Resource) -> None:
    for command in re.findall(r"`relay ([a-z][^`]*)`", message(monitor)):
        found = typer.main.get_command(app)
        for word in command.split():
            if word.startswith("--"):
                assert any(word in parameter.opts for parameter in found.params), command
            elif isinstance(found, typer.core.TyperGroup):
                found = found.commands[word]
    for name in re.findall(r"`((?:DD|RELAY)_[A-Z_]+)`", message(monitor)):
        assert name in settings.VARIABLES
    metrics = Metrics()
    metrics.watch(lambda: Depth(0, 0, 0, 0, 0.0), 1)
    for name in re.findall(r"`(relay_\w+)`", message(monitor)):
        assert f"# TYPE {name} " in metrics.render().decode()


def under(search: str, attribute: str) -> list[re.Pattern[str]]:
    """The values that a search asks of an attribute, joined by OR."""
    found = re.search(rf"{attribute}:(\((?P<many>[^)]*)\)|(?P<one>\S+))", search)
    assert found
    values = (found["many"] or found["one"]).split(" OR ")
    return [re.compile(re.escape(value).replace(r"\*", ".*")) for value in values]


@pytest.mark.parametrize(
    ("name", "events"), [("the stream's settings changed", STREAM_EVENTS), ("step limit", LIMIT_EVENTS)]
)
def test_the_events_of_the_system_log_are_found(name: str, events: tuple[str, ...]) -> None:
    query = log_query(LOADED.declared["monitors"][f"Okta Workflows: {name}"])
    assert [pattern.pattern for pattern in under(query.search, "source")] == ["okta", r"okta\-workflows"]
    wanted = under(query.search, "@evt.name")
    found = [event for event in STREAM_EVENTS + LIMIT_EVENTS if any(one.fullmatch(event) for one in wanted)]
    assert found == list(events)


def test_silence_is_looked_for_where_nothing_is_zero() -> None:
    silent = LOADED.declared["monitors"]["Okta Workflows: the stream is silent"]
    query = log_query(silent)
    assert (query.comparator, query.threshold, query.groups) == ("<", 1, ())
    assert inside(silent.body, "options", "on_missing_data") == "default"


def test_an_alert_that_waits_for_a_sparse_log_or_metric_ends_by_itself() -> None:
    for monitor in MONITORS:
        if ">" in str(monitor.body["query"]):
            options = monitor.body["options"]
            assert isinstance(options, dict)
            assert options.get("on_missing_data") == "resolve" or options.get("timeout_h") == 1


@pytest.mark.parametrize("rule", RULES, ids=named)
@pytest.mark.parametrize("monitor", MONITORS, ids=named)
def test_the_rule_is_for_every_monitor(rule: Resource, monitor: Resource) -> None:
    assert set(texts(inside(rule.body, "filter", "tags"))) <= set(texts(monitor.body["tags"]))


BLOCK = re.compile(r'\{\{(?P<sign>[#^/])(?P<name>\w+)(?P<match> "(?P<tag>\w+)\.name" "\w+")?\}\}')
BLOCKS = {"is_alert", "is_warning", "is_recovery", "is_renotify", "is_exact_match"}
VARIABLE = re.compile(
    r"""\s*(
    value | threshold | first_triggered_at | log\.link
    | @(?P<group>\w+)\.name | \[@(?P<dotted>[\w.]+)\]\.name | (?P<tag>\w+)\.name
    | log\.attributes\.(\w+|\[\w+(\.\w+)+\])
    | eval\ "int\((value|threshold)\)" | eval\ "last_triggered_at_epoch[+-]\d+(\*\d+)*"
    )\s*""",
    re.VERBOSE,
)
"""Of those that https://docs.datadoghq.com/monitors/notify/variables/ and its guide on eval list."""


def tags(monitor: Resource) -> set[str]:
    """By which a metric monitor has its groups."""
    found = re.findall(r" by \{([^}]*)\}", str(monitor.body["query"]))
    return {tag for one in found for tag in one.split(",")}


def pieces(text: str) -> Iterator[str]:
    """What stands between double braces, blocks left out."""
    yield from (found for found in re.findall(r"\{\{(.*?)\}\}", text) if found[0] not in "#^/")


@pytest.mark.parametrize("monitor", MONITORS, ids=named)
def test_a_message_closes_each_block_that_it_opens(monitor: Resource) -> None:
    open_blocks: list[str] = []
    for block in BLOCK.finditer(message(monitor)):
        assert block["name"] in BLOCKS
        if block["sign"] == "/":
            assert open_blocks.pop() == block["name"]
        else:
            open_blocks.append(block["name"])
            assert (block["name"] == "is_exact_match") == (block["match"] is not None)
            assert block["tag"] is None or block["tag"] in tags(monitor)
    assert open_blocks == []
    assert len(re.findall(r"\{\{[#^/]", message(monitor))) == len(BLOCK.findall(message(monitor)))


@pytest.mark.parametrize("monitor", MONITORS, ids=named)
def test_a_message_uses_only_variables_that_its_monitor_has(monitor: Resource) -> None:
    groups = {f"@{name}" for name in re.findall(r'\.by\("@([^"]+)"\)', str(monitor.body["query"]))}
    for piece in pieces(message(monitor)):
        found = VARIABLE.fullmatch(piece)
        assert found, piece
        if name := found["group"] or found["dotted"]:
            assert f"@{name}" in groups
        assert found["tag"] is None or found["tag"] in tags(monitor)
        assert is_over_logs(monitor) or "log." not in piece


@pytest.mark.parametrize("monitor", MONITORS, ids=named)
def test_a_recovery_shows_nothing_of_a_log_as_there_is_none(monitor: Resource) -> None:
    said = re.findall(r"\{\{#is_recovery\}\}(.*?)\{\{/is_recovery\}\}", message(monitor))
    assert len(said) == 1
    assert "log." not in said[0]
    assert "value" not in said[0]


@pytest.mark.parametrize("monitor", MONITORS, ids=named)
def test_a_message_tells_nobody_by_itself(monitor: Resource) -> None:
    without_variables = re.sub(r"\{\{.*?\}\}", "", message(monitor))
    assert "@" not in without_variables
    assert "${" not in without_variables


@pytest.mark.parametrize("monitor", MONITORS, ids=named)
def test_whoever_is_told_again_is_told_since_when(monitor: Resource) -> None:
    options = monitor.body["options"]
    assert isinstance(options, dict)
    assert ("renotify_interval" in options) == ("escalation_message" in options)
    assert "{{first_triggered_at}}" in str(options.get("escalation_message", "{{first_triggered_at}}"))
    assert options.get("renotify_statuses", ["alert"]) == ["alert"]


def test_links_are_encoded_and_show_the_time_of_the_alert() -> None:
    failures = message(LOADED.declared["monitors"]["Okta Workflows: flow failures"])
    links = re.findall(r"\((https://.*)\)$", failures, re.MULTILINE)
    assert len(links) == 2
    for link in links:
        assert "&from_ts={{eval " in link
        assert "&to_ts={{eval " in link
    for monitor in MONITORS:
        for link in re.findall(r"\((https://[^)]*)\)", message(monitor)):
            assert not re.search(r'[\s@":]', re.sub(r"\{\{.*?\}\}", "", link).removeprefix("https:"))


def test_the_sandbox_takes_it_on_a_real_socket_and_shows_it_as_declared(client: httpx2.Client) -> None:
    for pipeline in PIPELINES:
        answer = client.post("/api/v1/logs/config/pipelines", json=pipeline.body)
        assert answer.status_code == 200, answer.text
        assert KINDS["pipelines"].canonical(answer.json()) == KINDS["pipelines"].canonical(pipeline.body)
    for monitor in MONITORS:
        assert client.post("/api/v1/monitor/validate", json=monitor.body).status_code == 200
        answer = client.post("/api/v1/monitor", json=monitor.body)
        assert answer.status_code == 200, answer.text
        assert KINDS["monitors"].canonical(answer.json()) == KINDS["monitors"].canonical(monitor.body)
    for rule in RULES:
        data = {"type": "monitor-notification-rule", "attributes": rule.body}
        answer = client.post("/api/v2/monitor/notification_rule", json={"data": data})
        assert answer.status_code == 200, answer.text
        shown = answer.json()["data"]["attributes"]
        kind = KINDS["notification_rules"]
        assert kind.canonical(shown) == kind.canonical(rule.body)
