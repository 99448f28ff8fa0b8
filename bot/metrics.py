"""What can be counted and timed, in Prometheus' text format (INTERFACE 3)."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

ACK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 3.0)
"""Bounds of the buckets; Slack waits 3.0 s and the door answers by 2.5 (RELIABILITY I9)."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._acks = Counter("gatehouse_acks", "Answers to Slack", ("listener", "outcome"), registry=self.registry)
        self._seconds = Histogram(
            "gatehouse_ack_seconds", "Seconds from payload to answer", registry=self.registry, buckets=ACK_SECONDS
        )
        self._refused = Counter(
            "gatehouse_refused_requests", "Requests turned away at the edge", ("reason",), registry=self.registry
        )
        self._depth = Gauge("gatehouse_outbox_depth", "Notifications not delivered yet", registry=self.registry)
        self._oldest = Gauge(
            "gatehouse_outbox_oldest_seconds", "Age of the oldest undelivered notification", registry=self.registry
        )
        self._deliveries = Counter(
            "gatehouse_deliveries", "Attempts to deliver a notification", ("outcome",), registry=self.registry
        )
        self._pending = Gauge(
            "gatehouse_pending_approvals", "Requests that wait for approval", ("age",), registry=self.registry
        )
        self._by_listener: dict[tuple[str, str], Counter] = {}

    def acknowledged(self, listener: str, outcome: str, seconds: float) -> None:
        """Count one answer. ``listener`` is kind and id; ids that nobody registered share one: the set is bounded."""
        key = (listener, outcome)
        counter = self._by_listener.get(key)
        if counter is None:
            counter = self._by_listener[key] = self._acks.labels(listener, outcome)
        counter.inc()
        self._seconds.observe(seconds)

    def refused(self, reason: str) -> None:
        """Count one request that the edge turned away."""
        self._refused.labels(reason).inc()

    def outbox(self, depth: int, oldest_seconds: float) -> None:
        """Note how many notifications wait, and for how long the oldest one has."""
        self._depth.set(depth)
        self._oldest.set(oldest_seconds)

    def delivered(self, outcome: str) -> None:
        """Count one attempt: ``sent``, ``refused``, ``limited``, ``unreachable`` or ``unsure``."""
        self._deliveries.labels(outcome).inc()

    def pending(self, by_age: Mapping[str, int]) -> None:
        """Note how many requests wait, by age bracket (``<24h``, ``24h-72h``, ``>72h``)."""
        for age, count in by_age.items():
            self._pending.labels(age).set(count)

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self.registry)
