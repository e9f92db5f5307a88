"""Attributes put into one another by their dotted names."""

Attributes = dict[str, object]

_DEEPEST = 100


def add(attributes: Attributes, path: tuple[str, ...], value: object) -> None:
    """Put a value at a path; where one is already, both become an array, or one object if both are objects.

    Args:
        attributes: is changed.
        path: the names from the outermost object inwards.
        value: anything but None.
    """
    *outer, last = path
    holder = attributes
    for name in outer:
        inner = holder.get(name)
        if not isinstance(inner, dict):
            inner = {}
            holder[name] = inner
        holder = inner
    there = holder.get(last)
    if isinstance(there, dict) and isinstance(value, dict):
        merge(there, value)
    else:
        append(holder, last, value)


def append(attributes: Attributes, name: str, value: object) -> None:
    """Put a value under a name; where one is already, both become an array.

    Args:
        attributes: is changed.
        name: is taken as it is, dots and all.
        value: anything but None.
    """
    there = attributes.get(name)
    if isinstance(there, list):
        there.append(value)
    else:
        attributes[name] = value if there is None else [there, value]


def merge(attributes: Attributes, more: Attributes) -> None:
    """Put all of an object into another; what is there already gives way, objects join.

    Args:
        attributes: is changed.
        more: is left as it is.
    """
    for name, value in more.items():
        there = attributes.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            joined = dict(there)
            merge(joined, value)
            attributes[name] = joined
        else:
            attributes[name] = value


def opened(value: object, depth: int = 0) -> object:
    """Open dotted names into objects, and leave out nulls, empty objects and empty arrays, at every depth.

    What is deeper than Datadog or any JSON library would take is left out.
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [opened(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    result: Attributes = {}
    for name, item in value.items():
        inside = opened(item, depth + 1)
        if inside is None or inside in ({}, []):
            continue
        for segment in reversed(segments(name)):
            inside = {segment: inside}
        if isinstance(inside, dict):
            merge(result, inside)
    return result


def segments(name: str) -> tuple[str, ...]:
    """Split a dotted name; one with nothing before, after or between its dots stays whole."""
    parts = tuple(name.split("."))
    return parts if all(parts) else (name,)
