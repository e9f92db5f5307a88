"""Loading: every fault at once, each one line with its file, its line, the field, and what is allowed."""

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from datadog_assets import packs
from datadog_assets.kinds import KINDS
from datadog_assets.load import Loaded, LoadFailed, load, load_text
from datadog_assets.resource import Mark, Place, Resource

RULE = """
notification_rules:
  - name: r
    filter: {tags: [a:b]}
    recipients: [x]
""".lstrip()
PIPELINE = """
pipelines:
  - name: p
    processors:
""".lstrip()
MONITOR = """
monitors:
  - name: m
    type: log alert
    query: 'logs("*").index("*").rollup("count").last("5m") > 5'
    tags: [a:b]
""".lstrip()


def read(
    text: str, values: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None
) -> Loaded:
    return load_text("f.yaml", text, values or {}, environment or {})


def faults(text: str, **values: str) -> list[str]:
    with pytest.raises(LoadFailed) as caught:
        read(text, values)
    return str(caught.value).splitlines()


def outcome(text: str, **values: str) -> list[str]:
    """The faults of a text; none if it is loaded."""
    try:
        loaded = read(text, values)
    except LoadFailed as error:
        return str(error).splitlines()
    assert loaded.declared.keys() == KINDS.keys()
    return []


# --- what is loaded


def test_an_entry_becomes_a_resource_with_its_place() -> None:
    loaded = read(
        """
        pipelines:
          - name: first
            filter: "service:okta"
            place: {after: other}
          - {name: old, ensure: absent, processors: whatever}
        notification_rules:
          - {name: r, id: abc, filter: {tags: [a:b]}, recipients: "x, y"}
        """.replace("\n        ", "\n")
    )
    assert loaded.declared["pipelines"] == {
        "first": Resource(
            "pipelines",
            "first",
            {"name": "first", "filter": {"query": "service:okta"}, "is_enabled": True},
            Mark("f.yaml", 3),
            place=Place("after", "other"),
        ),
        "old": Resource("pipelines", "old", {"name": "old"}, Mark("f.yaml", 6), absent=True),
    }
    assert [one.mark.line for one in loaded.declared["pipelines"].values()] == [3, 6]
    rule = loaded.declared["notification_rules"]["r"]
    assert (rule.id, rule.body["recipients"]) == ("abc", ["x", "y"])


def test_the_id_of_a_monitor_may_be_a_number_as_datadog_shows_it() -> None:
    assert read(MONITOR + "    id: 123\n").declared["monitors"]["m"].id == "123"


def test_what_datadog_shows_and_nobody_sets_may_stand_there_and_is_left_out() -> None:
    shown = "    created: '2026-01-01'\n    multi: false\n    overall_state: OK\n    priority: null\n"
    assert read(MONITOR + shown).declared == read(MONITOR).declared


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n", "monitors:\n", "monitors: []\n"])
def test_nothing_declared_is_nothing(text: str) -> None:
    assert not any(read(text).declared.values())


def test_rehearsals_have_their_place_and_variables_put_in() -> None:
    loaded = read("variables: {kind: Timeout}\nrehearsals:\n  - {name: x, event: {error_type: '${kind}'}}\n")
    [(mark, rehearsal)] = loaded.rehearsals
    assert (mark, rehearsal.name, rehearsal.event) == (Mark("f.yaml", 3), "x", {"error_type": "Timeout"})


def test_files_and_folders_are_read_in_order_and_share_variables(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "b.yml").write_text(MONITOR.replace("name: m", "name: ${name}"))
    (tmp_path / "inner" / "a.yaml").write_text("variables: {name: from another file}\n")
    (tmp_path / ".hidden" / "c.yaml").write_text("no such section: 1\n")
    (tmp_path / "notes.txt").write_text("no such section: 1\n")
    loaded = load([tmp_path], {}, {})
    assert [*loaded.declared["monitors"]] == ["from another file"]
    assert loaded.declared["monitors"]["from another file"].mark == Mark(str(tmp_path / "b.yml"), 2)


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MONITOR)
    assert [*load([tmp_path / "a.yaml", tmp_path / "a.yaml"], {}, {}).declared["monitors"]] == ["m"]


