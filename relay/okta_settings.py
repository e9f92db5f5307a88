"""What to paste into each field of Okta's console. Pure."""

from relay.settings import Settings

_TEXT = """\
In the Okta Workflows Console: Settings > Execution Log Streaming > Edit.

URL
    {url}

Authorization header (stored encrypted)
    key    {header}
    value  {value}

Headers
    none are needed

Event body
    none is needed: the relay wraps each event itself. If your console asks for one, paste
    {{"message": "${{event}}"}}
    A body with ddtags, ddsource, hostname or service works too; these then win over the relay's:
    {{"ddtags": "{ddtags}", "ddsource": "{source}", "message": "${{event}}", "service": "{service}"}}

Events
    all of them: started, completed, failed, canceled, throttled, and what else is offered

Then press "Send test event". The relay counts it in relay_test_requests_total or relay_events_accepted_total
(GET /metrics), and answers 202. Each flow can be switched on or off in its own settings.
Deactivating the stream wipes these settings in Okta: keep this page.
"""


def okta_settings(settings: Settings, url: str, *, show_token: bool) -> str:
    """Tell what to paste where.

    Args:
        settings: of the relay that will take the events.
        url: where Okta reaches the relay's endpoint.
        show_token: print the token itself, not a placeholder.
    """
    token = settings.tokens[0] if settings.tokens and show_token else "<the value of RELAY_TOKEN>"
    is_standard = settings.token_header.lower() == "authorization"
    return _TEXT.format(
        url=url,
        header=settings.token_header,
        value=f"Bearer {token}" if is_standard else token,
        ddtags=f"env:{settings.env},service:{settings.service}",
        source=settings.source,
        service=settings.service,
    )
