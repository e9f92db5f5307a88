"""https://docs.datadoghq.com/monitors/notify/variables/ and https://docs.datadoghq.com/monitors/notify/."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.alerting.message import Rendered, render
from datadog_assets.alerting.transition import Kind, Status, Transition, kind_of

A, B = 1_622_472_207_000, 1_622_472_327_500  # 2021-05-31 14:43:27 and two minutes later, UTC
QUERY = 'logs("x").index("*").rollup("count").by("@flow_name").last("1h") >= 5'
THRESHOLDS = {"critical": 5.0, "warning": 1.0, "critical_recovery": 4, "warning_recovery": 0.5}
BODY: dict[str, Any] = {
    "name": "Flows", "type": "log alert", "query": QUERY, "priority": 2, "options": {"thresholds": THRESHOLDS}
}  # fmt: skip
LOG = {
    "message": 'it <failed> & "stopped"',
    "service": "okta",
    "status": "error",
    "source": "els",
    "host": "h",
    "timestamp": A,
    "trace_id": "t1",
    "tags": ["env:prod", "team:b", "team:a", "dot.key:x", "bare"],
    "attributes": {
        "error": {"message": "boom", "codes": [1, 2]}, "n": 5.0, "ok": True, "usr.email": "a@b.example", "nul": None
    },
}  # fmt: skip
S = Status


def transition(to: Status = S.ALERT, before: Status = S.OK, value: float | None = 7) -> Transition:
    return Transition(
        "Flows", {"@flow_name": "Onboard"}, before, to, kind_of(before, to), value, 5, B, A, B, LOG
    )


def by(group: dict[str, str]) -> Transition:
    return Transition("Flows", group, S.OK, S.ALERT, Kind.ALERT, 7, 5, B, A, B, LOG)


def text(message: str, one: Transition | None = None, **body: Any) -> str:
    found = render(message, one or transition(), BODY | body)
    assert found.faults == ()
    return found.text


def faults(message: str) -> list[tuple[str, int]]:
    return [(one.reason, one.position) for one in render(message, transition(), BODY).faults]


# conditional variables

STATES = ["is_alert", "is_warning", "is_no_data", "is_recovery", "is_warning_recovery", "is_alert_recovery",
          "is_alert_to_warning", "is_warning_to_alert", "is_no_data_recovery", "is_renotify", "is_unknown"]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "to", "true"),
    [
        (S.OK, S.ALERT, {"is_alert"}),
        (S.OK, S.WARN, {"is_warning"}),
        (S.OK, S.NO_DATA, {"is_no_data"}),
        (S.WARN, S.ALERT, {"is_alert", "is_warning_to_alert"}),
        (S.ALERT, S.WARN, {"is_warning", "is_alert_to_warning"}),
        (S.ALERT, S.OK, {"is_recovery", "is_alert_recovery"}),
        (S.WARN, S.OK, {"is_recovery", "is_warning_recovery"}),
        (S.NO_DATA, S.OK, {"is_recovery", "is_no_data_recovery"}),
        (S.NO_DATA, S.ALERT, {"is_alert"}),
        (S.ALERT, S.ALERT, {"is_alert", "is_renotify"}),
        (S.WARN, S.WARN, {"is_warning", "is_renotify"}),
        (S.NO_DATA, S.NO_DATA, {"is_no_data", "is_renotify"}),
    ],
)
def test_each_condition_of_the_table_holds_when_it_should(before: Status, to: Status, true: set[str]) -> None:
    for name in STATES:
        said = text(
            f"{{{{#{name}}}}}yes{{{{/{name}}}}}{{{{^{name}}}}}no{{{{/{name}}}}}", transition(to, before)
        )
        assert said == ("yes" if name in true else "no"), name


def test_blocks_nest_and_have_an_else() -> None:
    message = (
        '{{#is_alert}}a{{#is_match "@flow_name.name" "On"}}b{{else}}c{{/is_match}}d{{else}}e{{/is_alert}}f'
    )
    assert text(message) == "abdf"
    assert text(message, by({"@flow_name": "x"})) == "acdf"
    assert text(message, transition(S.WARN)) == "ef"


def test_is_match_looks_for_one_of_several_parts() -> None:
    message = (
        '{{#is_match "role.name" "db" "database"}}@db-team@company.com{{else}}@slack-example{{/is_match}}'
    )
    assert text(message, by({"role": "db_cassandra"})) == "@db-team@company.com"
    assert text(message, by({"role": "web"})) == "@slack-example"
    negated = '{{^is_match "role.name" "db"}}no{{/is_match}}'
    assert (text(negated, by({"role": "db_postgres"})), text(negated, by({"role": "web"}))) == ("", "no")


def test_is_match_with_an_empty_text_asks_whether_there_is_anything() -> None:
    message = '{{#is_match "log.attributes.error.message" ""}}some{{/is_match}}{{^is_match "log.tags.gone" ""}}none{{/is_match}}'
    assert text(message) == "somenone"


def test_is_exact_match_looks_for_one_of_several_wholes() -> None:
    message = '{{#is_exact_match "host.name" "production" "staging"}}yes{{else}}no{{/is_exact_match}}'
    said = [text(message, by({"host": host})) for host in ("production", "staging", "product", "production2")]
    assert said == ["yes", "yes", "no", "no"]


@pytest.mark.parametrize(("value", "said"), [(5, "yes"), (5.0, "yes"), (5.5, "no"), (50, "no"), (None, "no")])
def test_is_exact_match_takes_the_value(value: float | None, said: str) -> None:
    message = '{{#is_exact_match "value" "5"}}yes{{else}}no{{/is_exact_match}}'
    assert text(message, transition(value=value)) == said


def test_is_match_takes_a_bare_tag_as_in_the_renotify_example() -> None:
    message = '{{#is_renotify}}\n{{#is_match "env" "production"}}\n  sent to @dev-team@company.com\n{{/is_match}}\n{{/is_renotify}}'
    again = Transition("Flows", {"env": "production"}, S.ALERT, S.ALERT, Kind.RENOTIFY, 7, 5, B, A, B, LOG)
    assert text(message, again) == "sent to @dev-team@company.com"
    assert text(message) == ""


def test_is_priority_compares_with_the_monitors_or_the_one_that_overrides_it() -> None:
    assert text("{{#is_priority 'P2'}}two{{/is_priority}}{{#is_priority 'P1'}}one{{/is_priority}}") == "two"
    assert text("{{override_priority 'P1'}}{{#is_priority 'P1'}}one{{/is_priority}}") == "one"


RENOTIFY_EXAMPLE = """\
{{^is_renotify}}
This monitor is alerting and sending a first message @dev-team@company.com