# --- faults

MANY = ", ".join(f"a:{number}" for number in range(21))

FAULTS = {
    "an unknown section": (
        "monitor:\n  - name: x\n",
        "f.yaml:1: monitor: is not known; did you mean monitors?",
    ),
    "an unknown section, like no other": (
        "x: 1\n",
        "f.yaml:1: x: is not known; there are: variables, pipelines, notification_rules, monitors, rehearsals",
    ),
    "a list for a file": (
        "- a\n",
        "f.yaml:1: holds no sections; there are: variables, pipelines, notification_rules, monitors, rehearsals",
    ),
    "a mapping for a section": (
        "monitors: {name: x}\n",
        "f.yaml:1: monitors: is no list; each entry begins with a dash",
    ),
    "a text for an entry": (
        "monitors:\n  - name: x\n    type: t\n    query: q\n  - text\n",
        "f.yaml:5: monitors[1]: is the text 'text'; a mapping is needed",
    ),
    "nothing for an entry": ("monitors:\n  -\n", "f.yaml:2: monitors[0]: is empty; a mapping is needed"),
    "an unknown key": (
        MONITOR + "    optons: {}\n",
        "f.yaml:6: monitors[0].optons: is not known; did you mean options?",
    ),
    "an unknown key further in": (
        MONITOR + "    options:\n      threshold: {critical: 5}\n",
        "f.yaml:7: monitors[0].options.threshold: is not known; did you mean thresholds?",
    ),
    "an unknown key like no other": (
        RULE + "    bundle_config: {duration: 1, x: 1}\n",
        "f.yaml:5: notification_rules[0].bundle_config.x: is not known; there are: duration",
    ),
    "a number for a text": (
        MONITOR + "    message: 5\n",
        "f.yaml:6: monitors[0].message: is the number 5; a text is needed: put it in quotes",
    ),
    "true for a text": (
        MONITOR + "    message: true\n",
        "f.yaml:6: monitors[0].message: is true; a text is needed: put it in quotes",
    ),
    "a text for a number": (
        MONITOR + "    priority: high\n",
        "f.yaml:6: monitors[0].priority: is the text 'high'; a whole number is needed",
    ),
    "a fraction for a whole number": (
        MONITOR + "    options: {renotify_interval: 1.5}\n",
        "f.yaml:6: monitors[0].options.renotify_interval: is the number 1.5; a whole number is needed",
    ),
    "a text for a yes or no": (
        MONITOR + "    options: {include_tags: yes}\n",
        "f.yaml:6: monitors[0].options.include_tags: is the text 'yes'; true or false is needed",
    ),
    "a text for a list": (
        RULE.replace("[a:b]", "a:b"),
        "f.yaml:3: notification_rules[0].filter.tags: is the text 'a:b'; a list is needed",
    ),
    "a list for a mapping": (
        MONITOR + "    options: []\n",
        "f.yaml:6: monitors[0].options: is a list; a mapping is needed",
    ),
    "a mapping for a text": (
        MONITOR + "    message: {a: b}\n",
        "f.yaml:6: monitors[0].message: is a mapping; a text is needed",
    ),
    "a missing field": (
        "monitors:\n  - name: m\n    type: log alert\n",
        "f.yaml:2: monitors[0].query: is missing",
    ),
    "a missing name of what is to be deleted": (
        "monitors:\n  - ensure: absent\n",
        "f.yaml:2: monitors[0].name: is missing",
    ),
    "a name twice": (
        MONITOR + "  - {name: m, type: log alert, query: ''}\n",
        "f.yaml:6: monitors[0].name: 'm' is declared a second time; the first is in f.yaml:2".replace(
            "[0]", "[1]"
        ),
    ),
    "a key twice": (
        MONITOR + "    name: again\n",
        "f.yaml:6: has the key 'name' a second time; the first is in line 2",
    ),
    "a variable that is not declared": (
        MONITOR + "    message: ${nam}\n",
        "f.yaml:6: monitors[0].message: refers to the variable nam, which is not declared",
    ),
    "a misspelt variable": (
        "variables: {name: x}\n" + MONITOR + "    message: ${nam}\n",
        "f.yaml:7: monitors[0].message: refers to the variable nam, which is not declared; did you mean name?",
    ),
    "a variable without a value": (
        "variables: {a: {env: A_NAME}}\n" + MONITOR + "    message: ${a}\n",
        "f.yaml:7: monitors[0].message: refers to the variable a, which has no value: set A_NAME, or give --var a=...",
    ),
    "variables in a circle": (
        "variables: {a: '${b}', b: '${a}'}\n" + MONITOR + "    message: ${a}\n",
        "f.yaml:7: monitors[0].message: refers to variables that go round in a circle: a -> b -> a",
    ),
    "a variable that is not closed": (
        MONITOR + "    message: ${a\n",
        "f.yaml:6: monitors[0].message: holds ${ that no } closes; $${ stands for a literal ${",
    ),
    "a bad definition of a variable": (
        "variables: {a: {evn: A_NAME}}\n",
        "f.yaml:1: variables.a.evn: is not known; did you mean env?",
    ),
    "variables as a list": ("variables: [a]\n", "f.yaml:1: variables: is no mapping of names to values"),
    "too many tags of a rule": (
        RULE.replace("a:b", MANY),
        "f.yaml:3: notification_rules[0].filter.tags: holds 21; 20 at most",
    ),
    "no tag of a rule": (
        RULE.replace("a:b", ""),
        "f.yaml:3: notification_rules[0].filter.tags: holds 0; 1 at least",
    ),
    "too many recipients": (
        RULE.replace("[x]", f"[{MANY}]"),
        "f.yaml:4: notification_rules[0].recipients: holds 21; 20 at most",
    ),
    "a name that is too long": (
        RULE.replace("name: r", f"name: {'r' * 1001}"),
        "f.yaml:2: notification_rules[0].name: is 1001 characters long; 1000 at most",
    ),
    "an @ before a recipient": (
        RULE.replace("[x]", "[x, '@slack-x']"),
        "f.yaml:4: notification_rules[0].recipients[1]: '@slack-x' begins with an @; recipients have none: 'slack-x'",
    ),
    "tags and scope": (
        RULE.replace("[a:b]", "[a:b], scope: a:b"),
        "f.yaml:3: notification_rules[0].filter: needs one of tags and scope, and not both",
    ),
    "neither recipients nor conditional ones": (
        RULE.replace("    recipients: [x]\n", ""),
        "f.yaml:2: notification_rules[0]: needs one of recipients and conditional_recipients, and not both",
    ),
    "an unknown type of processor": (
        PIPELINE + "      - {type: grok-parsr, source: message}\n",
        "f.yaml:4: pipelines[0].processors[0]: has the type 'grok-parsr', which is not known; did you mean grok-parser?",
    ),
    "a processor without a type": (
        PIPELINE + "      - {source: message}\n",
        "f.yaml:4: pipelines[0].processors[0]: has no type",
    ),
    "a remapper with a reserved target": (
        PIPELINE + "      - {type: attribute-remapper, sources: [a], target: status}\n",
        "f.yaml:4: pipelines[0].processors[0].target: is 'status', which is reserved; use the remapper made for it, or another name",
    ),
    "a choice that is none": (
        PIPELINE + "      - {type: attribute-remapper, sources: [a], target: b, target_type: tagg}\n",
        "f.yaml:4: pipelines[0].processors[0].target_type: is 'tagg'; did you mean tag?",
    ),
    "lookup tables over 100 kB": (
        PIPELINE
        + f"      - {{type: lookup-processor, source: a, target: b, lookup_table: {{k: {'v' * 100_000}}}}}\n",
        "f.yaml:4: pipelines[0].processors[0].lookup_table: brings all lookup tables to 100,002 bytes; 100,000 fit together",
    ),
    "a key of a lookup table with a comma": (
        PIPELINE + "      - {type: lookup-processor, source: a, target: b, lookup_table: {'x,y': z}}\n",
        "f.yaml:4: pipelines[0].processors[0].lookup_table: holds the key 'x,y': a key of a lookup table can hold no comma",
    ),
    "both sides of a place": (
        "pipelines:\n  - name: p\n    place: {before: a, after: b}\n",
        "f.yaml:3: pipelines[0].place: needs one of before and after, and not both",
    ),
    "another threshold than the query's": (
        MONITOR + "    options: {thresholds: {critical: 6}}\n",
        "f.yaml:6: monitors[0].options.thresholds.critical: is 6, but the query ends with 5",
    ),
    "a recovery without its warning": (
        MONITOR + "    options: {thresholds: {warning_recovery: 1}}\n",
        "f.yaml:6: monitors[0].options.thresholds.warning_recovery: needs a warning threshold",
    ),
    "notify_by without groups": (
        MONITOR + "    options: {notify_by: [a]}\n",
        'f.yaml:6: monitors[0].options.notify_by: needs groups in the query: .by("...")',
    ),
    "two ways to tell of missing data": (
        MONITOR + "    options: {on_missing_data: resolve, notify_no_data: true}\n",
        "f.yaml:6: monitors[0].options.notify_no_data: cannot go with on_missing_data",
    ),
    "a window that is too long": (
        MONITOR.replace('"5m"', '"3d"'),
        "f.yaml:4: monitors[0].query: 3d is no window that fits: 1m to 2880m, or 1h to 48h, at character 44",
    ),
    "a number over its bound": (
        MONITOR + "    priority: 6\n",
        "f.yaml:6: monitors[0].priority: is 6; 5 is the most",
    ),
    "no YAML": (
        "monitors: [\n",
        "f.yaml:2: is no YAML: while parsing a flow node, did not find expected node content",
    ),
    "a tag of another language": (
        "monitors: !!python/name:os.system x\n",
        "f.yaml:1: has the tag tag:yaml.org,2002:python/name:os.system; no tags are needed here",
    ),
}


