"""Gets Datadog ready for Okta Workflows, and stands in for Datadog on one's own machine.

One log's way through the sandbox, in order:

1. `sandbox.app`         the routes, and who may use them
2. `sandbox.intake`      what Datadog's logs intake takes, cuts, drops or refuses
3. `sandbox.preprocess`  a JSON message becomes attributes; the reserved ones become the log's own
4. `sandbox.store`       the logs that arrived
5. `sandbox.search`      finds them again
"""
