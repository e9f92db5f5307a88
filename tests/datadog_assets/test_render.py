import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from datadog_assets.plan.changes import Change, Note, Plan, Problem, Verb
from datadog_assets.plan.difference import ABSENT, Difference, differences
from datadog_assets.render.to_json import as_json
from datadog_assets.render.to_markdown import as_markdown
from datadog_assets.render.to_text import as_text
from datadog_assets.resource import Mark, Place

MARK = Mark("a.yaml", 3)
PLAN = Plan(
    changes=(
        Change(Verb.CREATE, "monitors", "new", body={"name": "new"},
               differences=differences({}, {"name": "new", "message": "a\nb"}), mark=MARK),
        Change(Verb.UPDATE, "monitors", "X", "12", {"name": "X"}, {"name": "X"},
               differences({"options": {"thresholds": {"critical": 5}}, "tags": ["a", "b"]},
                           {"options": {"thresholds": {"critical": 10}}, "tags": ["a", "c"]}),
               "not managed until now", MARK),
        Change(Verb.MOVE, "pipelines", "P", "p1", reason='directly before "Q"', mark=MARK,
               place=Place("before", "Q"), anchor_id="q1"),
        Change(Verb.DELETE, "monitors", "old", "13", before={"name": "old"},
               differences=differences({"name": "old"}, {}), reason="--prune: not declared"),
    ),
    problems=(Problem("monitors", "X", "is not managed (id 12)", MARK), Problem("", None, "too many")),
    notes=(Note("notification_rules", None, "3 stay"),),
)  # fmt: skip

TEXT = """\
+ create monitor "new" (a.yaml:3)
~ update monitor "X" (id 12, a.yaml:3): not managed until now
    options.thresholds.critical: 5 -> 10
    - tags: "b"
    + tags: "c"
> move pipeline "P" (id p1, a.yaml:3): directly before "Q"
- delete monitor "old" (id 13): --prune: not declared
note: notification rule: 3 stay
problem: a.yaml:3: monitor "X": is not managed (id 12)
problem: too many
Plan: 1 to create, 1 to update, 1 to delete, 1 to move.
It cannot be applied: 2 problems, see above."""

MARKDOWN = """\
### Datadog: 1 to create, 1 to update, 1 to delete, 1 to move

**It cannot be applied:**

```text
a.yaml:3: monitor "X": is not managed (id 12)
too many
```

Notes:

```text
notification rule: 3 stay
```

<details>
<summary>create monitor <code>new</code></summary>

```diff
+ message:
+   a
+   b
+ name: "new"
```

</details>

<details>
<summary>update monitor <code>X</code></summary>

```diff
# not managed until now
! options.thresholds.critical: 5 -> 10
- tags: "b"
+ tags: "c"
```

</details>

<details>
<summary>move pipeline <code>P</code></summary>

```diff
# directly before "Q"
```

</details>

<details>
<summary>delete monitor <code>old</code></summary>

```diff
# --prune: not declared
- name: "old"
```

</details>"""


def updated(before: Any, after: Any, name: str = "X") -> Plan:
    return Plan((Change(Verb.UPDATE, "monitors", name, "1", differences=differences(before, after)),))


def test_a_plan_as_text() -> None:
    assert as_text(PLAN, ()) == TEXT


def test_a_plan_as_markdown() -> None:
    assert as_markdown(PLAN, ()) == MARKDOWN


