r"""The characters that Java's escapes and classes stand for, as Python's classes.

Python has no `\h`, `\v` and `\p{…}`, no classes within classes and no `&&`. Of the properties of Unicode only
the common ones are known, and only by and large.
"""

import re

from datadog_assets.grok.errors import Fault

_HEX = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_OCTAL = re.compile(r"\\0([0-3]?[0-7]{1,2})")
_PROPERTY = re.compile(r"\\[pP](?:\{\^?([\w=]+)\}|(\w))")
_BLANK = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
VERTICAL = r"\n\x0b\f\r\x85\u2028\u2029"
_CLASS_ESCAPES = {"h": _BLANK, "v": VERTICAL}
_LETTERS = "a-zA-Z"
_PUNCTUATION = r"!-/:-@\[-`{-~"
_PROPERTIES = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": _LETTERS,
    "Digit": "0-9",
    "Alnum": f"{_LETTERS}0-9",
    "Punct": _PUNCTUATION,
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r"\t-\r ",
    "IsAlphabetic": rf"{_LETTERS}\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u02c1\u0370-\u1fff\u2c00-\ud7ff",
    "IsDigit": "0-9",
    "L": rf"{_LETTERS}\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u02c1\u0370-\u1fff\u2c00-\ud7ff",
    "Lu": r"A-Z\xc0-\xd6\xd8-\xde",
    "Ll": r"a-z\xb5\xdf-\xf6\xf8-\xff",
    "N": r"0-9\xb2\xb3\xb9\xbc-\xbe",
    "Nd": "0-9",
    "P": r"!-#%-*,-/:;?@\[-\]_{}\xa1\xa7\xab\xb6\xb7\xbb\xbf\u2010-\u2027\u2030-\u205e",
    "S": r"$+<->\^`|~\xa2-\xa9\xac\xae-\xb1\xb4\xb8\xd7\xf7\u20a0-\u20bf\u2100-\u2bff",
    "Z": rf"{_BLANK[:1]}\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
_DEEPEST = 20


def escaped(text: str, place: int) -> tuple[str | None, bool, int]:
    """Read an escape: what stands for it in a class, whether that is negated, and the end of the escape.

    None stands for an escape that both languages have.
    """
    letter = text[place + 1 : place + 2]
    stands: tuple[str | None, bool, int] = None, False, place + 2
    if not letter:
        raise Fault("a backslash stands at the end", place)
    if letter.lower() in _CLASS_ESCAPES:
        stands = _CLASS_ESCAPES[letter.lower()], letter.isupper(), place + 2
    elif letter in "pP":
        stands = _property(text, place)
    elif letter == "e":
        stands = r"\x1b", False, place + 2
    elif found := _HEX.match(text, place):
        if int(found[1], 16) > 0x10FFFF:
            raise Fault("there is no such character", place)
        stands = f"\\U{int(found[1], 16):08x}", False, found.end()
    elif found := _OCTAL.match(text, place):
        stands = f"\\x{int(found[1], 8):02x}", False, found.end()
    elif letter == "c" and place + 2 < len(text):
        stands = f"\\x{(ord(text[place + 2]) ^ 64) & 0x7F:02x}", False, place + 3
    return stands


def _property(text: str, place: int) -> tuple[str, bool, int]:
    found = _PROPERTY.match(text, place)
    name = (found[1] or found[2]) if found else ""
    inside = _PROPERTIES.get(name) or _PROPERTIES.get(name.removeprefix("Is"))
    if found is None or inside is None:
        raise Fault("this property of characters is not known here", place)
    return inside, (text[place + 1] == "P") != ("^" in found[0]), found.end()


class JavaClass:
    """Reads a class, `[…]`, that may hold others and be cut with others by `&&`.

    `items` is what stands in it for Python, `others` are classes that Python can only have beside it.
    """

    def __init__(self, text: str, place: int, depth: int = 0) -> None:
        if depth > _DEEPEST:
            raise Fault("too many classes in one another", place)
        self.text = text
        self.place = place + 1
        self.start = place
        self.depth = depth

    def read(self) -> tuple[str, int]:
        negated = self.text.startswith("^", self.place)
        if negated:
            self.place += 1
        sides = [self._side(first=True)]
        while self.text.startswith("&&", self.place):
            self.place += 2
            sides.append(self._side(first=False))
        self.place += 1
        if len(sides) == 1 and len(sides[0]) == 1 and sides[0][0].startswith("[") and negated:
            plain = sides[0][0]
            return (plain.replace("[", "[^", 1) if plain[1] != "^" else f"[{plain[2:]}"), self.place
        joined = [side[0] if len(side) == 1 else f"(?:{'|'.join(side)})" for side in sides]
        if len(joined) == 1 and not negated:
            return joined[0], self.place
        every = "".join(f"(?={side})" for side in joined)
        ahead = f"(?!{every}[\\s\\S])" if negated else every
        return f"(?:{ahead}[\\s\\S])", self.place

    def _side(self, *, first: bool) -> list[str]:
        items: list[str] = []
        others: list[str] = []
        while not self.text.startswith("&&", self.place):
            if self.place >= len(self.text):
                raise Fault("the closing bracket of the class is missing", self.start)
            character = self.text[self.place]
            if character == "]" and (items or others or not first):
                break
            if character == "[":
                inner, self.place = JavaClass(self.text, self.place, self.depth + 1).read()
                others.append(inner)
            else:
                self._item(items, others)
        return ([f"[{''.join(items)}]"] if items else []) + others or ["[^\\s\\S]"]

    def _item(self, items: list[str], others: list[str]) -> None:
        start, negated = self._one()
        if negated:
            others.append(f"[^{start}]")
            return
        dash = self.text.startswith("-", self.place)
        after = self.text[self.place + 1 : self.place + 2]
        if dash and after not in ("", "]", "[") and _is_single(start):
            place = self.place
            self.place += 1
            end, end_negated = self._one()
            if _is_single(end) and not end_negated:
                items.append(f"{start}-{end}")
                return
            self.place = place
        items.append(start)

    def _one(self) -> tuple[str, bool]:
        character = self.text[self.place]
        if character != "\\":
            self.place += 1
            return (f"\\{character}" if character in "[]^-&|~" else character), False
        if self.text.startswith("\\Q", self.place):
            end = self.text.find("\\E", self.place)
            stop = end if end >= 0 else len(self.text)
            quoted = self.text[self.place + 2 : stop]
            self.place = stop + 2
            return "".join(re.escape(each) for each in quoted), False
        inside, negated, end = escaped(self.text, self.place)
        written = self.text[self.place : end] if inside is None else inside
        self.place = end
        return written, negated


def _is_single(item: str) -> bool:
    """Whether an item of a class is one character, so that a range can begin or end with it."""
    return len(item) == 1 or (item.startswith("\\") and item[1] not in "dDwWsS" and "-" not in item[2:])