@pytest.mark.parametrize(("text", "line"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_that_says_where_and_what(text: str, line: str) -> None:
    assert faults(text) == [line]


def test_all_faults_of_all_files_are_told_at_once_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MONITOR + "    optons: {}\n    message: ${x}\n")
    (tmp_path / "b.yaml").write_text(RULE.replace("[x]", "['@x']") + "monitor: []\n")
    with pytest.raises(LoadFailed) as caught:
        load([tmp_path], {"y": "1"}, {})
    lines = str(caught.value).splitlines()
    assert [line.replace(f"{tmp_path}/", "").partition(": ")[0] for line in lines] == [
        "--var:1",
        "a.yaml:7",
        "b.yaml:4",
        "b.yaml:5",
    ]


def test_a_name_that_two_files_declare_is_told_with_both_places(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("variables: {v: 1}\n" + MONITOR)
    with pytest.raises(LoadFailed) as caught:
        load([tmp_path], {}, {})
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert str(caught.value).splitlines() == [
        f"{b}:1: variables.v: is declared a second time; the first is in {a}:1",
        f"{b}:3: monitors[0].name: 'm' is declared a second time; the first is in {a}:3",
    ]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"# \xe9\n")
    with pytest.raises(LoadFailed) as caught:
        load([tmp_path / "none.yaml", tmp_path / "empty", tmp_path / "latin.yaml"], {}, {})
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/empty:1: is a folder without any .yaml or .yml file",
        f"{tmp_path}/latin.yaml:1: is not UTF-8 text",
        f"{tmp_path}/none.yaml:1: cannot be read: No such file or directory",
    ]


