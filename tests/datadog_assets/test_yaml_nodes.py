"""YAML to plain values: as in YAML 1.2, each with its line, and nothing that a text can hold does harm."""

import pytest
import yaml

from datadog_assets.load.yaml_nodes import BadYaml, read


@pytest.fixture(params=["with libyaml", "without libyaml"], autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without libyaml":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -1.5e3", {"a": -1500.0}),
        ("a: true", {"a": True}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        (
            "[yes, on, No, 2026-01-02, 12:30, 0x1F, 1_000]",
            ["yes", "on", "No", "2026-01-02", "12:30", "0x1F", "1_000"],
        ),
        ("[08, 1e5, .5]", [8, 100000.0, 0.5]),
        ("['1', \"true\", |-\n  5\n]".replace("|-\n  5\n", "'5'"), ["1", "true", "5"]),
        ("a: |\n  5\n", {"a": "5\n"}),
        ("on: 1\nnull: 2\n3: 4\n", {"on": 1, "null": 2, "3": 4}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
        ("d: {<<: [{a: 1}, {a: 2, b: 3}]}", {"d": {"a": 1, "b": 3}}),
        ("a: !!str 5", {"a": "5"}),
        ("", None),
    ],
)
def test_values(text: str, value: object) -> None:
    document = read(text)
    assert (document.value, document.faults) == (value, ())


def test_each_value_has_its_line() -> None:
    document = read("a:\n  - b\n  -\n    c: 1\n    d: |\n      x\n")
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("a", 0): 2,
        ("a", 1): 4,
        ("a", 1, "c"): 4,
        ("a", 1, "d"): 5,
    }


def test_texts_without_quotes_are_known() -> None:
    assert read("[a, 'b', \"c\", 1]").plain == {(0,)}


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a: 1\nb: 2\na: 3", [(3, "has the key 'a' a second time; the first is in line 1")]),
        ("? [a]\n: b", [(1, "has a list or a mapping for a key; a text is needed")]),
        (
            "a: .inf\nb: 1e999",
            [(n, "is no number that JSON knows; quotes would make it a text") for n in (1, 2)],
        ),
        ("a: 1234567890123456789", [(1, "is a number of more than 18 digits; quotes would make it a text")]),
        ("<<: text", [(1, "merges (<<) what is no mapping")]),
    ],
)
def test_what_is_wrong_but_can_be_read_is_told_with_its_line(
    text: str, faults: list[tuple[int, str]]
) -> None:
    assert list(read(text).faults) == faults


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("[" * 100_000, 1, "is nested deeper than 60 levels"),
        ("- " * 50_000, 1, "is nested deeper than 60 levels"),
        ("\n".join(" " * n + "a:" for n in range(100)), 61, "is nested deeper than 60 levels"),
        ("a: &a [*a]", 1, "refers to *a inside of &a itself"),
        ("\na: *b", 2, "refers to *b, which no &b defines above"),
        ("a: !!python/name:x y", 1, "has the tag tag:yaml.org,2002:python/name:x; no tags are needed here"),
        ("a: 1\n---\nb: 2", 2, "a second document begins; one fits in a file"),
        ("#" * 10_000_001, 1, "holds 10,000,001 characters; 10,000,000 fit"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, fault: str) -> None:
    with pytest.raises(BadYaml) as caught:
        read(text)
    assert (caught.value.line, caught.value.text) == (line, fault)


@pytest.mark.parametrize(
    "text", ["a: [", "a: 'x", "a: b: c", "\ta: b", "a: \x00", "a:\n b\n  c: d", "%YAML 3.0\n--- a"]
)
def test_what_is_no_yaml_is_told_in_one_line(text: str) -> None:
    with pytest.raises(BadYaml, match=r"^(is no YAML: |holds a sign that YAML does not allow: )[^\n]+$"):
        read(text)


@pytest.mark.parametrize(
    "line", ["b{0}: &b{0} [{1}]", "b{0}: &b{0} {{{{<<: [{1}], k{0}: 1}}}}"], ids=["lists", "merge keys"]
)
def test_aliases_count_what_they_stand_for(line: str) -> None:
    first = "b0: &b0 {k: 1}"
    lines = [
        line.replace("{{", "{").replace("}}", "}").format(n, ", ".join([f"*b{n - 1}"] * 10))
        for n in range(1, 9)
    ]
    with pytest.raises(BadYaml) as caught:
        read("\n".join([first, *lines]))
    assert caught.value.text == "holds, with its aliases, more than 200,000 values"
