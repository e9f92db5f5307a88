"""Live resources as YAML that plans to no change."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import yaml

from datadog_assets.kinds import KINDS
from datadog_assets.load.yaml_nodes import scalar
from datadog_assets.render.printable import quoted
from datadog_assets.resource import Json, Live

_INDENT = 2
_OTHER_BREAKS = frozenset("\r\x85\u2028\u2029")
"""Signs at which YAML breaks a line too: only double quotes keep them."""
_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Selection:
    """Which live resources are meant; an empty part leaves nothing out.

    Attributes:
        kinds: keys of kinds.
        names: whole names.
        tags: a resource has at least one of them.
    """

    kinds: Collection[str] = ()
    names: Collection[str] = ()
    tags: Collection[str] = ()

    def holds(self, live: Live) -> bool:
        """Whether a resource is meant. Datadog's own ones never are: they cannot be declared."""
        tags = live.body.get("tags")
        return (
            not live.read_only
            and (not self.kinds or live.kind in self.kinds)
            and (not self.names or live.name in self.names)
            and (not self.tags or (isinstance(tags, list) and not set(self.tags).isdisjoint(tags)))
        )


def export(live: Mapping[str, Sequence[Live]], selection: Selection) -> str:
    """Give what is selected as YAML.

    A name that several live resources bear does not tell which is meant: such a one carries its `id`. As a
    name can be declared only once, a comment at the top tells which others are left out.
    """
    document: Json = {}
    comments = ""
    for key, bearers in live.items():
        number = Counter(one.name for one in bearers if not one.read_only)
        selected: dict[str, list[Live]] = {}
        for one in filter(selection.holds, bearers):
            selected.setdefault(one.name, []).append(one)
        if selected:
            document[key] = [_entry(one, pinned=number[name] > 1) for name, (one, *_) in selected.items()]
        for name, (_, *others) in selected.items():
            if others:
                ids = f"id{'s' * (len(others) > 1)} {', '.join(one.id for one in others)}"
                comments += f"# Left out: {KINDS[key].word} {quoted(name)} ({ids}): a name can be declared"
                comments += " once. Rename in Datadog, and export anew.\n"
    return comments + dump(document)


def dump(document: Json) -> str:
    """Write a document as a person would: keys in their order, long texts as blocks."""
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, indent=_INDENT, width=_WIDTH
    )


def _entry(live: Live, *, pinned: bool) -> Json:
    entry = KINDS[live.kind].entry(live.body)
    first: Json = {"id": live.id} if pinned else {}
    first |= {key: entry[key] for key in ("name", "type") if key in entry}  # what a person looks for
    return {key: _escaped(value) for key, value in (first | entry).items()}


def _escaped(value: object) -> object:
    """Keep a text that looks like a variable from being taken for one."""
    match value:
        case str():
            return value.replace("${", "$${")
        case list():
            return [_escaped(item) for item in value]
        case dict():
            return {key: _escaped(item) for key, item in value.items()}
    return value


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, and writes texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - as PyYAML calls it
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - as PyYAML calls it
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if _stays_text(text) else "'"
    if not _OTHER_BREAKS.isdisjoint(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _stays_text(text: str) -> bool:
    """Tell whether a text is read as one without quotes: PyYAML writes some that are numbers in YAML 1.2."""
    try:
        return scalar(text) == text
    except ValueError:
        return False


_Dumper.add_representer(str, _text)