def test_a_variable_without_a_value_is_told_once_however_often_it_is_used() -> None:
    text = "variables: {a: {env: A_NAME}}\n" + MONITOR + "    message: ${a}\n    priority: ${a}\n"
    (line,) = faults(text + RULE.replace("[x]", "${a}"))
    assert line.startswith("f.yaml:7: monitors[0].message: refers to the variable a, which has no value")


def test_a_value_for_no_variable_is_told() -> None:
    assert faults("variables: {name: x}\n", nam="y") == ["--var:1: nam: no such variable; did you mean name?"]


# --- warnings

WARNINGS = {
    "a rule that matches no declared monitor": (
        RULE + MONITOR.replace("a:b", "a:c"),
        "f.yaml:3: notification_rules[0].filter: matches no declared monitor: none has a:b",
    ),
    "a status remapper that never acts": (
        PIPELINE
        + "      - {type: status-remapper, sources: [a]}\n      - {type: status-remapper, sources: [b]}\n",
        "f.yaml:5: pipelines[0].processors[1]: never acts: a status remapper of 'p' comes first, and only the first counts",
    ),
    "an escalation that is never sent": (
        MONITOR + "    options: {escalation_message: x}\n",
        "f.yaml:6: monitors[0].options.escalation_message: is never sent without renotify_interval",
    ),
    "an unknown type of monitor": (
        MONITOR.replace("log alert", "log alrt"),
        "f.yaml:3: monitors[0].type: is 'log alrt', which is no type that is known; did you mean log alert?",
    ),
}