def test_a_plan_as_json() -> None:
    place = {"side": "before", "name": "Q"}
    here, nowhere = {"file": "a.yaml", "line": 3}, {"file": None, "line": None}
    assert json.loads(as_json(PLAN, ())) == {
        "format": 1,
        "counts": {"create": 1, "update": 1, "delete": 1, "move": 1},
        "changes": [
            {"verb": "create", "kind": "monitors", "name": "new", "id": None, "reason": "", **here, "place": None,
             "effects": [], "differences": [{"path": ["message"], "after": "a\nb"}, {"path": ["name"], "after": "new"}]},
            {"verb": "update", "kind": "monitors", "name": "X", "id": "12", "reason": "not managed until now",
             **here, "place": None,
             "effects": [], "differences": [{"path": ["options", "thresholds", "critical"], "before": 5, "after": 10},
                             {"path": ["tags", 1], "before": "b", "after": "c"}]},
            {"verb": "move", "kind": "pipelines", "name": "P", "id": "p1", "reason": 'directly before "Q"', **here,
             "place": place, "effects": [], "differences": []},
            {"verb": "delete", "kind": "monitors", "name": "old", "id": "13", "reason": "--prune: not declared",
             **nowhere, "place": None, "effects": [], "differences": [{"path": ["name"], "before": "old"}]},
        ],
        "problems": [{"kind": "monitors", "name": "X", "text": "is not managed (id 12)", **here},
                     {"kind": "", "name": None, "text": "too many", **nowhere}],
        "notes": [{"kind": "notification_rules", "name": None, "text": "3 stay", **nowhere}],
    }  # fmt: skip


def test_a_plan_without_changes() -> None:
    assert as_text(Plan(), ()) == "No change: Datadog is as declared."
    assert as_markdown(Plan(), ()) == "### Datadog is as declared"
    assert json.loads(as_json(Plan(), ()))["changes"] == []


def test_one_problem_alone() -> None:
    plan = Plan(problems=(Problem("monitors", "X", "is wrong"),))
    assert as_text(plan, ()) == (
        'problem: monitor "X": is wrong\n'
        "Plan: 0 to create, 0 to update, 0 to delete, 0 to move.\n"
        "It cannot be applied: 1 problem, see above."
    )


def test_a_kind_that_is_not_known_here_goes_by_its_key() -> None:
    assert as_text(Plan(notes=(Note("dashboards", "D", "is new"),)), ()).startswith(
        'note: dashboards "D": is new'
    )


def test_colour_only_when_asked() -> None:
    first, second, third, *_, last = as_text(PLAN, (), colour=True).split("\n")
    assert first == '\x1b[32m+ create monitor "new" (a.yaml:3)\x1b[0m'
    assert second == '\x1b[33m~ update monitor "X" (id 12, a.yaml:3): not managed until now\x1b[0m'
    assert third == "\x1b[33m    options.thresholds.critical: 5 -> 10\x1b[0m"
    assert last == "\x1b[31mIt cannot be applied: 2 problems, see above.\x1b[0m"
    assert re.sub(r"\x1b\[\d+m", "", as_text(PLAN, (), colour=True)) == TEXT


LONG = {"type": "grok-parser", "name": "Parse", "grok": {"match_rules": "x" * 60}}


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"n": None}, {"n": True}, ["n: null -> true"]),
        ({"q": 'a "b"\\'}, {"q": """a "b's" """}, [r"""q: 'a "b"\\' -> "a \"b's\" " """.strip()]),
        ({"a b": {"c-d": 1}}, {"a b": {"c-d": 2}}, ['["a b"].c-d: 1 -> 2']),
        ({"a": {"b": 1}}, {"a": 5}, ['- a: {"b": 1}', "+ a: 5"]),
        ({"ps": [{"s": ["a"]}]}, {"ps": [{"s": ["a", "b"]}]}, ['+ ps[0].s: "b"']),
        ({"ps": [1, 2, 3]}, {"ps": [2, 3, 1]}, ["> ps[0] -> ps[2]: 1"]),
        ({"ps": [LONG, 2, 3]}, {"ps": [2, 3, LONG]}, ['> ps[0] -> ps[2]: "grok-parser" "Parse"']),
        ({"ps": ["x" * 99, "a", "b"]}, {"ps": ["a", "b", "x" * 99]}, [f'> ps[0] -> ps[2]: "{"x" * 76}...']),
        ({"q": "a" * 90}, {"q": "b"}, [f'- q: "{"a" * 90}"', '+ q: "b"']),
        (
            {"ps": []},
            {"ps": [LONG]},
            [
                "+ ps[0]: {",
                '+   "type": "grok-parser",',
                '+   "name": "Parse",',
                '+   "grok": {',
                f'+     "match_rules": "{"x" * 60}"',
                "+   }",
                "+ }",
            ],
        ),
        (
            {"message": "1\n2\n3\n4\n5\n6\n7\n8"},
            {"message": "1\n2\n3\n4\nfive\n6\n7\n8\n"},
            ["message:", "  @@ -2,7 +2,8 @@", "    2", "    3", "    4", "-   5", "+   five", "    6", "    7", "    8", "+   "],
        ),
    ],
)  # fmt: skip
def test_differences_as_text(before: object, after: object, lines: list[str]) -> None:
    _, *found, _ = as_text(updated(before, after), ()).split("\n")
    assert [line.removeprefix("    ") for line in found] == lines


