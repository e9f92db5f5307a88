"""Attributes from text."""

from typing import Literal

from pydantic import Field

from datadog_assets.model import Model
from datadog_assets.processors._base import Processor


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


PROCESSOR = GrokParser
