"""Live resources as YAML that plans to no change."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import yaml

from datadog_assets.kinds import KINDS
from datadog_assets.load.yaml_nodes import scalar
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

    A name that several live resources bear does not tell which is meant: those carry their `id`.
    """
    document: Json = {}
    for key in live:
        names = Counter(one.name for one in live[key] if not one.read_only)
        entries = [_entry(one, pinned=names[one.name] > 1) for one in live[key] if selection.holds(one)]
        if entries:
            document[key] = entries
    return dump(document)


def dump(document: Json) -> str:
    """Write a document as a person would: keys in their order, long texts as blocks."""
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, indent=_INDENT, width=_WIDTH
    )


def _entry(live: Live, *, pinned: bool) -> Json:
    escaped = {key: _escaped(value) for key, value in KINDS[live.kind].entry(live.body).items()}
    return {"id": live.id, **escaped} if pinned else escaped


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