def test_what_moves_a_cursor_or_breaks_a_line_is_written_out() -> None:
    plan = updated({"m": "a\x1b[31m"}, {"m": "b\u202e\u2028\r\ud800\U000e0001é😀"}, name="x\n\x07\x9b")
    assert as_text(plan, ()).split("\n")[:2] == [
        r'~ update monitor "x\n\u0007\u009b" (id 1)',
        r'    m: "a\u001b[31m" -> "b\u202e\u2028\r\ud800\U000e0001é😀"',
    ]
    assert r"<code>x\n\u0007\u009b</code>" in as_markdown(plan, ())


def test_lines_of_a_long_text_are_written_out_too() -> None:
    assert r"+   b\u001b" in as_text(updated({"m": "a\n"}, {"m": "a\nb\x1b"}), ())


def test_a_name_is_neither_markdown_nor_html() -> None:
    assert "<summary>update monitor <code>&lt;/code&gt;|`*@team*`</code></summary>" in as_markdown(
        updated({}, {"a": 1}, name="</code>|`*@team*`"), ()
    )


def test_a_long_name_is_cut_in_a_summary() -> None:
    assert f"<code>{'n' * 200}...</code>" in as_markdown(updated({}, {"a": 1}, name="n" * 201), ())


ANY = st.text(st.sampled_from("ab`~\n\r|<>&*_@#[]\\\x1b\u202e\ud800 -+!") | st.characters(), max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    ANY | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
)
PLANS = st.builds(
    lambda name, before, after, text: Plan(
        (Change(Verb.UPDATE, "monitors", name, "1", differences=differences(before, after), reason=text),),
        (Problem("monitors", name, text),),
        (Note("monitors", name, text),),
    ),
    ANY,
    st.dictionaries(ANY, VALUES, max_size=3),
    st.dictionaries(ANY, VALUES, max_size=3),
    ANY,
)


@given(plan=PLANS)
def test_nothing_in_a_plan_moves_a_cursor_or_cannot_be_encoded(plan: Plan) -> None:
    for shown in (as_text(plan, ()), as_markdown(plan, ()), as_json(plan, ())):
        shown.encode()
        assert {sign for sign in shown if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} <= {
            "\n"
        }


@given(plan=PLANS)
def test_nothing_in_a_plan_gets_out_of_its_block_of_code(plan: Plan) -> None:
    tokens = MarkdownIt().parse(as_markdown(plan, ()))
    kinds = ["heading", "paragraph", "fence", "paragraph", "fence", "html_block", "fence", "html_block"]
    assert [
        token.type.removesuffix("_open") for token in tokens if token.level == 0 and token.nesting >= 0
    ] == kinds
    fences = [token for token in tokens if token.type == "fence"]
    assert [(fence.info, fence.markup) for fence in fences] == [
        ("text", "```"),
        ("text", "```"),
        ("diff", "```"),
    ]


