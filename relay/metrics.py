"""Every metric of the relay, with its meaning: what `GET /metrics` shows."""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from relay.spool import Depth

disable_created_metrics()  # type: ignore[no-untyped-call]  # a time beside each counter, which nobody asks for

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class _Dropped(Collector):
    """Counted in the spool itself, for another process drops the letters."""

    def __init__(self, depth: Callable[[], Depth]) -> None:
        self._depth = depth

    def collect(self) -> Iterator[Metric]:
        meaning = "Dead letters that the user has thrown away since the spool was made."
        yield CounterMetricFamily("relay_dead_letters_dropped", meaning, value=self._depth().dropped)


class Metrics:
    """The metrics of one relay, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter("relay_requests_total", "Requests answered 202.", registry=registry)
        self.refused = Counter(
            "relay_requests_refused_total",
            "Requests answered with an error, by its code; nothing of them was stored.",
            ["code"],
            registry=registry,
        )
        self.tests = Counter(
            "relay_test_requests_total",
            "Requests with an empty body, as a test button sends.",
            registry=registry,
        )
        self.accept_seconds = Histogram(
            "relay_accept_seconds",
            "From the request's headers until its events are on disk.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.events = Counter(
            "relay_events_accepted_total",
            "Events on disk, by type; `other` is one that is not known, `entry` came in Datadog's form.",
            ["event_type"],
            registry=registry,
        )
        self.repeats = Counter(
            "relay_events_repeated_total",
            "Events that had been accepted before; not stored again.",
            registry=registry,
        )
        self.recovered = Counter(
            "relay_bodies_recovered_total",
            "Bodies with unescaped JSON between quotes, mended.",
            registry=registry,
        )
        self.truncated = Counter(
            "relay_records_truncated_total", "Records cut to fit Datadog's limits.", registry=registry
        )
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
            buckets=_SECONDS,
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
