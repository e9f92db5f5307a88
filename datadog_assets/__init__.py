"""Gets Datadog ready for Okta Workflows, and stands in for Datadog on one's own machine.

One log's way through the sandbox, in order:

1. `sandbox.app`         the routes, and who may use them
2. `sandbox.intake`      what Datadog's logs intake takes, cuts or refuses
3. `sandbox.preprocess`  a JSON message becomes attributes; the reserved ones become the log's own
4. `sandbox.store`       the logs that arrived, and what was counted on the way
5. `sandbox.events`      finds them again, a page at a time; `sandbox.search` reads the query

Assets live beside the logs, in `sandbox.pipelines` and its like: the routes and what there is. What the
server makes of a body is pure and apart, in `sandbox.pipeline_bodies` and its like; `sandbox.access` knows
the keys, `sandbox.faults` makes things go wrong on request.

`sandbox.server` puts the app on a socket; `cli` is what a person types.
"""