@pytest.mark.parametrize(("text", "line"), WARNINGS.values(), ids=WARNINGS)
def test_what_may_not_be_meant_is_a_warning(text: str, line: str) -> None:
    assert read(text).warnings == (line,)


@pytest.mark.parametrize(
    ("filter_", "monitor"),
    [
        ("{tags: [a:b]}", MONITOR),
        ("{scope: 'a:b'}", MONITOR),
        ("{scope: 'a:b AND NOT c:d'}", ""),
        (
            "{tags: ['@flow_name:x', a:b]}",
            MONITOR.replace(".last", '.by("@flow_name").last').replace("@flow", "flow"),
        ),
        (
            "{tags: [host:x]}",
            "monitors:\n  - {name: m, type: query alert, query: 'avg(last_5m):avg:a{*} by {host} > 1'}\n",
        ),
    ],
)
def test_a_rule_that_a_monitor_or_its_groups_can_match_is_no_warning(filter_: str, monitor: str) -> None:
    assert read(RULE.replace("{tags: [a:b]}", filter_.replace("@", "")) + monitor).warnings == ()


# --- whatever comes

NASTY = (
    "\t",
    "\x00",
    "'",
    '"',
    "{",
    "[",
    "&a ",
    "*a",
    "<<: *a",
    "!!int ",
    "|",
    ">",
    "- ",
    ": ",
    "${",
    "}",
    "#",
    "%",
    "---\n",
    "é",
    "😀",
    "~",
    "0x",
    "1e999",
)
BASE = packs.read(packs.OKTA)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_mutated_file_gives_resources_or_faults_with_their_places(data: st.DataObject) -> None:
    text = BASE
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(at, min(len(text), at + 80)))
        text = text[:at] + data.draw(st.sampled_from(NASTY) | st.text(max_size=5)) + text[end:]
    if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
        return  # no file read as UTF-8 holds one
    assert all(line.startswith(("f.yaml:", "--var:1: ")) for line in outcome(text, alert_recipients="x"))


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["name", "type", "query", "filter", "processors", "options"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_value_for_a_section_gives_resources_or_faults(value: object) -> None:
    for section in ("variables", "pipelines", "monitors", "notification_rules", "rehearsals"):
        assert all(line.startswith("f.yaml:") for line in outcome(yaml.safe_dump({section: value})))


def test_aliases_cannot_fill_the_memory() -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (line,) = faults("\n".join(lines))
    assert line.endswith("holds, with its aliases, more than 200,000 values")


def test_variables_that_use_each_other_twice_do_not_take_for_ever() -> None:
    names = [f"v{number}" for number in range(60)]
    lines = [f"  {one}: '${{{other}}}${{{other}}}'" for one, other in pairwise(names)]
    text = "variables:\n" + "\n".join(lines) + "\n  v59: x\n" + MONITOR + "    message: ${v0}\n"
    (line,) = faults(text)
    assert line.endswith("comes to more than 100,000 characters with its variables put in")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_the_right_to_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch(0o000)
    with pytest.raises(LoadFailed, match="cannot be read: Permission denied"):
        load([tmp_path / "a.yaml"], {}, {})
