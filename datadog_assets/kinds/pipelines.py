"""Log pipelines: https://docs.datadoghq.com/api/latest/logs-pipelines/."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from pydantic import Field, ValidationError, model_validator

from datadog_assets.api import Api
from datadog_assets.kind import Kind
from datadog_assets.kinds import _pipeline_checks
from datadog_assets.kinds._answers import identified, objects
from datadog_assets.model import OWN, Entry, Model
from datadog_assets.processors import AnyProcessor
from datadog_assets.processors._base import Filter
from datadog_assets.resource import MANAGED_TAG, Finding, Json, Live, Resource

_PATH = "/api/v1/logs/config/pipelines"
_READ, _WRITE = "logs_read_config", "logs_write_pipelines"


class Place(Model):
    """Where the pipeline stands: somewhere before, or after, the one of that name."""

    before: str | None = None
    after: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.before is None) == (self.after is None):
            raise ValueError("needs one of before and after, and not both")
        return self


class Pipeline(Entry):
    """One log pipeline: which logs it is for, and what is done to them."""

    read_only: ClassVar[frozenset[str]] = frozenset({"is_read_only", "type"})

    description: str | None = None
    filter: Filter | None = None
    is_enabled: bool = Field(default=True, description="Whether it does anything (true).")
    processors: list[AnyProcessor] = []  # noqa: RUF012 - pydantic copies it
    tags: list[str] = []  # noqa: RUF012 - as above
    place: Place | None = None


class Pipelines(Kind):
    """Log pipelines with their processors."""

    key: ClassVar[str] = "pipelines"
    word: ClassVar[str] = "pipeline"
    rank: ClassVar[int] = 0
    has_tags: ClassVar[bool] = True
    model: ClassVar[type[Entry]] = Pipeline

    def body(self, entry: Entry) -> Json:
        """Give what is declared, enabled unless it says otherwise: Datadog takes a silence for a no."""
        return _enabled(entry.model_dump(by_alias=True, exclude_unset=True, exclude_none=True, exclude=OWN))

    def check(self, declared: Sequence[Resource]) -> Iterable[Finding]:
        """Find what Datadog refuses, and what can never act."""
        yield from _pipeline_checks.check([resource for resource in declared if not resource.absent])

    def canonical(self, body: Json) -> Json:
        """Drop what the server adds; write every default out, so that an edit shows what was before."""
        try:
            pipeline = Pipeline.model_validate(body, extra="ignore")
        except ValidationError:
            found = {name: body[name] for name in Pipeline.model_fields if body.get(name) is not None}
        else:
            found = pipeline.model_dump(by_alias=True, exclude_none=True, exclude=OWN)
        return found | {"tags": _tags(found)}

    def entry(self, body: Json) -> Json:
        """Give what is no default, with queries written short."""
        canonical = self.canonical(body)
        try:
            pipeline = Pipeline.model_validate(canonical, extra="ignore")
        except ValidationError:
            return canonical
        found = pipeline.model_dump(by_alias=True, exclude_defaults=True, exclude_none=True)
        return {name: _short(value) for name, value in found.items()}

    def list(self, api: Api) -> list[Live]:
        """Read all; this list has no pages."""
        return [_live(one) for one in objects(api.get(_PATH, permission=_READ), f"GET {_PATH}")]

    def validate(self, api: Api, body: Json, live_id: str | None) -> None:
        """Nothing: Datadog offers no such call."""

    def create(self, api: Api, body: Json) -> Live:
        """Make it; names need not be unique, so one that an earlier attempt made is looked up."""

        def lookup() -> Json | None:
            wanted = self.canonical(body)
            same = [one for one in self.list(api) if one.name == body["name"] and not one.read_only]
            return next((one.body for one in same if self.canonical(one.body) == wanted), None)

        answer = api.post(_PATH, body, permission=_WRITE, lookup=lookup)
        return _live(identified(answer, f"POST {_PATH}"))

    def update(self, api: Api, live_id: str, body: Json) -> None:
        """Replace it."""
        api.put(f"{_PATH}/{live_id}", body, permission=_WRITE)

    def delete(self, api: Api, live_id: str) -> None:
        """Delete it; of one that is gone Datadog says 400."""
        api.delete(
            f"{_PATH}/{live_id}", permission=_WRITE, gone=lambda error: "Non existing pipeline" in str(error)
        )


KIND = Pipelines()


def _live(body: Json) -> Live:
    read_only = body.get("is_read_only") is True
    return Live("pipelines", str(body.get("id")), str(body.get("name")), body, read_only)


def _tags(body: Json) -> list[str]:
    tags = body.get("tags")
    return sorted({str(tag) for tag in tags} - {MANAGED_TAG}) if isinstance(tags, list) else []


def _enabled(body: Json) -> Json:
    """Write `is_enabled` out for a pipeline and, where it has processors of its own, for those."""
    found = {"is_enabled": True, **body}
    if body.get("type") in (None, "pipeline") and isinstance(processors := body.get("processors"), list):
        found["processors"] = [_enabled(one) for one in processors]
    return found


def _short(value: object) -> object:
    match value:
        case {"query": str(query), **others} if not others:
            return query
        case dict():
            return {name: _short(inner) for name, inner in value.items()}
        case list():
            return [_short(one) for one in value]
    return value
