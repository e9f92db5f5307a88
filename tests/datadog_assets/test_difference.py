import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.plan.difference import ABSENT, Difference, canonical_text, differences

KEYS = st.sampled_from(["a", "b", "name", "type", "é"])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["", "x", "y", "1"]) | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)  # fmt: skip
PROCESSOR = st.fixed_dictionaries({"type": st.sampled_from("ab"), "name": st.sampled_from("pq")}) | JSON


def carried_out(value: Any, found: Sequence[Difference]) -> Any:
    """Carry differences out on a value, by their documented meaning alone."""
    if any(not one.path for one in found):
        return found[0].after
    if isinstance(value, list):
        last = [one for one in found if len(one.path) == 1]
        value, found = elements_carried_out(value, last), [one for one in found if is_change(one)]
    value = copy.copy(value)
    for step in {one.path[0] for one in found}:
        inside = [replace(one, path=one.path[1:]) for one in found if one.path[0] == step]
        if inside[0].after is ABSENT and not inside[0].path:
            del value[step]
        else:
            old = value.get(step, ABSENT) if isinstance(value, dict) else value[step]
            value[step] = carried_out(old, inside)
    return value


def elements_carried_out(value: list[Any], found: Sequence[Difference]) -> list[Any]:
    taken = {one.origin if one.origin is not None else one.path[0] for one in found
             if one.origin is not None or one.after is ABSENT}  # fmt: skip
    value = [element for position, element in enumerate(value) if position not in taken]
    put: list[Any] = [
        (one.path[0], one.after) for one in found if one.origin is not None or one.before is ABSENT
    ]
    for position, element in sorted(put, key=lambda one: one[0]):
        value.insert(position, element)
    return value


def is_change(one: Difference) -> bool:
    """Of an element, or inside it; not its coming, going or moving."""
    return len(one.path) > 1 or (one.origin is None and ABSENT not in (one.before, one.after))


@given(before=JSON, after=JSON)
def test_differences_carried_out_on_before_give_after(before: Any, after: Any) -> None:
    assert canonical_text(carried_out(before, differences(before, after))) == canonical_text(after)


@given(before=st.lists(PROCESSOR, max_size=8), after=st.lists(PROCESSOR, max_size=8))
def test_differences_of_lists_carried_out_on_before_give_after(before: Any, after: Any) -> None:
    assert canonical_text(carried_out(before, differences(before, after))) == canonical_text(after)


@given(value=JSON)
def test_equal_values_do_not_differ(value: Any) -> None:
    assert differences(value, copy.deepcopy(value)) == ()


@given(before=JSON, after=JSON)
def test_there_are_differences_exactly_if_values_are_unequal(before: Any, after: Any) -> None:
    assert bool(differences(before, after)) == (canonical_text(before) != canonical_text(after))


@given(data=st.data(), value=JSON)
def test_a_changed_value_is_one_difference_at_its_path(data: st.DataObject, value: Any) -> None:
    places = list(leaves(value, ()))
    path, old = data.draw(st.sampled_from(places))
    new = data.draw(st.sampled_from([None, True, 7, "z"]).filter(lambda new: new is not old))
    assert differences(value, replaced(value, path, new)) == (Difference(path, old, new),)


@given(data=st.data(), value=JSON.filter(lambda value: isinstance(value, (dict, list))))
def test_something_added_is_one_difference_and_so_is_its_removal(data: st.DataObject, value: Any) -> None:
    places = list(containers(value, ()))
    path, inner = data.draw(st.sampled_from(places))
    more = copy.deepcopy(inner)
    if isinstance(more, dict):
        last: Any = "new"
        more["new"] = "added"
    else:
        last = data.draw(st.integers(0, len(more)))
        more.insert(last, "added")
    after = replaced(value, path, more)
    assert differences(value, after) == (Difference((*path, last), ABSENT, "added"),)
    assert differences(after, value) == (Difference((*path, last), "added", ABSENT),)