To solve this monitor follow the steps:
1. Go there
2. Do this
{{/is_renotify}}

This part is generic and sent both for the first trigger and the escalation message.

{{#is_renotify}}
  This is the escalation message @dev-team@company.com
{{/is_renotify}}
"""


def test_the_renotify_example_of_the_page_says_what_the_page_says() -> None:
    said = text(RENOTIFY_EXAMPLE, transition(S.ALERT, S.ALERT))
    assert [line.strip() for line in said.splitlines()] == [
        "This part is generic and sent both for the first trigger and the escalation message.",
        "",
        "This is the escalation message @dev-team@company.com",
    ]


# attribute and tag variables


@pytest.mark.parametrize(
    ("message", "group", "said"),
    [
        ("{{ env.name }}", {"env": "prod"}, "prod"),
        ("{{env.name}}", {"env": "prod"}, "prod"),
        ("{{[dot.key.test].name}}", {"dot.key.test": "five"}, "five"),
        ("This alert was triggered on {{ @machine_id.name }}", {"@machine_id": "m1"}, "This alert was triggered on m1"),
        ("{{ [@network.client.ip].name }}", {"@network.client.ip": "10.0.0.1"}, "10.0.0.1"),
        ("{{[@flow_name].name}}", {"@flow_name": "x"}, "x"),
        ("{{[@my flow].name}}", {"@my flow": "x"}, "x"),
        (
            "@slack-{{service.name}} There is an ongoing issue with {{service.name}}.",
            {"service": "ad-server"},
            "@slack-ad-server There is an ongoing issue with ad-server.",
        ),
        (
            "https://app.datadoghq.com/infrastructure/map?filter=service:{{service.name}}",
            {"service": "s"},
            "https://app.datadoghq.com/infrastructure/map?filter=service:s",
        ),
        ('https://app.datadoghq.com/services/{{urlencode "service.name"}}', {"service": "a b/ü"}, "https://app.datadoghq.com/services/a%20b%2F%C3%BC"),
    ],
)  # fmt: skip
def test_groups_are_named_as_on_the_page(message: str, group: dict[str, str], said: str) -> None:
    assert text(message, by(group)) == said


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("{{ log.attributes.[error.message] }}", "boom"),
        ("{{log.attributes.error.message}}", "boom"),
        ("{{log.attributes.[usr.email]}}", "a@b.example"),
        ("{{log.attributes.n}}", "5"),
        ("{{log.attributes.ok}}", "true"),
        ("{{log.attributes.nul}}", ""),
        ("{{{log.attributes.error}}}", '{"message": "boom", "codes": [1, 2]}'),
        ("{{log.attributes.error.codes}}", "[1, 2]"),
        ("{{log.attributes.gone}}", ""),
        ("{{ log.tags.env }}", "prod"),
        ("{{log.tags.team}}", "a,b"),
        ("{{log.tags.[dot.key]}}", "x"),
        ("{{log.tags.gone}}", ""),
        (
            "{{log.service}}/{{log.status}}/{{log.source}}/{{log.trace_id}}/{{log.span_id}}",
            "okta/error/els/t1/",
        ),
    ],
)
def test_a_log_gives_its_attributes_tags_and_reserved_attributes(variable: str, said: str) -> None:
    assert text(variable) == said


def test_content_is_escaped_in_two_braces_and_not_in_three() -> None:
    assert text("{{log.message}}") == "it &lt;failed&gt; &amp; &quot;stopped&quot;"
    assert text("{{{log.message}}}") == LOG["message"]


def test_without_a_log_its_variables_are_empty() -> None:
    over = Transition("Flows", {}, S.ALERT, S.OK, Kind.RECOVERY, 0, 5, B, A, B)
    found = render("({{log.message}}{{log.attributes.x}}{{log.tags.y}}{{log.link}})", over, BODY)
    assert (found.text, found.not_rehearsed, found.unknown, found.faults) == ("()", (), (), ())


@pytest.mark.parametrize(
    "variable",
    ["{{log.link}}", "{{{log.timestamp}}}", '{{eval "humanize_bytes(value)"}}', '{{urlencode "log.link"}}'],
)
def test_what_only_datadog_knows_stays_as_it_is_and_is_named(variable: str) -> None:
    found = render(f"a {variable} b {variable}", transition(), BODY)
    assert (found.text, found.not_rehearsed) == (f"a {variable} b {variable}", (variable,))


def test_what_is_known_of_a_host_alone_is_not_rehearsed() -> None:
    found = render(
        '{{host.name}} {{host.ip}} {{#is_match "host.role" "db"}}x{{/is_match}}', by({"host": "h"}), BODY
    )
    assert (found.text, found.not_rehearsed) == ("h {{host.ip}}", ("{{host.ip}}", "is_match host.role"))


def test_a_variable_that_the_monitor_does_not_have_is_empty_and_named() -> None:
    found = render("({{foo}}{{foo}}{{env.name}}{{span.attributes.x}}{{log.foo}})", transition(), BODY)
    assert (found.text, found.unknown) == ("()", ("foo", "env.name", "span.attributes.x", "log.foo"))
    assert found.faults == ()


def test_a_facet_with_a_dot_needs_its_brackets() -> None:
    found = render("{{@evt.name.name}}", by({"@evt.name": "x"}), BODY)
    assert [one.reason for one in found.faults] == [
        "@evt.name.name needs brackets, for its name holds a dot: [@evt.name].name"
    ]


# template variables


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("value", "7"), ("threshold", "5"), ("warn_threshold", "1"), ("alert_recovery_threshold", "4"),
        ("warn_recovery_threshold", "0.5"), ("ok_threshold", ""), ("comparator", ">="),
        ("first_triggered_at", "2021-05-31 14:43:27"), ("first_triggered_at_epoch", str(A)),
        ("last_triggered_at", "2021-05-31 14:45:27"), ("last_triggered_at_epoch", str(B)),
        ("triggered_duration_sec", "120"),
    ],
)  # fmt: skip
def test_each_template_variable_of_the_table_has_its_value(variable: str, said: str) -> None:
    assert text(f"{{{{{variable}}}}}") == text(f"{{{{ {variable} }}}}") == said


def test_the_threshold_is_the_alerts_even_in_a_warning() -> None:
    assert text("{{threshold}} {{warn_threshold}}", transition(S.WARN)) == "5 1"


def test_a_threshold_of_zero_is_said() -> None:
    assert (
        text(
            "{{threshold}}",
            query='logs("").rollup("count").last("1h") > 0',
            options={"thresholds": {"critical": 0}},
        )
        == "0"
    )


def test_a_time_is_told_in_any_zone() -> None:
    assert text("{{local_time 'last_triggered_at' 'Asia/Tokyo'}}") == "2021-05-31 23:45:27+09:00"
    assert text("{{local_time 'first_triggered_at' 'America/New_York'}}") == "2021-05-31 10:43:27-04:00"


def test_the_dynamic_link_of_the_page_is_calculated() -> None:
    message = 'https://app.datadoghq.com/logs?from_ts={{eval "last_triggered_at_epoch-10*60*1000"}}&to_ts={{eval "last_triggered_at_epoch+10*60*1000"}}&live=false'
    assert (
        text(message)
        == f"https://app.datadoghq.com/logs?from_ts={B - 600_000}&to_ts={B + 600_000}&live=false"
    )


# advanced


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("a{{!-- this is a comment --}}b", "ab"),
        ("a{{!-- this is a comment }}b", "ab"),
        ("a{{! this is a comment }}b", "ab"),
        ("{{!-- this is a comment --}}\n{{!-- this is a comment }}\nx", "x"),
        ("a{{!-- one }}b{{!-- two --}}c", "abc"),
        ("a{{!-- with {{value}} in it --}}b", "ab"),
        ("{{{{raw}}}}\n{{ <TEXT_1> }} {{ <TEXT_2> }}\n{{{{/raw}}}}", "{{ <TEXT_1> }} {{ <TEXT_2> }}"),
        ("a {{{{raw}}}}{{value}}{{{{/raw}}}} b", "a {{value}} b"),
        ('{{{{is_match "@flow_name.name" "On"}}}}\n{{ .matched }} the host name\n{{{{/is_match}}}}', "{{ .matched }} the host name"),
        ('{{{{is_match "@flow_name.name" "No"}}}}\n{{ .matched }} the host name\n{{{{/is_match}}}}', ""),
    ],
)  # fmt: skip
def test_comments_vanish_and_raw_text_stays(message: str, said: str) -> None:
    assert text(message) == said


def test_the_lines_of_blocks_vanish_and_lines_that_hold_more_stay() -> None:
    message = "a\n  {{#is_alert}}  \nb\n{{/is_alert}}\nc {{#is_alert}}\nd{{/is_alert}}\n"
    assert text(message) == "a\nb\nc \nd"


# the notification as a whole


@pytest.mark.parametrize(
    ("before", "to", "title"),
    [
        (S.OK, S.ALERT, "[Triggered on {host:h1}] Monitor Title"),
        (S.OK, S.WARN, "[Warn on {host:h1}] Monitor Title"),
        (S.OK, S.NO_DATA, "[No Data on {host:h1}] Monitor Title"),
        (S.ALERT, S.OK, "[Recovered on {host:h1}] Monitor Title"),
        (S.ALERT, S.ALERT, "[Re-Triggered on {host:h1}] Monitor Title"),
    ],
)
def test_a_title_says_what_happened_and_to_which_group(before: Status, to: Status, title: str) -> None:
    one = Transition("", {"host": "h1"}, before, to, kind_of(before, to), 1, 1, B)
    assert render("", one, {"name": "Monitor Title"}).title == title


def test_a_title_without_tags_says_only_what_happened() -> None:
    # include_tags of the API
    one = by({"host": "h1"})
    assert (
        render("", one, {"name": "Monitor Title", "options": {"include_tags": False}}).title
        == "[Triggered] Monitor Title"
    )
    assert render("", by({}), {"name": "On {{value}}"}).title == "[Triggered] On 7"


def test_a_priority_is_overridden_by_the_message() -> None:
    message = "{{#is_alert}}\n{{override_priority 'P1'}}\n ...\n{{/is_alert}}\n{{#is_warning}}\n{{override_priority 'P4'}}\n...\n{{/is_warning}}"
    said = [render(message, transition(to), BODY).priority for to in (S.ALERT, S.WARN, S.NO_DATA)]
    assert said == ["P1", "P4", "P2"]
    assert render("", transition(), {"name": "x"}).priority is None


def test_told_again_the_escalation_message_comes_behind_the_message() -> None:
    options = {"thresholds": THRESHOLDS, "escalation_message": "since {{first_triggered_at}} @pagerduty-x"}
    again = render("first @slack-a", transition(S.ALERT, S.ALERT), BODY | {"options": options})
    assert again.text == "first @slack-a\n\nsince 2021-05-31 14:43:27 @pagerduty-x"
    assert again.handles == ("@slack-a", "@pagerduty-x")
    assert render("first", transition(), BODY | {"options": options}).text == "first"


# faults


@pytest.mark.parametrize(
    ("message", "reason", "at"),
    [
        ("a {{#is_alert}} b", "is_alert is never closed", 2),
        ("a {{/is_alert}} b", "is_alert is closed here, and not open", 2),
        ("{{#is_alert}}{{#is_match \"value\" \"1\"}}{{/is_alert}}", "is_match is never closed: is_alert, which is around it, ends first", 13),
        ("a {{else}} b", "this else belongs to no block", 2),
        ("{{#is_alert}}{{else}}{{else}}{{/is_alert}}", "this else belongs to no block", 21),
        ("a {{value", "these braces are never closed", 2),
        ("a {{{value}} b", "these braces are never closed", 2),
        ("a {{!-- b", "this comment is never closed", 2),
        ("a {{{{raw}}}} b", "these four braces are never closed", 2),
        ("a {{}} b", "between these braces is nothing", 2),
        ('{{eval "value*2}}', "a quote or bracket that is never closed", 0),
        ("{{#is_alarm}}x{{/is_alarm}}", "is_alarm is no condition that is known", 0),
        ("{{#}}x{{/}}", "between these braces is nothing", 0),
        ('{{#is_match "env.name"}}x{{/is_match}}', "is_match does not go with these arguments", 0),
        ('{{#is_alert "x"}}x{{/is_alert}}', "is_alert does not go with these arguments", 0),
        ("{{eval}}", "it is used as in {{eval", 0),
        ("{{shout value}}", "shout is no function that is known", 0),
        ("{{override_priority 'P9'}}", "it is used as in {{override_priority", 0),
        ("{{local_time 'last_triggered_at' 'Mars/Base'}}", "'Mars/Base' is no time zone", 0),
        ('{{eval "value+"}}', "the expression needs a number", 0),
        ('{{eval "log.message+1"}}', "log.message is 'it <failed>", 0),
    ],
)  # fmt: skip
def test_a_fault_is_found_and_named_with_its_place(message: str, reason: str, at: int) -> None:
    found = faults(message)
    assert any(reason in said and place == at for said, place in found), found


def test_what_is_around_a_fault_is_said_all_the_same() -> None:
    assert render("a {{#is_alert}} b {{value}}", transition(), BODY).text == "a  b 7"
    assert render("a {{value b", transition(), BODY).text == "a {{value b"


def test_a_fault_shows_its_line_with_a_caret() -> None:
    (fault,) = render("one\n two {{#is_alert}} three", transition(), BODY).faults
    assert str(fault) == "is_alert is never closed\n two {{#is_alert}} three\n     ^"


PIECES = st.sampled_from(
    [
        "{{", "}}", "{{{", "}}}", "{{{{", "}}}}", "{{!--", "--}}", "#", "^", "/", "else", "is_alert", "is_match",
        "raw", "eval", "local_time", "value", "log.link", "log.attributes.", "[", "]", '"', "'", " ", "\n", "@a",
        "last_triggered_at", "(", ")", "-", "9", "^9^9", ".name", "@flow_name",
    ]
)  # fmt: skip


@given(
    st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join), st.sampled_from(S), st.sampled_from(S)
)
def test_any_message_is_rendered(message: str, before: Status, to: Status) -> None:
    if before is to is S.OK:
        to = S.ALERT
    found = render(
        message, transition(to, before), {"name": message, "options": {"escalation_message": message}}
    )
    assert isinstance(found, Rendered)
    assert all(handle.startswith("@") for handle in found.handles)
    assert all(0 <= fault.position <= len(message) for fault in found.faults)


def test_a_number_is_compared_with_texts_that_are_none() -> None:
    assert text('{{#is_exact_match "value" "many" "7.0"}}yes{{/is_exact_match}}') == "yes"


def test_a_time_that_no_calendar_holds_is_empty() -> None:
    far = Transition("", {}, S.OK, S.ALERT, Kind.ALERT, 1, 1, 10**20, 10**20, 10**20)
    assert text("({{first_triggered_at}}{{local_time 'last_triggered_at' 'UTC'}})", far) == "()"


def test_what_is_missing_cannot_be_calculated_with() -> None:
    found = render('{{eval "log.attributes.gone+1"}}{{eval "log.link+1"}}', transition(), BODY)
    assert "has no value" in found.faults[0].reason
    assert found.not_rehearsed == ('{{eval "log.link+1"}}',)


@given(st.text(alphabet="ab \n@.é$"))
def test_a_message_without_braces_says_itself(message: str) -> None:
    assert text(message) == message.strip()


def test_very_deep_blocks_are_a_fault_and_no_crash() -> None:
    depth = 5000
    found = render("{{#is_alert}}" * depth + "x" + "{{/is_alert}}" * depth, transition(), BODY)
    assert any("nested" in fault.reason for fault in found.faults)
    nested = render('{{eval "' + "(" * depth + "1" + ")" * depth + '"}}', transition(), BODY)
    assert "nested" in nested.faults[0].reason
