"""Text from anywhere, made fit for a line of a terminal or a file."""

import json
import unicodedata

from datadog_assets.resource import Path

UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of what moves the cursor, turns the direction of writing, breaks a line or cannot be
encoded. https://www.unicode.org/reports/tr44/#General_Category_Values"""


def printable(text: str) -> str:
    """Give the text with what is not seen, or moves other text, written out as JSON does."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(sign) if unicodedata.category(sign) in UNSEEN else sign for sign in text)


def _shown(sign: str) -> str:
    code = ord(sign)
    return json.dumps(sign)[1:-1] if code < 0x20 or 0x7F <= code <= 0xFFFF else f"\\U{code:08x}"


def quoted(value: object) -> str:
    """Give a JSON value on one line, printable; a text that holds `"`, as queries do, in single quotes."""
    if isinstance(value, str) and '"' in value and "'" not in value:
        return printable("'" + value.replace("\\", "\\\\") + "'")
    return printable(json.dumps(value, ensure_ascii=False))


def dotted(path: Path) -> str:
    """Give a place in a JSON value as `options.thresholds.critical`, or `processors[2].name`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            plain = step.isidentifier() or step.replace("-", "_").isidentifier()
            text += f".{step}" if plain else f"[{json.dumps(step, ensure_ascii=False)}]"
    return printable(text.removeprefix("."))
