"""https://docs.datadoghq.com/monitors/notify/#notifications."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.alerting.handles import handles


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Disk space is low @ops-team@company.com", ("@ops-team@company.com",)),
        ("@user@example.com.", ("@user@example.com",)),
        ("@slack-x-channel, @pagerduty-Service; @webhook-my_hook: @team-x!", ("@slack-x-channel", "@pagerduty-Service", "@webhook-my_hook", "@team-x")),
        ("(@slack-a) **@slack-b** [@slack-c]", ("@slack-a", "@slack-b", "@slack-c")),
        ("@slack-a @slack-b @slack-a\n@slack-a", ("@slack-a", "@slack-b")),
        ("first.last+tag@example.com is no handle", ()),
        ("@first.last+tag@mail.example.com?", ("@first.last+tag@mail.example.com",)),
        ("@jira-project-bug @opsgenie-x @all", ("@jira-project-bug", "@opsgenie-x", "@all")),
        ("@workflow-my-workflow(hostname=host.name, key=value)", ("@workflow-my-workflow",)),
        ("handles with parentheses are not parsed: @slack-a(b)", ()),
        ("@slack-{{log.link}} is not known yet", ()),
        ("@ alone, @@, a@b, @. and @-", ()),
        ("<@U123> mentions somebody in Slack", ()),
        ("https://example.com/@user and %40x", ()),
        ("one at the end @team-x...", ("@team-x",)),
    ],
)  # fmt: skip
def test_these_handles_are_found(text: str, found: tuple[str, ...]) -> None:
    assert handles(text) == found


@given(st.lists(st.sampled_from(["@slack-a", "@b@c.example", "@team-d"]), max_size=5))
def test_each_handle_is_found_once_in_its_order_with_any_punctuation_behind(names: list[str]) -> None:
    text = " ".join(f"{name}{sign}" for name, sign in zip(names, ".,;:!", strict=False))
    assert handles(text) == tuple(dict.fromkeys(names))
