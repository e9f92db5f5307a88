"""What is wrong with a grok rule, said so that its author finds the place."""


class GrokSyntaxError(ValueError):
    """A grok rule that Datadog would refuse.

    Args:
        rule: the name of the rule, empty if the line has none.
        line: the line as it was written.
        place: where in the line the fault begins.
        reason: what is wrong there.
    """

    def __init__(self, rule: str, line: str, place: int, reason: str) -> None:
        self.rule = rule
        self.line = line
        self.place = max(0, min(place, len(line)))
        self.reason = reason
        super().__init__(rule, line, place, reason)

    def __str__(self) -> str:
        about = f"rule {self.rule}: " if self.rule else ""
        margin = "".join("\t" if character == "\t" else " " for character in self.line[: self.place])
        return f"{about}{self.reason}\n{self.line}\n{margin}^"


class Fault(ValueError):
    """What is wrong in a part of a rule; who knows the rule makes a GrokSyntaxError of it.

    Args:
        reason: what is wrong.
        place: where, counted from the beginning of the part.
    """

    def __init__(self, reason: str, place: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
