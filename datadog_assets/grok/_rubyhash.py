"""Ruby's hashes: https://docs.datadoghq.com/logs/log_configuration/parsing/?tab=filters."""

import re

from datadog_assets.grok._numbers import inferred

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[{}\[\],]|=>)|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'"""
    r"""|(?P<bare>:?(?:[^\s{}\[\],=>"':]|::|=(?!>))+:?))""",
    re.DOTALL,
)
_WORDS: dict[str, object] = {"nil": None, "null": None, "true": True, "false": False}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_DEEPEST = 100


def parse_rubyhash(text: str) -> dict[str, object] | None:
    """Read `{name => "John", :job => {"title" => "CTO"}}`; None if it is no proper hash."""
    try:
        reader = _Reader(text)
        value = reader.value()
        reader.end()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


class _Reader:
    """Reads a hash token by token."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self.text, self.place)
        if found is None:
            raise ValueError(self.place)
        self.place = found.end()
        return found

    def _is_at(self, mark: str) -> bool:
        found = _TOKEN.match(self.text, self.place)
        return found is not None and found["mark"] == mark

    def _takes(self, mark: str) -> bool:
        if not self._is_at(mark):
            return False
        self._next()
        return True

    def end(self) -> None:
        if self.text[self.place :].strip():
            raise ValueError(self.place)

    def value(self) -> object:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError(self.place)
        token = self._next()
        if token["mark"] == "{":
            value: object = self._hash()
        elif token["mark"] == "[":
            value = self._array()
        else:
            value = _scalar(token)
        self.depth -= 1
        return value

    def _hash(self) -> dict[str, object]:
        found: dict[str, object] = {}
        while not self._takes("}"):
            if found and not self._takes(","):
                raise ValueError(self.place)
            if self._takes("}"):
                break
            key = self._key()
            found[key] = self.value()
        return found

    def _key(self) -> str:
        token = self._next()
        if token["bare"] and token["bare"].endswith(":"):
            return token["bare"].strip(":")
        if token["mark"] or not self._takes("=>"):
            raise ValueError(self.place)
        return (token["bare"] or "").removeprefix(":") or _quoted(token)

    def _array(self) -> list[object]:
        found: list[object] = []
        # a hash that was cut in logging has arrays that end with it
        while not self._takes("]") and not self._is_at("}"):
            if found and not self._takes(","):
                raise ValueError(self.place)
            if not self._is_at("]"):
                found.append(self.value())
        return found


def _scalar(token: re.Match[str]) -> object:
    if token["mark"]:
        raise ValueError(token["mark"])
    bare = token["bare"]
    if bare is None:
        return _quoted(token)
    if bare in _WORDS:
        return _WORDS[bare]
    number = inferred(bare)
    return bare.removeprefix(":") if number is None else number


def _quoted(token: re.Match[str]) -> str:
    if token["single"] is not None:
        return re.sub(r"\\(['\\])", r"\1", token["single"])
    return re.sub(
        r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token["double"] or "", flags=re.DOTALL
    )
