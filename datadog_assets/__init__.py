"""Gets Datadog ready for Okta Workflows, and stands in for Datadog on one's own machine.

One YAML entry's way to its API call, in order:

1. `load`     YAML to resources: variables put in, checked by the model of their kind, each with its line
2. `kinds`    what an entry of each kind may hold, what equal means, and its API calls
3. `plan`     what is declared against what Datadog has: the changes, and what keeps them from being made
4. `apply`    one change after the other; what is replaced is saved first
5. `api`      Datadog's HTTP API: keys, pages, rate limits, retries that do nothing twice

`session` joins these for the commands of `cli`; `render` shows a plan; `export` goes the other way, from what
Datadog has to YAML; `packs` holds the YAML that comes with the product.

`rehearse` runs events through what is declared, without Datadog: `processors` and `grok` say what becomes of
a log, `search` which logs are meant, `alerting` what monitors make of them and whom they tell.

One log's way through the sandbox, in order:

1. `sandbox.app`         the routes, and who may use them
2. `sandbox.intake`      what Datadog's logs intake takes, cuts or refuses
3. `preprocess`          a JSON message becomes attributes; the reserved ones become the log's own
4. `sandbox.processing`  the pipelines that were applied
5. `sandbox.store`       the logs that arrived, and what was counted on the way
6. `sandbox.alerts`      the monitors that were applied, and what they notify of
7. `sandbox.events`      finds the logs again, a page at a time; `search` reads the query

Assets live beside the logs, in `sandbox.pipelines` and its like: the routes and what there is. What the
server makes of a body is pure and apart, in `sandbox.pipeline_bodies` and its like; `sandbox.access` knows
the keys, `sandbox.faults` makes things go wrong on request. `sandbox.server` puts the app on a socket.
"""