def test_the_whole_of_a_plan_fits_into_a_comment() -> None:
    one = updated({"message": "a\n" * 200}, {"message": "b\n" * 200}).changes[0]
    plan = Plan(
        (one,) * 400,
        (Problem("monitors", "X", "is wrong " * 10),) * 1000,
        (Note("monitors", "X", "y"),) * 9999,
    )
    shown = as_markdown(plan, ())
    assert 60_000 < len(shown) <= 65_536
    assert re.search(r"\n\.\.\. and 8\d\d lines more\n```\n\nNotes:", shown)
    found = re.search(
        r"</details>\n\n_(\d+) of 400 changes are not shown: a comment on GitHub holds no more._$", shown
    )
    assert found
    assert int(found[1]) + shown.count("<details>") == 400


def test_of_a_change_that_does_not_fit_the_first_lines_are_shown() -> None:
    shown = as_markdown(updated({"message": "a\n"}, {"message": "a\n" + "b\n" * 40_000}), ())
    assert 65_000 < len(shown) <= 65_536
    assert re.search(r"\n\+   b\n\.\.\. and \d+ lines more\n```\n\n</details>$", shown)


@given(size=st.integers(0, 70_000), count=st.integers(1, 40))
def test_no_plan_is_longer_than_a_comment(size: int, count: int) -> None:
    one = updated({}, {"message": "m" * size}).changes[0]
    assert len(as_markdown(Plan((one,) * count), ())) <= 65_536


def test_a_difference_that_holds_a_secret_shows_neither_side() -> None:
    before = {"a": "old", "b": {"deep": ["kept"]}, "n": 5, "same": 1}
    after = {"a": "Bearer s3cret", "b": {"deep": ["kept", {"s3cret": 1}]}, "n": 4711, "same": 2}
    plan = updated(before, after)
    assert as_text(plan, {"s3cret", "4711", ""}).split("\n")[1:-1] == [
        '    a: "(secret)" -> "(secret)"',
        '    + b.deep: "(secret)"',
        '    n: "(secret)" -> "(secret)"',
        "    same: 1 -> 2",
    ]
    for shown in (as_json(plan, {"s3cret", "old"}), as_markdown(plan, {"s3cret", "old"})):
        assert "s3cret" not in shown
        assert "old" not in shown
        assert "(secret)" in shown


def test_a_secret_in_a_name_a_text_a_key_or_a_place_is_replaced() -> None:
    plan = Plan(
        (
            Change(
                Verb.MOVE, "pipelines", "P xyz", reason='directly before "xyz"', place=Place("before", "xyz")
            ),
            Change(Verb.UPDATE, "pipelines", "P", differences=(Difference(("xyz", 0, "xyz!"), 1, ABSENT),)),
        ),
        (Problem("monitors", "xyz", "is xy"),),
    )
    assert as_text(plan, {"xyz", "xy"}).split("\n")[:4] == [
        '> move pipeline "P (secret)": directly before "(secret)"',
        '~ update pipeline "P"',
        '    - ["(secret)"][0]["(secret)!"]: 1',
        'problem: monitor "(secret)": is (secret)',
    ]
    for shown in (as_json(plan, {"xyz", "xy"}), as_markdown(plan, {"xyz", "xy"})):
        assert "xy" not in shown


@given(plan=PLANS, secret=st.text(st.characters(codec="utf-8"), min_size=8))
def test_no_secret_is_shown_wherever_it_stands(plan: Plan, secret: str) -> None:
    change = plan.changes[0]
    found = differences({"a": ["x"], "t": f"1\n2\n{secret}"}, {"a": [secret, "x"], "t": "1\n2", secret: 1})
    plan = Plan(
        (Change(change.verb, "monitors", f"a{secret}b", "1", differences=(*change.differences, *found)),)
    )
    for shown in (as_text(plan, {secret}), as_markdown(plan, {secret})):
        assert secret not in shown
    assert secret not in str(json.loads(as_json(plan, {secret})))
