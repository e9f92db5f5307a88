import pytest

from datadog_assets.errors import UnsupportedSearch
from datadog_assets.log import Log
from datadog_assets.sandbox.search import parse

LOG: Log = {
    "timestamp": 1_772_600_767_000,
    "message": "Flow Onboard-user failed: step 3 timed out.\nSee step log",
    "status": "error",
    "host": "t.workflows.okta.com",
    "service": "okta",
    "source": "okta-workflows-els",
    "tags": ["source:okta-workflows-els", "env:prod", "team:iam", "team:on-call", "beta"],
    "attributes": {
        "event_type": "FLOW_FAIL",
        "error": {"kind": "Step Timeout", "retries": 0},
        "duration": 12.5,
        "throttled": False,
        "path": "/a/b",
        "steps": [{"name": "read", "ids": [1, 2]}, {"name": "write"}],
        "empty": "",
    },
    "trace_id": None,
    "span_id": None,
}


@pytest.mark.parametrize(
    "query",
    [
        "", "  ", "*", "failed", "FAILED", "onboard", "Onboard-user", "time*", "*ail*", "failed flow",
        '"step 3 timed"', "-delivered", "-fail", "service:okta", "status:error host:t.workflows.okta.com",
        "source:okta-workflows-els", "env:prod", "team:on-call", "team:iam", "tags:beta", "env:*",
        "service:o*a", "-env:dev", "-tags:alpha", "@event_type:FLOW_FAIL", "@event_type:FLOW_*",
        "@error.kind:*Time*", '@error.kind:"Step Timeout"', "@error.retries:0", "@duration:12.5",
        "@throttled:false", "@path:/a/b", "@steps.name:write", "@steps.ids:2", "@error.kind:*",
        "-@gone:*", "-@event_type:FLOW_START", "@error:*",
        "service:okta  @event_type:FLOW_FAIL failed -env:dev",
    ],
)  # fmt: skip
def test_this_finds_the_log(query: str) -> None:
    assert parse(query).matches(LOG)


@pytest.mark.parametrize(
    "query",
    [
        "-*", "fail", "imed", '"step timed"', '"fail*"', "failed delivered", "-failed", "service:Okta",
        "service:okt", "env:dev", "prod:env", "tags:env", "beta:*", "@event_type:flow_fail",
        "event_type:FLOW_FAIL", "@gone:*", '@event_type:"FLOW_*"', "@steps.name:del*",
        "@error.kind.deep:x", "-@error.kind:*", "service:okta env:dev",
    ],
)  # fmt: skip
def test_this_does_not_find_the_log(query: str) -> None:
    assert not parse(query).matches(LOG)


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("(a b)", "(a b)"), ("a OR b", "OR b"), ("a AND b", "AND b"), ("NOT a", "NOT a"),
        ("@n:>100", "@n:>100"), ("@n:[1 TO 9]", "@n:[1"), ("*:text", "*:text"), ("a?c", "a?c"),
        (r"a\*", r"a\*"), ('"open', '"open'), ('"a"b', '"a"b'), ('""', '""'), ("a:b:c", "a:b:c"),
        ("CIDR(@ip,10.0.0.0/8)", "CIDR("), ("service:", "service:"), ("@:x", "@:x"),
        ("status:(a OR b)", "status:(a"),
    ],
)  # fmt: skip
def test_more_of_the_syntax_than_is_understood_is_refused_where_it_begins(query: str, at: str) -> None:
    with pytest.raises(UnsupportedSearch, match="not supported by the sandbox yet") as refused:
        parse(query)
    assert str(refused.value).split(": ", 1)[1].startswith(at)


def test_a_log_without_a_service_has_none_to_find() -> None:
    assert not parse("service:*").matches(LOG | {"service": None})
