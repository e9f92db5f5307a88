"""Takes Okta Workflows' execution events, keeps them safe, and forwards them to Datadog.

One event's way, in order:

1. `receiver`   reads the request, answers 202 once the event is on disk
2. `okta`       finds the events in the body, whatever shape Okta gave it
3. `envelope`   wraps each in Datadog's five fields: a finished record
4. `spool`      keeps the records until Datadog has them
5. `forwarder`  claims a batch, sends it through `intake`, acts on the verdict

`serve` puts these together and runs them; `cli` is what a person types. What keeps them going when
something breaks: `kept_spool` opens the spool again, `delivery` knows how the forwarder gets on, `current`
reads settings and keys again, `connections` bounds what strangers can do. `workers` are further processes
that receive, where one is too slow.
"""

__version__ = "0.1.0"
