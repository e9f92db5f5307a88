"""How processors find, write and take away what lies at a path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.processors._draft import Draft

KEYS = st.sampled_from(["a", "b", "a.b", "b.a.b", "0", "1", ""])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
PATHS = st.lists(KEYS, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("attributes", "path", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a.b": 1}, "a.b", 1),
        ({"a.b": 1, "a": {"b": 2}}, "a.b", 1),
        ({"a": {"c": 1}, "a.b": {"c": 2}}, "a.b.c", 2),
        ({"a": [{"b": 1}, {"b": 2}]}, "a.1.b", 2),
        ({"a": [[1, 2], 3]}, "a.0.1", 2),
        ({"a": [1]}, "a.1", None),
        ({"a": [1]}, "a.-1", None),
        ({"a": [1]}, "a.x", None),
        ({"a": {"0": 1}}, "a.0", 1),
        ({"a": None}, "a", None),
        ({"a": "text"}, "a.0", None),
        ({"a": 1}, "custom.a", 1),
        ({"": 1}, "", 1),
        ({}, "a" + ".a" * 50, None),
    ],
)
def test_what_lies_at_a_path(attributes: dict[str, Any], path: str, value: object) -> None:
    assert Draft({"attributes": attributes}).get(path) == value


@given(OBJECTS, PATHS, st.integers())
def test_what_is_written_is_found(attributes: dict[str, Any], path: str, value: int) -> None:
    draft = Draft({"attributes": attributes})
    draft.set(path, value)
    assert draft.get(path) == value
    assert draft.texts(path) == str(value)


@given(OBJECTS, PATHS)
def test_what_is_taken_away_is_gone_and_nothing_else_changes(attributes: dict[str, Any], path: str) -> None:
    draft = Draft({"attributes": attributes})
    before = str(attributes)
    if draft.get(path) is None:
        draft.delete(path)
        assert str(attributes) == before
    while (
        draft.get(path) is not None
    ):  # the same path may lead to another place, through dotted keys or arrays
        length = len(str(attributes))
        draft.delete(path)
        assert len(str(attributes)) < length


@given(OBJECTS, PATHS, OBJECTS)
def test_what_is_merged_is_found_beside_what_was_there(
    attributes: dict[str, Any], path: str, value: dict[str, Any]
) -> None:
    draft = Draft({"attributes": attributes})
    draft.merge(path, value)
    assert draft.get(path) is not None
