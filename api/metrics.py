"""Counters and times for Prometheus. Labels are few and ours: no name, id or word of a user is one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.pipeline import Ingested, Progress
from rag.library import Store
from rag.protocols import JobState, Upload

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_Add = Callable[[bytes, Upload, Progress | None], Ingested]


class Metrics:
    """What one service counts, apart from any other in the process.

    Args:
        store: Its sizes are told at each look.
    """

    def __init__(self, store: Store) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Sizes(store))
        self._requests = Counter(
            "verse_http_requests_total",
            "Requests by what was called and how it ended.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._request_seconds = self._histogram(
            "verse_http_request_seconds", "Time until a response was sent.", "route"
        )
        self._stages = self._histogram(
            "verse_question_stage_seconds", "Time that each stage of an answer took.", "stage"
        )
        self._ingest_stages = self._histogram(
            "verse_ingest_stage_seconds", "Time that each stage of an upload took.", "stage"
        )
        self._answers = Counter(
            "verse_answers_total",
            "Answers and abstentions.",
            ("outcome",),
            registry=self._registry,
        )
        self._model_tokens = Counter(
            "verse_model_tokens_total",
            "Tokens of the chat model, read and written.",
            ("direction",),
            registry=self._registry,
        )
        self._uploads = Counter(
            "verse_uploads_total", "Uploads by outcome.", ("outcome",), registry=self._registry
        )

    def text(self) -> bytes:
        """Everything, in the text form of Prometheus."""
        return generate_latest(self._registry)

    def request(self, method: str, route: str | None, status: int | None, seconds: float) -> None:
        """Count a request; a path without a route counts as `other`, as does one that got no response."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route or "other", str(status or "other")).inc()
        self._request_seconds.labels(route or "other").observe(seconds)

    def answer(self, outcome: str, timings_ms: Mapping[str, float]) -> None:
        """Count an answer and its stages."""
        self._answers.labels(outcome).inc()
        for stage, took_ms in timings_ms.items():
            self._stages.labels(stage).observe(took_ms / 1000)

    def model(self, input_tokens: int, output_tokens: int) -> None:
        """Count what a chat model took."""
        self._model_tokens.labels("input").inc(input_tokens)
        self._model_tokens.labels("output").inc(output_tokens)

    def timed(self, add: _Add) -> _Add:
        """The same way to add an upload, with its stages timed and its outcome counted."""

        def timed_add(content: bytes, upload: Upload, progress: Progress | None = None) -> Ingested:
            stages = _Stages(self._ingest_stages)

            def note(state: JobState, done: int, total: int) -> None:
                stages.enter("storing" if state == "embedding" and done == total else state)
                if progress is not None:
                    progress(state, done, total)

            outcome = "failed"
            try:
                ingested = add(content, upload, note)
                outcome = ingested.outcome
            finally:
                stages.enter(None)
                self._uploads.labels(outcome).inc()
            return ingested

        return timed_add

    def _histogram(self, name: str, description: str, label: str) -> Histogram:
        return Histogram(name, description, (label,), buckets=_SECONDS, registry=self._registry)


class _Stages:
    """Observes how long each stage lasts, until the next one is entered."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._stage: str | None = None
        self._since = 0.0

    def enter(self, stage: str | None) -> None:
        if stage != self._stage:
            now = time.perf_counter()
            if self._stage is not None:
                self._histogram.labels(self._stage).observe(now - self._since)
            self._stage, self._since = stage, now


class _Sizes(Collector):
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        held = self._store.collections()
        sizes = {
            "collections": len(held),
            "documents": sum(one.documents for one in held),
            "passages": sum(one.passages for one in held),
            "queued_uploads": self._store.queued(),
        }
        for name, size in sizes.items():
            yield GaugeMetricFamily(f"verse_{name}", f"Number of {name.replace('_', ' ')}.", size)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())  # so that to register does not ask the store
