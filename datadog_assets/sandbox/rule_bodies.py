"""What Datadog takes as a monitor notification rule, and what it refuses.

https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor-notification-rule

What was taken is echoed as it was. Of the texts only the one about a handle's `@` is known to be Datadog's;
the others follow its form.
"""

from datadog_assets.sandbox.answers import Json, Refused, refused

RULE_TYPE = "monitor-notification-rule"

MAX_NAME = 1000
MAX_TAGS = 20
MAX_SCOPE = 3000
MAX_RECIPIENTS = 20
"""As the API's description has it; a page of the documentation says 50."""
MAX_CONDITIONS = 10

_ATTRIBUTES = frozenset({"name", "filter", "recipients", "conditional_recipients", "bundle_config"})


def read_rule(body: object, key: str | None = None) -> Json:
    """Give the attributes of a rule as the server keeps them; an update replaces them all.

    Read-only attributes are not looked at.

    Args:
        body: what was sent.
        key: the id in the path of an update, which its body must repeat.

    Raises:
        Refused: 400 for what Datadog does not take.
    """
    data = _object(_object(body, "body").get("data"), "data")
    if data.get("type") != RULE_TYPE:
        raise _invalid("type", f"must be {RULE_TYPE}")
    if key is not None and data.get("id") != key:
        raise _invalid("id", "must be the id in the path")
    sent = _object(data.get("attributes"), "attributes")
    attributes = {name: value for name, value in sent.items() if name in _ATTRIBUTES}
    _check_text(attributes.get("name"), "name", MAX_NAME)
    _check_filter(_object(attributes.get("filter"), "filter"))
    if ("recipients" in attributes) == ("conditional_recipients" in attributes):
        raise _invalid("recipients", "give either recipients or conditional_recipients")
    if "recipients" in attributes:
        _check_recipients(attributes["recipients"], "recipients")
    else:
        _check_conditional(_object(attributes["conditional_recipients"], "conditional_recipients"))
    if "bundle_config" in attributes:
        duration = _object(attributes["bundle_config"], "bundle_config").get("duration")
        if type(duration) is not int or duration < 0:
            raise _invalid("bundle_config", "duration must be a number of seconds")
    return attributes


def _check_filter(by: Json) -> None:
    if by.keys() == {"tags"}:
        for tag in _list(by["tags"], "tags", MAX_TAGS):
            _check_text(tag, "tags", MAX_SCOPE)
    elif by.keys() == {"scope"}:
        _check_text(by["scope"], "scope", MAX_SCOPE)
    else:
        raise _invalid("filter", "give either tags or scope")


def _check_conditional(conditional: Json) -> None:
    for sent in _list(conditional.get("conditions"), "conditions", MAX_CONDITIONS):
        condition = _object(sent, "conditions")
        _check_text(condition.get("scope"), "scope", MAX_SCOPE)
        _check_recipients(condition.get("recipients"), "recipients")
    if "fallback_recipients" in conditional:
        _check_recipients(conditional["fallback_recipients"], "fallback_recipients")


def _check_recipients(sent: object, name: str) -> None:
    for handle in _list(sent, name, MAX_RECIPIENTS):
        _check_text(handle, name, MAX_SCOPE)
        if str(handle).startswith("@"):
            raise _invalid(name, "Recipient handle should not start with '@'")


def _check_text(sent: object, name: str, longest: int) -> None:
    if not isinstance(sent, str) or not 1 <= len(sent) <= longest:
        raise _invalid(name, f"must be text of 1 to {longest} characters")


def _list(sent: object, name: str, longest: int) -> list[object]:
    if not isinstance(sent, list) or not 1 <= len(sent) <= longest:
        raise _invalid(name, f"must be a list of 1 to {longest}")
    return sent


def _object(sent: object, name: str) -> Json:
    if not isinstance(sent, dict):
        raise _invalid(name, "must be an object")
    return sent


def _invalid(name: str, reason: str) -> Refused:
    return refused(400, f"Invalid {name}: {reason}")
