"""Attributes from text."""

from functools import cached_property
from typing import Literal

from pydantic import Field

from datadog_assets.grok import Grok as Rules
from datadog_assets.grok import GrokSyntaxError, compile_rules
from datadog_assets.model import Model
from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import as_text


class Grok(Model):
    """Datadog's grok rules."""

    match_rules: str
    support_rules: str = ""


class GrokParser(Processor):
    """Takes a text apart by rules."""

    type: Literal["grok-parser"]
    source: str = "message"
    samples: list[str] = Field(default=[], max_length=5)
    grok: Grok

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write what the first rule that matches takes out of the source.

        https://docs.datadoghq.com/logs/log_configuration/parsing/
        """
        text = self._text(draft)
        if text is None:
            return
        if isinstance(self._grok, GrokSyntaxError):
            at.leave(f"its rules cannot be read: {self._grok}")
            return
        try:
            found = self._grok.parse(text, at.now)
        except TimeoutError:
            at.leave("its rules take too long for this text")
            return
        if found is None:
            at.warnings.append("none of its rules matches the text")
            return
        for name, value in found.items():
            draft.merge(name, value)

    def _text(self, draft: Draft) -> str | None:
        """The source `message` is the log's own; an attribute of that name is another."""
        if self.source == "message":
            return as_text(draft.log.get("message"))
        return as_text(draft.read(self.source))

    @cached_property
    def _grok(self) -> Rules | GrokSyntaxError:
        try:
            return compile_rules(self.grok.match_rules, self.grok.support_rules)
        except GrokSyntaxError as error:
            return error


PROCESSOR = GrokParser
