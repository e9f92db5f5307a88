"""YAML files to checked resources; every fault at once, each with its place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Literal, TypeVar

from pydantic import ValidationError

from datadog_assets.errors import AssetsError
from datadog_assets.kinds import KINDS
from datadog_assets.load.advice import rules_without_monitor
from datadog_assets.load.faults import nearest, told
from datadog_assets.load.variables import CannotExpand, Definition, NoValue, Variables
from datadog_assets.load.yaml_nodes import BadYaml, Document, read
from datadog_assets.model import Gone, Model
from datadog_assets.rehearse.scenario import Rehearsal
from datadog_assets.render.printable import dotted
from datadog_assets.resource import Declared, Finding, Json, Mark, Path, Place, Resource

M = TypeVar("M", bound=Model)

_SIDES: tuple[Literal["before", "after"], ...] = ("before", "after")
SECTIONS = ("variables", *KINDS, "rehearsals")


class LoadFailed(AssetsError):
    """What is declared cannot be used; the text is every fault, a line each, with its place."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was declared.

    Attributes:
        declared: everything, checked.
        warnings: what may not be meant, a line each, with its place.
        secrets: values of variables that are never to be shown.
        rehearsals: in the order of the files.
    """

    declared: Declared
    warnings: tuple[str, ...]
    secrets: frozenset[str]
    rehearsals: tuple[tuple[Mark, Rehearsal], ...]


def load(paths: Sequence[File], values: Mapping[str, str], environment: Mapping[str, str]) -> Loaded:
    """Load files, and all `.yaml` and `.yml` files of folders.

    Args:
        paths: of files and folders.
        values: of variables, from the command line.
        environment: for variables that are read from there.

    Raises:
        LoadFailed: with every fault.
    """
    loading = _Loading()
    for file in _files(paths, loading):
        try:
            text = file.read_text(encoding="utf-8-sig")
        except OSError as error:
            loading.fault(Mark(str(file), 1), (), f"cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            loading.fault(Mark(str(file), 1), (), "is not UTF-8 text")
        else:
            loading.read(str(file), text)
    return loading.end(values, environment)


def load_text(name: str, text: str, values: Mapping[str, str], environment: Mapping[str, str]) -> Loaded:
    """Load one text; `name` stands for its file.

    Raises:
        LoadFailed: with every fault.
    """
    loading = _Loading()
    loading.read(name, text)
    return loading.end(values, environment)


def _files(paths: Sequence[File], loading: "_Loading") -> Iterator[File]:
    for path in dict.fromkeys(paths):
        if not path.is_dir():
            yield path
            continue
        inside = [one for one in sorted(path.rglob("*")) if one.suffix in {".yaml", ".yml"} and one.is_file()]
        shown = [
            one for one in inside if not any(part.startswith(".") for part in one.relative_to(path).parts)
        ]
        if not shown:
            loading.fault(Mark(str(path), 1), (), "is a folder without any .yaml or .yml file")
        yield from shown


@dataclass(slots=True)
class _File:
    """One file, and what it holds by section."""

    name: str
    document: Document
    sections: Json

    def mark(self, path: Path) -> Mark:
        """Give the place of a value, or of the nearest one around it that has one."""
        while path not in self.document.lines:
            path = path[:-1]
        return Mark(self.name, self.document.lines[path])


@dataclass(slots=True)
class _Loading:
    """Collects files, resources and faults."""

    files: list[_File] = field(default_factory=list)
    faults: list[tuple[Mark, str]] = field(default_factory=list)
    warnings: list[tuple[Mark, str]] = field(default_factory=list)
    places: dict[tuple[str, str], tuple[_File, Path]] = field(default_factory=dict)
    valueless: set[str] = field(default_factory=set)

    def fault(self, mark: Mark, path: Path, text: str) -> None:
        self.faults.append((mark, f"{dotted(path)}: {text}" if path else text))

    def read(self, name: str, text: str) -> None:
        """Read one file into its sections."""
        try:
            document = read(text)
        except BadYaml as error:
            self.fault(Mark(name, error.line), (), error.text)
            return
        for line, fault in document.faults:
            self.fault(Mark(name, line), (), fault)
        value = {} if document.value is None else document.value
        if not isinstance(value, dict):
            self.fault(Mark(name, 1), (), f"holds no sections; there are: {', '.join(SECTIONS)}")
            return
        file = _File(name, document, value)
        for key in value.keys() - set(SECTIONS):
            self.fault(file.mark((key,)), (key,), f"is not known; {nearest(key, SECTIONS)}")
        self.files.append(file)

    def end(self, values: Mapping[str, str], environment: Mapping[str, str]) -> Loaded:
        """Put the variables in and check everything.

        Raises:
            LoadFailed: with every fault.
        """
        variables = Variables(self._definitions(), values, environment)
        for name in values.keys() - variables.definitions.keys():
            self.fault(Mark("--var", 1), (name,), f"no such variable; {nearest(name, variables.definitions)}")
        declared = {key: self._resources(key, variables) for key in KINDS}
        for key, kind in KINDS.items():
            self._find(kind.check(list(declared[key].values())))
        self._find(rules_without_monitor(declared))
        rehearsals = tuple(self._rehearsals(declared, variables))
        if self.faults:
            raise LoadFailed("\n".join(_lines(self.faults, self.valueless)))
        return Loaded(declared, tuple(_lines(self.warnings)), variables.secrets(), rehearsals)

    def _rehearsals(self, declared: Declared, variables: Variables) -> Iterator[tuple[Mark, Rehearsal]]:
        for file, path, value in self._entries("rehearsals", variables):
            rehearsal = self._valid(Rehearsal, value, file, path)
            if rehearsal is None:
                continue
            yield file.mark(path), rehearsal
            for position, moved in enumerate(rehearsal.expect.monitors or ()):
                if moved.name not in declared["monitors"]:
                    place = (*path, "expect", "monitors", position)
                    hint = nearest(moved.name, declared["monitors"])
                    self.fault(file.mark(place), place, f"no monitor {moved.name!r} is declared; {hint}")

    def _definitions(self) -> dict[str, Definition]:
        found: dict[str, Definition] = {}
        first: dict[str, Mark] = {}
        for file in self.files:
            section = file.sections.get("variables") or {}
            if not isinstance(section, dict):
                self.fault(file.mark(("variables",)), ("variables",), "is no mapping of names to values")
                continue
            for name, value in section.items():
                path = ("variables", name)
                if name in first:
                    text = f"is declared a second time; the first is in {first[name]}"
                    self.fault(file.mark(path), path, text)
                    continue
                first[name] = file.mark(path)
                written = value if isinstance(value, dict) else {"default": value}
                if definition := self._valid(Definition, written, file, path):
                    found[name] = definition
        return found

    def _resources(self, key: str, variables: Variables) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        for file, path, value in self._entries(key, variables):
            resource = self._resource(key, value, file, path)
            if resource is None:
                continue
            if before := found.get(resource.name):
                text = f"{resource.name!r} is declared a second time; the first is in {before.mark}"
                self.fault(file.mark((*path, "name")), (*path, "name"), text)
                continue
            found[resource.name] = resource
            self.places[key, resource.name] = file, path
        return found

    def _resource(self, key: str, value: object, file: _File, path: Path) -> Resource | None:
        if isinstance(value, dict) and value.get("ensure") == "absent":
            kept = {name: value[name] for name in Gone.model_fields if name in value}
            if gone := self._valid(Gone, kept, file, path):
                return Resource(key, gone.name, {"name": gone.name}, file.mark(path), gone.id, absent=True)
            return None
        entry = self._valid(KINDS[key].model, value, file, path)
        if entry is None:
            return None
        body = KINDS[key].body(entry)
        place = _place(getattr(entry, "place", None))
        return Resource(key, entry.name, body, file.mark(path), entry.id, place=place)

    def _entries(self, key: str, variables: Variables) -> Iterator[tuple[_File, Path, object]]:
        """Give each entry of a section, variables put in; entries that these do not fit are told."""
        for file in self.files:
            section = file.sections.get(key) or []
            if not isinstance(section, list):
                self.fault(file.mark((key,)), (key,), "is no list; each entry begins with a dash")
                continue
            for position, entry in enumerate(section):
                path = (key, position)
                told_before = len(self.faults)
                value = self._expanded(entry, file, path, variables)
                if len(self.faults) == told_before:
                    yield file, path, value

    def _expanded(self, value: object, file: _File, path: Path, variables: Variables) -> object:
        match value:
            case dict():
                return {
                    name: self._expanded(one, file, (*path, name), variables) for name, one in value.items()
                }
            case list():
                return [self._expanded(one, file, (*path, at), variables) for at, one in enumerate(value)]
            case str() if "${" in value:
                try:
                    return variables.expand(value, is_plain=path in file.document.plain)
                except CannotExpand as error:
                    if isinstance(error, NoValue):
                        self.valueless.add(str(error))
                    self.fault(file.mark(path), path, str(error))
        return value

    def _valid(self, model: type[M], value: object, file: _File, path: Path) -> M | None:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for inner, text in told(error, value):
                self.fault(file.mark((*path, *inner)), (*path, *inner), text)
            return None

    def _find(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            file, path = self.places[finding.resource.kind, finding.resource.name]
            place = (*path, *finding.path)
            lines = self.warnings if finding.is_warning else self.faults
            lines.append((file.mark(place), f"{dotted(place)}: {finding.text}"))


def _place(place: object) -> Place | None:
    for side in _SIDES:
        if isinstance(name := getattr(place, side, None), str):
            return Place(side, name)
    return None


def _lines(found: Iterable[tuple[Mark, str]], once: Iterable[str] = ()) -> list[str]:
    """Give a line for each, by file and line; of those that end alike in one of `once`, only the first."""
    lines = [f"{mark}: {text}" for mark, text in sorted(set(found))]
    again = [line for end in once for line in [line for line in lines if line.endswith(end)][1:]]
    return [line for line in lines if line not in again]