@given(data=st.data(), value=st.lists(JSON, min_size=2, max_size=9))
def test_a_moved_element_is_one_difference(data: st.DataObject, value: list[Any]) -> None:
    after = copy.deepcopy(value)
    element = after.pop(data.draw(st.integers(0, len(value) - 1)))
    after.insert(data.draw(st.integers(0, len(value) - 1)), element)
    found = differences(value, after)
    if canonical_text(value) == canonical_text(after):
        assert found == ()
    else:
        (one,) = found
        assert one.origin is not None
        assert one.origin != one.path[0]
        assert canonical_text(one.before) == canonical_text(one.after)


def leaves(value: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for position, inner in enumerate(value):
            yield from leaves(inner, (*path, position))
    else:
        yield path, value


def containers(value: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(value, (dict, list)):
        yield path, value
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from containers(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    again = copy.copy(value)
    again[path[0]] = replaced(value[path[0]], path[1:], new)
    return again


GROK = {"type": "grok-parser", "name": "G", "source": "message", "is_enabled": True}
STATUS = {"type": "status-remapper", "name": "S", "sources": ["level"], "is_enabled": True}
DATE = {"type": "date-remapper", "sources": ["timestamp"], "is_enabled": True}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (5, 5.0, []),
        ({"a": [1.0, {"b": 2}]}, {"a": [1, {"b": 2.0}]}, []),
        (1, True, [Difference((), 1, True)]),
        (0, False, [Difference((), 0, False)]),
        (None, {}, [Difference((), None, {})]),
        ({"a": None}, {}, [Difference(("a",), None, ABSENT)]),
        (2**53 + 1, float(2**53), [Difference((), 2**53 + 1, float(2**53))]),
        ({"t": {"critical": 5}}, {"t": {"critical": 10}}, [Difference(("t", "critical"), 5, 10)]),
        (["a", "b"], ["a", "c"], [Difference((1,), "b", "c")]),
        (["a", "b"], ["b", "a"], [Difference((0,), "b", "b", origin=1)]),
        (["a", "b", "c"], ["a", "c", "d"], [Difference((1,), "b", ABSENT), Difference((2,), ABSENT, "d")]),
    ],
)
def test_what_differs(before: object, after: object, expected: list[Difference]) -> None:
    assert list(differences(before, after)) == expected


def test_a_processor_removed_from_the_middle_is_just_that() -> None:
    assert differences([GROK, STATUS, DATE], [GROK, DATE]) == (Difference((1,), STATUS, ABSENT),)


def test_a_processor_added_in_the_middle_is_just_that() -> None:
    assert differences([GROK, DATE], [GROK, STATUS, DATE]) == (Difference((1,), ABSENT, STATUS),)


def test_a_processor_moved_to_the_end_is_just_that() -> None:
    assert differences([GROK, STATUS, DATE], [STATUS, DATE, GROK]) == (Difference((2,), GROK, GROK, 0),)


def test_a_processor_changed_beside_a_removed_and_an_added_one_shows_its_changed_field() -> None:
    changed = {**STATUS, "sources": ["severity"]}
    assert differences([GROK, STATUS, DATE], [changed, {**DATE, "type": "x"}, DATE]) == (
        Difference((0,), GROK, ABSENT),
        Difference((0, "sources", 0), "level", "severity"),
        Difference((1,), ABSENT, {**DATE, "type": "x"}),
    )


def test_a_processor_that_became_another_is_replaced_as_a_whole() -> None:
    assert differences([GROK, STATUS], [DATE, STATUS]) == (Difference((0,), GROK, DATE),)


def test_the_alike_ones_of_several_changed_objects_are_paired() -> None:
    on_call = {"scope": "team:a", "recipients": ["pager"]}
    mail = {"scope": "team:b", "recipients": ["mail"]}
    assert differences([on_call, mail], [{**mail, "recipients": ["chat"]}]) == (
        Difference((0,), on_call, ABSENT),
        Difference((0, "recipients", 0), "mail", "chat"),
    )


def test_many_changed_elements_go_by_position_and_do_not_take_long() -> None:
    before = [{"name": f"a{n}"} for n in range(2000)]
    after = [{"name": f"b{n}"} for n in range(2000)]
    assert differences(before, after) == tuple(Difference((n, "name"), f"a{n}", f"b{n}") for n in range(2000))
