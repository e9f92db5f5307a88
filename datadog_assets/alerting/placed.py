"""An error that shows its place in the text that is at fault."""

_WIDTH = 100


class Misplaced(ValueError):
    """A text breaks its own rules somewhere.

    Attributes:
        text: the whole text.
        reason: what is wrong there.
        position: where, counted from 0.
    """

    def __init__(self, text: str, reason: str, position: int) -> None:
        super().__init__(f"{reason}\n{pointed(text, position)}")
        self.text = text
        self.reason = reason
        self.position = position


def pointed(text: str, position: int) -> str:
    """Give the line around a position, with a caret under it."""
    begin = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[begin:] if end < 0 else text[begin:end]
    column = position - begin
    cut = max(0, column - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown = line[cut : cut + _WIDTH].replace("\t", " ")
    return f"{shown}\n{' ' * (column - cut)}^"
