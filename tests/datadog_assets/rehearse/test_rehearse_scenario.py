"""What a rehearsal may be: each fault with its file and line."""

import pytest
from rehearsing import FIRST, loaded

from datadog_assets.load import LoadFailed
from datadog_assets.rehearse.scenario import BEGIN, Rehearsal

EVENT = "    event: {event_type: FLOW_FAIL}\n"


def refused(rehearsal: str) -> list[str]:
    """The faults of one rehearsal, with their lines counted from its first."""
    with pytest.raises(LoadFailed) as caught:
        loaded(rehearsal)
    found = []
    for line in str(caught.value).splitlines():
        file, number, text = line.split(":", 2)
        assert file == "a.yaml"
        found.append(f"{int(number) - FIRST + 1}:{text}")
    return found


def read(rehearsal: str) -> Rehearsal:
    ((_, found),) = loaded(rehearsal).rehearsals
    return found


@pytest.mark.parametrize(
    ("rehearsal", "fault"),
    [
        ("  - name: r\n", "1: rehearsals[0]: needs one of event, log and events"),
        (f"  - name: r\n{EVENT}    log: {{message: m}}\n", "1: rehearsals[0]: needs one of event, log and events"),
        (f"  - name: r\n{EVENT}    events: [{{event: {{a: 1}}}}]\n", "1: rehearsals[0]: needs one of event, log and events"),
        ("  - name: r\n    events: []\n", "1: rehearsals[0]: needs one of event, log and events"),
        ("  - name: r\n    events:\n      - after: 1m\n", "3: rehearsals[0].events[0]: needs one of event and log, and not both"),
        ("  - name: r\n    events:\n      - event: {a: 1}\n        log: {a: 1}\n", "3: rehearsals[0].events[0]: needs one of event and log, and not both"),
        ("  - event: {a: 1}\n", "1: rehearsals[0].name: is missing"),
        (f"  - name: 5\n{EVENT}", "1: rehearsals[0].name: is the number 5; a text is needed: put it in quotes"),
        ("  - name: r\n    event: FLOW_FAIL\n", "2: rehearsals[0].event: is the text 'FLOW_FAIL'; a mapping is needed"),
        ("  - name: r\n    event: [a]\n", "2: rehearsals[0].event: is a list; a mapping is needed"),
        (f"  - name: r\n{EVENT}    until: soon\n", "3: rehearsals[0].until: is no duration; write 90s, 5m, 24h or 2d"),
        (f"  - name: r\n{EVENT}    until: 5\n", "3: rehearsals[0].until: is no duration; write 90s, 5m, 24h or 2d"),
        (f"  - name: r\n{EVENT}    until: -5m\n", "3: rehearsals[0].until: is no duration; write 90s, 5m, 24h or 2d"),
        (f"  - name: r\n{EVENT}    until: 1.5h\n", "3: rehearsals[0].until: is no duration; write 90s, 5m, 24h or 2d"),
        (f"  - name: r\n{EVENT}    until: 15d\n", "3: rehearsals[0].until: is too long; 14d is the most"),
        ("  - name: r\n    events:\n      - event: {a: 1}\n        every: 337h\n", "4: rehearsals[0].events[0].every: is too long; 14d is the most"),
        ("  - name: r\n    events:\n      - {event: {a: 1}, times: 16, every: 1d}\n", "1: rehearsals[0]: takes more than 14d from the first event to the last"),
        ("  - name: r\n    events:\n      - {event: {a: 1}, after: 8d}\n      - {event: {a: 1}, after: 8d}\n", "1: rehearsals[0]: takes more than 14d from the first event to the last"),
        ("  - name: r\n    events:\n      - {event: {a: 1}, times: 6000, every: 0s}\n      - {event: {a: 1}, times: 4001, every: 0s}\n", "1: rehearsals[0]: sends more than 10,000 logs"),
        ("  - name: r\n    events:\n      - event: {a: 1}\n        times: -1\n", "4: rehearsals[0].events[0].times: is -1; 0 is the least"),
        ("  - name: r\n    events:\n      - event: {a: 1}\n        times: 10001\n", "4: rehearsals[0].events[0].times: is 10001; 10000 is the most"),
        ("  - name: r\n    events:\n      - event: {a: 1}\n        times: '2'\n", "4: rehearsals[0].events[0].times: is the text '2'; a whole number is needed"),
        (f"  - name: r\n{EVENT}    begin: yesterday\n", "3: rehearsals[0].begin: is no date from 1970 to 9998; write 2026-01-05T09:00:00Z"),
        (f"  - name: r\n{EVENT}    begin: 2026-02-30\n", "3: rehearsals[0].begin: is no date from 1970 to 9998; write 2026-01-05T09:00:00Z"),
        (f"  - name: r\n{EVENT}    begin: 9999-12-31T23:59:00Z\n", "3: rehearsals[0].begin: is no date from 1970 to 9998; write 2026-01-05T09:00:00Z"),
        (f"  - name: r\n{EVENT}    begin: 5\n", "3: rehearsals[0].begin: is no date from 1970 to 9998; write 2026-01-05T09:00:00Z"),
        (f"  - name: r\n{EVENT}    expct: {{}}\n", "3: rehearsals[0].expct: is not known; did you mean expect?"),
        (f"  - name: r\n{EVENT}    expect:\n      statu: error\n", "4: rehearsals[0].expect.statu: is not known; did you mean status?"),
        (f"  - name: r\n{EVENT}    expect:\n      monitors:\n        - name: Failures\n          tells: []\n", "6: rehearsals[0].expect.monitors[0].tells: is not known; there are: group, message, name, notifies, to"),
        (f"  - name: r\n{EVENT}    expect:\n      monitors:\n        - name: Failures\n          to: warn\n", "6: rehearsals[0].expect.monitors[0].to: is 'warn'; did you mean warning?"),
        (f"  - name: r\n{EVENT}    expect:\n      monitors:\n        - Failure\n", "5: rehearsals[0].expect.monitors[0]: no monitor 'Failure' is declared; did you mean Failures?"),
        (f"  - name: r\n{EVENT}    expect:\n      monitors: [Disk, {{name: Whatever}}]\n", "4: rehearsals[0].expect.monitors[1]: no monitor 'Whatever' is declared; there are: Failures, Disk"),
        (f"  - name: r\n{EVENT}    expect: {{monitors: [5]}}\n", "3: rehearsals[0].expect.monitors[0]: is the number 5; a mapping is needed"),
        (f"  - name: r\n{EVENT}    expect: {{notifies: 5}}\n", "3: rehearsals[0].expect.notifies: is the number 5; a list is needed"),
        (f"  - name: r\n{EVENT}    expect: {{status: 5}}\n", "3: rehearsals[0].expect.status: is the number 5; a text is needed: put it in quotes"),
        ("  name: r\n", "0: rehearsals: is no list; each entry begins with a dash"),
        ("  - name: ${nothing}\n    event: {a: 1}\n", "1: rehearsals[0].name: refers to the variable nothing, which is not declared"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line(rehearsal: str, fault: str) -> None:
    assert refused(rehearsal) == [fault]


def test_faults_of_all_rehearsals_are_told_at_once() -> None:
    assert refused("  - {name: a, until: x, event: {}}\n  - {name: b}\n  - {name: c, nme: 5, event: {}}\n") == [
        "1: rehearsals[0].until: is no duration; write 90s, 5m, 24h or 2d",
        "2: rehearsals[1]: needs one of event, log and events",
        "3: rehearsals[2].nme: is not known; did you mean name?",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [("0s", 0), ("90s", 90_000), ("5m", 300_000), ("24h", 86_400_000), ("14d", 1_209_600_000), (" 2 d ", 172_800_000)],
)  # fmt: skip
def test_a_duration_is_a_number_and_a_unit(written: str, milliseconds: int) -> None:
    assert read(f"  - name: r\n{EVENT}    until: '{written}'\n").until == milliseconds


def test_it_begins_at_a_fixed_time_or_when_it_says() -> None:
    assert read(f"  - name: r\n{EVENT}").begin == BEGIN == 1_767_603_600_000
    assert read(f"  - name: r\n{EVENT}    begin: 2026-01-05T10:00:00+01:00\n").begin == BEGIN


@pytest.mark.parametrize("written", ["[a, b]", '"a, b"', "a,b", '" a ,, b "'])
def test_handles_are_a_list_or_one_text(written: str) -> None:
    found = read(f"  - name: r\n{EVENT}    expect: {{notifies: [a, b]}}\n").expect.notifies
    assert read(f"  - name: r\n{EVENT}    expect:\n      notifies: {written}\n").expect.notifies == found


@pytest.mark.parametrize(("written", "handles"), [("[]", []), ('""', []), ("", None), ("~", None)])
def test_nobody_is_another_thing_than_nothing_said(written: str, handles: list[str] | None) -> None:
    assert read(f"  - name: r\n{EVENT}    expect:\n      notifies: {written}\n").expect.notifies == handles


def test_a_monitor_by_its_name_alone_moves_to_anything() -> None:
    monitors = read(f"  - name: r\n{EVENT}    expect: {{monitors: [Failures]}}\n").expect.monitors
    assert monitors
    (moved,) = monitors
    assert (moved.name, moved.to, moved.group, moved.message, moved.notifies) == (
        "Failures",
        None,
        {},
        [],
        None,
    )


def test_variables_are_put_in() -> None:
    variables = "variables: {so_many: 3, so_long: 5m, who: 'slack-a, slack-b'}\n"
    text = "rehearsals:\n  - name: r\n    events:\n      - event: {a: 1}\n        times: ${so_many}\n        every: ${so_long}\n    expect:\n      notifies: ${who}\n"
    ((mark, found),) = loaded(text, variables, so_many="4").rehearsals
    assert (found.sent[0].times, found.sent[0].every, found.expect.notifies) == (
        4,
        300_000,
        ["slack-a", "slack-b"],
    )
    assert str(mark) == "a.yaml:3"


@pytest.mark.parametrize("text", ["", "rehearsals:\n", "rehearsals: []\n"])
def test_there_may_be_none(text: str) -> None:
    assert loaded(text, "").rehearsals == ()
