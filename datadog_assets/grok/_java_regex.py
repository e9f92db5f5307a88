r"""Java's regular expressions as Python's.

Datadog runs rules with Java's engine. Possessive quantifiers and atomic groups are the same in both; flags in
the middle, `\h`, `\p{…}`, `\Q…\E`, classes within classes and a few names differ and are rewritten here. What
Python cannot do is refused: look-behind of no fixed width, `\G` and `\X`.
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""

import re
from bisect import bisect_right

from datadog_assets.grok._java_classes import VERTICAL, JavaClass, escaped
from datadog_assets.grok.errors import Fault

_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")
_GROUP_NAME = re.compile(r"\(\?P?<([A-Za-z_][\w.]*)>", re.ASCII)
_GROUP_OPENINGS = ("(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>")
_BACK_NAME = re.compile(r"\\k<([^>]*)>")
_OUTSIDE = {
    "R": rf"(?:\r\n|[{VERTICAL}])",
    "z": r"\Z",
    "Z": rf"(?=(?:\r\n|[{VERTICAL}])?\Z)",
}
_KEPT_FLAGS = "imsx"


class Translator:
    """Puts a Python pattern together from pieces of Java's and pieces that are ready.

    After `finish`, `pattern` is the whole and `names` tells the groups that a rule named itself.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._pieces: list[str] = []
        self._length = 0
        self._places: list[tuple[int, int]] = []
        self._flags: list[list[str]] = [[]]

    @property
    def pattern(self) -> str:
        """What has been put together."""
        return "".join(self._pieces)

    def __len__(self) -> int:
        return self._length

    def place_of(self, position: int) -> int:
        """Give the mark that was set last before a position of the pattern."""
        at = bisect_right(self._places, position, key=lambda mark: mark[0])
        return self._places[at - 1][1] if at else 0

    def mark(self, place: int) -> None:
        """Say where in the rule the next piece stands."""
        self._places.append((self._length, place))

    def ready(self, piece: str) -> None:
        """Add a piece that is Python's already."""
        self._pieces.append(piece)
        self._length += len(piece)

    def java(self, text: str, origin: int | None = None) -> None:
        """Add a piece of a rule. Groups may be opened in one piece and closed in another.

        Args:
            text: the piece.
            origin: where in the rule it stands, if errors are to point into it.

        Raises:
            Fault: Python has nothing for it; the place is counted from the beginning of the piece.
        """
        place = 0
        while place < len(text):
            if origin is not None:
                self.mark(origin + place)
            place = self._step(text, place)

    def enclosed(self, text: str) -> None:
        """Add a piece that has to close all groups that it opens.

        Raises:
            Fault: as for `java`, or a parenthesis has no partner.
        """
        outer, self._flags = self._flags, [[]]
        self.java(text)
        if len(self._flags) != 1:
            raise Fault("a parenthesis is missing in the regular expression", len(text))
        self.ready(")" * len(self._flags[0]))
        self._flags = outer

    def finish(self) -> None:
        """Close what flags in the middle have opened."""
        self.ready(")" * len(self._flags[0]))

    def _step(self, text: str, place: int) -> int:
        character = text[place]
        if character == "\\":
            return self._escape(text, place)
        if character == "[":
            translated, end = JavaClass(text, place).read()
            self.ready(translated)
            return end
        if character == "(":
            return self._open(text, place)
        if character == ")":
            if len(self._flags) == 1:
                raise Fault("a closing parenthesis has no opening one", place)
            self.ready(")" * len(self._flags.pop()) + ")")
        elif character == "|":
            opened = self._flags[-1]
            self.ready(")" * len(opened) + "|" + "".join(opened))
        else:
            self.ready(character)
        return place + 1

    def _open(self, text: str, place: int) -> int:
        if not text.startswith("(?", place):
            self._flags.append([])
            self.ready("(")
            return place + 1
        if name := _GROUP_NAME.match(text, place):
            self._flags.append([])
            own = f"n{len(self.names)}"
            self.names[own] = name[1]
            self._known[name[1]] = own
            self.ready(f"(?P<{own}>")
            return name.end()
        if flags := _FLAGS.match(text, place):
            return self._set_flags(flags)
        for opening in _GROUP_OPENINGS:
            if text.startswith(opening, place):
                self._flags.append([])
                self.ready(opening)
                return place + len(opening)
        raise Fault("this kind of group is not known", place)

    def _set_flags(self, flags: re.Match[str]) -> int:
        on = "".join(flag for flag in _KEPT_FLAGS if flag in flags[1])
        off = "".join(flag for flag in _KEPT_FLAGS if flag in (flags[2] or ""))
        opening = f"(?{on}-{off}:" if off else f"(?{on}:"
        if flags[3] == ":":
            self._flags.append([])
        else:
            self._flags[-1].append(opening)
        self.ready(opening)
        return flags.end()

    def _escape(self, text: str, place: int) -> int:
        if text.startswith("\\Q", place):
            end = text.find("\\E", place)
            self.ready(re.escape(text[place + 2 : end if end >= 0 else len(text)]))
            return end + 2 if end >= 0 else len(text)
        if found := _BACK_NAME.match(text, place):
            if found[1] not in self._known:
                raise Fault(f"no group before has the name {found[1]}", place)
            self.ready(f"(?P={self._known[found[1]]})")
            return found.end()
        letter = text[place + 1 : place + 2]
        if letter in _OUTSIDE:
            self.ready(_OUTSIDE[letter])
            return place + 2
        inside, negated, end = escaped(text, place)
        if inside is None:
            self.ready(text[place:end])
        else:
            self.ready(f"[^{inside}]" if negated else f"[{inside}]")
        return end
