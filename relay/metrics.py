"""Every metric of the relay, with its meaning: what `GET /metrics` shows."""

from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from relay.spool import Depth
from relay.tally import SECONDS, Tally

disable_created_metrics()  # type: ignore[no-untyped-call]  # a time beside each counter, which nobody asks for


class _Dropped(Collector):
    """Counted in the spool itself, for another process drops the letters."""

    def __init__(self, depth: Callable[[], Depth]) -> None:
        self._depth = depth

    def collect(self) -> Iterator[Metric]:
        meaning = "Dead letters that the user has thrown away since the spool was made."
        yield CounterMetricFamily("relay_dead_letters_dropped", meaning, value=self._depth().dropped)


class _Received(Collector):
    """Counted by the receiver."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        tally = self._tally
        for name, meaning, value in (
            ("relay_requests", "Requests answered 202.", tally.requests),
            ("relay_test_requests", "Requests with an empty body, as a test button sends.", tally.tests),
            (
                "relay_events_repeated",
                "Events that had been accepted before; not stored again.",
                tally.repeats,
            ),
            (
                "relay_bodies_recovered",
                "Bodies with unescaped JSON between quotes, mended.",
                tally.recovered,
            ),
            ("relay_records_truncated", "Records cut to fit Datadog's limits.", tally.truncated),
        ):
            yield CounterMetricFamily(name, meaning, value=value)
        for name, meaning, label, values in (
            (
                "relay_requests_refused",
                "Requests answered with an error, by its code; nothing of them was stored.",
                "code",
                tally.refused,
            ),
            (
                "relay_events_accepted",
                "Events on disk, by type; `other` is one that is not known, `entry` came in Datadog's form.",
                "event_type",
                tally.events,
            ),
        ):
            family = CounterMetricFamily(name, meaning, labels=[label])
            for key, number in values.items():
                family.add_metric([key], number)
            yield family
        sums = list(accumulate(tally.took[bucket] for bucket in range(len(SECONDS) + 1)))
        buckets = [*zip(map(str, SECONDS), sums, strict=False), ("+Inf", sums[-1])]
        meaning = "From the request's headers until its events are on disk."
        yield HistogramMetricFamily("relay_accept_seconds", meaning, buckets, tally.took_seconds)


class Metrics:
    """The metrics of one relay, in a registry of its own.

    Attributes:
        received: what the receiver counts.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.received = Tally()
        registry.register(_Received(self.received))
        self.delivered = Counter(
            "relay_records_delivered_total", "Records that Datadog has taken.", registry=registry
        )
        self.buried = Counter(
            "relay_records_buried_total",
            "Records made dead letters, by the answer's status.",
            ["reason"],
            registry=registry,
        )
        self.verdicts = Counter(
            "relay_intake_requests_total",
            "Requests to Datadog's intake, by verdict: delivered, retry, held, split, rejected.",
            ["verdict"],
            registry=registry,
        )
        self.intake_seconds = Histogram(
            "relay_intake_seconds",
            "Time of a request to Datadog's intake.",
            buckets=SECONDS,
            registry=registry,
        )
        self.possibly_repeated = Counter(
            "relay_records_possibly_repeated_total",
            "Records of requests that got no answer: they are sent again, and Datadog may have them twice.",
            registry=registry,
        )
        self.redated = Counter(
            "relay_records_redated_total",
            "Records sent without their own date, under which Datadog would have dropped them.",
            registry=registry,
        )
        self.delivery_state = Gauge(
            "relay_delivery_state",
            "1 for what delivery does: delivering, retrying, holding or key_refused; 0 for the rest.",
            ["state"],
            registry=registry,
        )
        self.spool_writable = Gauge(
            "relay_spool_writable",
            "1 while the spool takes events, 0 while it refuses them.",
            registry=registry,
        )
        self.spool_damaged = Counter(
            "relay_spool_damaged_total",
            "Times that the spool was found damaged and set aside.",
            registry=registry,
        )
        self.reloads = Counter(
            "relay_settings_reloads_total",
            "Times that settings and keys were read again, by outcome: changed, same, failed.",
            ["outcome"],
            registry=registry,
        )
        self.spool_faults = Counter(
            "relay_spool_faults_total",
            "Operations of the forwarder that the spool did not take.",
            registry=registry,
        )

    def watch(self, depth: Callable[[], Depth], max_bytes: int) -> None:
        """Show how much the spool holds, read anew at each scrape, and how much it may hold."""
        for name, meaning, value in (
            (
                "relay_spool_waiting_records",
                "Records that nobody tries to deliver yet.",
                lambda: depth().waiting,
            ),
            (
                "relay_spool_claimed_records",
                "Records that are being delivered, or tried again.",
                lambda: depth().claimed,
            ),
            ("relay_spool_dead_letters", "Records kept, not sent again by themselves.", lambda: depth().dead),
            ("relay_spool_bytes", "Data of all records in the spool.", lambda: depth().bytes),
            ("relay_spool_max_bytes", "What RELAY_SPOOL_MAX_BYTES allows.", lambda: max_bytes),
            (
                "relay_spool_oldest_age_seconds",
                "Age of the oldest record that is not delivered.",
                lambda: depth().oldest_age,
            ),
        ):
            Gauge(name, meaning, registry=self._registry).set_function(value)
        self._registry.register(_Dropped(depth))

    def value(self, name: str) -> float:
        """The value of a metric, summed over its labels; 0 before it was first counted."""
        families = self._registry.collect()
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    async def show(self) -> bytes:
        """As `render`."""
        return self.render()
