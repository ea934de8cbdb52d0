"""What Everyspan is to reach on the standard workload, by the number of spans. Milliseconds are warm medians of whole requests."""

from __future__ import annotations

MILLION = 1_000_000
QUESTIONS: dict[str, dict[int, float]] = {
    "Q1": {MILLION: 2, 10 * MILLION: 10},
    "Q2": {MILLION: 4, 10 * MILLION: 25},
    "Q3": {MILLION: 6, 10 * MILLION: 44},
    "Q4": {MILLION: 5, 10 * MILLION: 39},
    "Q5": {MILLION: 1, 10 * MILLION: 5},
    "Q6b": {MILLION: 11, 10 * MILLION: 93},
    "Q7": {MILLION: 28, 10 * MILLION: 280},
}
FORMS = {"traces": 2.0, "standard": 5.0}  # times the same question's spans, at most
OTLP_PER_SECOND = {MILLION: 300_000, 10 * MILLION: 200_000}
NDJSON_PER_SECOND = {MILLION: 150_000}
CPU_MICROSECONDS = 10.0  # a span, merging included
BYTES_PER_SPAN = 55.0
PEAK_INGEST = {MILLION: 300 << 20}
PEAK_BOTH = {10 * MILLION: 512 << 20}
READY_SECONDS = 1.0
