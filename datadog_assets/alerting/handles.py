"""The @handles in a message: who is told by it.

https://docs.datadoghq.com/monitors/notify/#notifications
"""

import re

_HANDLE = re.compile(r"(?<![\w@.<+/%-])@([\w.+-]+(?:@[\w-]+(?:\.[\w-]+)*)?)(\(|\{\{)?")
_WORKFLOW = "workflow-"


def handles(text: str) -> tuple[str, ...]:
    """Give the handles in a rendered text, with their @, each once, in their order.

    The punctuation behind a handle is not part of it. One with parentheses is not parsed by Datadog, except
    that a workflow's hold what it is started with. One that ends in what could not be rendered is left out.
    """
    found: dict[str, None] = {}
    for match in _HANDLE.finditer(text):
        name, behind = match[1].rstrip(".+"), match[2]
        if name.strip("-._") and (not behind or (behind == "(" and name.startswith(_WORKFLOW))):
            found[f"@{name}"] = None
    return tuple(found)
