"""Datadog's grok parser: rules that take log messages apart.

https://docs.datadoghq.com/logs/log_configuration/parsing/
"""

from datadog_assets.grok._grok import Grok, compile_rules
from datadog_assets.grok.errors import GrokSyntaxError

__all__ = ["Grok", "GrokSyntaxError", "compile_rules"]
