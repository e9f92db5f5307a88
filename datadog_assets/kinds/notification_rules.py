"""Monitor notification rules.

https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor-notification-rule
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from datadog_assets.api import Api
from datadog_assets.kind import Kind
from datadog_assets.kinds._answers import data, identified, objects
from datadog_assets.model import Entry, Model, also
from datadog_assets.resource import Finding, Json, Live, Resource

_PATH = "/api/v2/monitor/notification_rule"
_TYPE = "monitor-notification-rule"
_READ, _WRITE = "monitors_read", "monitor_config_policy_write"
_PAGE = 1000
_FIELDS = ("name", "filter", "recipients", "conditional_recipients", "bundle_config")


def _split(value: object) -> object:
    """Take one text, comma separated, for a list: so that a variable can hold several."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _bare(handle: str) -> str:
    if handle.startswith("@"):
        raise ValueError(f"{handle!r} begins with an @; recipients have none: {handle.lstrip('@')!r}")
    return handle


Recipients = Annotated[
    list[Annotated[str, AfterValidator(_bare)]],
    BeforeValidator(_split),
    Field(
        min_length=1,
        max_length=20,
        json_schema_extra=also({"type": "string"}),
        description="Handles without @, as a list or comma separated: slack-ops, a@b.example.",
    ),
]
"""1 to 20, says the OpenAPI description; the documentation says 50."""


class Filter(Model):
    """Which monitors the rule is for: `tags`, which must all match, or a `scope`."""

    tags: list[str] | None = Field(default=None, min_length=1, max_length=20)
    scope: str | None = Field(default=None, min_length=1, max_length=3000)

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.tags is None) == (self.scope is None):
            raise ValueError("needs one of tags and scope, and not both")
        return self


class Condition(Model):
    """Who is told when the scope matches, such as transition_type:is_alert."""

    scope: str = Field(min_length=1, max_length=3000)
    recipients: Recipients


class ConditionalRecipients(Model):
    """Who is told when; all conditions that match count."""

    conditions: list[Condition] = Field(min_length=1, max_length=10)
    fallback_recipients: Recipients | None = Field(
        default=None, description="Told when no condition matches."
    )


class BundleConfig(Model):
    """Puts what happens within so many seconds into one notification."""

    duration: int = Field(ge=0, description="Seconds.")


class Rule(Entry):
    """One rule."""

    name: str = Field(min_length=1, max_length=1000)
    filter: Filter
    recipients: Recipients | None = None
    conditional_recipients: ConditionalRecipients | None = None
    bundle_config: BundleConfig | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.recipients is None) == (self.conditional_recipients is None):
            raise ValueError("needs one of recipients and conditional_recipients, and not both")
        return self


class NotificationRules(Kind):
    """Who is notified of which monitors."""

    key: ClassVar[str] = "notification_rules"
    word: ClassVar[str] = "notification rule"
    rank: ClassVar[int] = 1
    has_tags: ClassVar[bool] = False  # the tags of a rule are those of the monitors it is for
    model: ClassVar[type[Entry]] = Rule

    def body(self, entry: Entry) -> Json:
        """Give the rule's attributes."""
        return entry.model_dump(include=set(_FIELDS), exclude_none=True)

    def check(self, declared: Sequence[Resource]) -> Iterable[Finding]:
        """Find nothing: the model holds all that is known."""
        del declared
        return ()

    def canonical(self, body: Json) -> Json:
        """Keep what a person writes; the order of tags and recipients means nothing."""
        return {name: _sorted(value) for name, value in self.entry(body).items()}

    def entry(self, body: Json) -> Json:
        """Give what a person writes."""
        try:
            return self.body(Rule.model_validate(body, extra="ignore"))
        except ValidationError:
            return {name: body[name] for name in _FIELDS if body.get(name) is not None}

    def list(self, api: Api) -> list[Live]:
        """Read all, a thousand a page."""
        found = api.pages(
            _PATH,
            permission=_READ,
            size=("per_page", _PAGE),
            pick=lambda page: objects(data(page), f"GET {_PATH}"),
        )
        return [_live(one) for one in found]

    def validate(self, api: Api, body: Json, live_id: str | None) -> None:
        """Nothing: Datadog offers no such call."""

    def create(self, api: Api, body: Json) -> Live:
        """Make it; names need not be unique, so one that an earlier attempt made is looked up."""

        def lookup() -> Json | None:
            wanted = self.canonical(body)
            found = next((one for one in self.list(api) if self.canonical(one.body) == wanted), None)
            return {"data": {"id": found.id, "attributes": found.body}} if found else None

        answer = api.post(_PATH, _wrapped(body), permission=_WRITE, lookup=lookup)
        return _live(identified(data(answer), f"POST {_PATH}"))

    def update(self, api: Api, live_id: str, body: Json) -> None:
        """Replace all attributes."""
        api.patch(f"{_PATH}/{live_id}", _wrapped(body, live_id), permission=_WRITE)

    def delete(self, api: Api, live_id: str) -> None:
        """Delete it."""
        api.delete(f"{_PATH}/{live_id}", permission=_WRITE, gone=lambda error: error.status == 404)


KIND = NotificationRules()


def _wrapped(body: Json, live_id: str | None = None) -> Json:
    rule: Json = {"type": _TYPE, "attributes": body}
    return {"data": rule | {"id": live_id} if live_id else rule}


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _live(rule: Json) -> Live:
    body = _object(rule.get("attributes"))
    return Live("notification_rules", str(rule["id"]), str(body.get("name")), body)


def _sorted(value: object, name: str = "") -> object:
    match value:
        case dict():
            return {key: _sorted(inner, key) for key, inner in value.items() if inner not in (None, {}, [])}
        case list() if name in {"tags", "recipients", "fallback_recipients"}:
            return sorted(set(map(str, value)))
        case list():
            return [_sorted(inner) for inner in value]
    return value
