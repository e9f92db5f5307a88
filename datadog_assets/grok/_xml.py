"""XML as objects: https://docs.datadoghq.com/logs/log_configuration/parsing/#parsing-xml."""

from xml.parsers import expat

from datadog_assets.grok._attributes import Attributes, append

_DEEPEST = 200


def parse_xml(text: str) -> Attributes | None:
    """Give the outermost element under its name; None if it is no proper XML, or declares entities.

    An element is its text, or an object of its attributes, its elements and, as `value`, its text. Elements
    of one name are an array. Values stay text.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.texts.append
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(text.strip().encode(errors="replace"), True)
    except (expat.ExpatError, ValueError):
        return None
    return reader.found


class _Reader:
    """Builds the object while expat goes through the text."""

    def __init__(self) -> None:
        self.found: Attributes = {}
        self.texts: list[str] = []
        self._open = [self.found]
        self._outer_texts: list[list[str]] = []

    def start(self, _: str, attributes: dict[str, str]) -> None:
        if len(self._open) > _DEEPEST:
            raise ValueError(_DEEPEST)
        self._open.append(dict(attributes))
        self._outer_texts.append(self.texts[:])
        self.texts.clear()

    def end(self, name: str) -> None:
        text = "".join(self.texts).strip()
        element = self._open.pop()
        self.texts[:] = self._outer_texts.pop()
        if text and element:
            append(element, "value", text)
        if element or text:
            append(self._open[-1], name, element or text)

    def refuse(self, *_: object) -> None:
        """An entity may stand for any amount of text, or for a file."""
        raise ValueError(_)
