"""The questions of exactness.py, each as Everyspan is asked and as SQL over the recounted spans, and whether answers agree."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from systems.everyspan import nanoseconds

from questions import LOCALE, MINUTE, PHRASE, probes
from recount import Rows

COST = "sum(cost)"
COUNTS = {"count": "count(*)", "failures": "count(*) FILTER (WHERE failed)"}
TOKENS = {"sum(tokens.input)": "coalesce(sum(tokens_in), 0)", "sum(tokens.output)": "coalesce(sum(tokens_out), 0)",
          COST: "coalesce(sum(cost), 0)::DOUBLE"}
PERCENTILES = {f"p{q}(duration)": f"quantile_disc(duration, {q / 100}) / 1e6" for q in (50, 95, 99)}
USERS = {"distinct(user)": "count(DISTINCT user_id)"}
CHATS = ("operation = chat", "operation = 'chat'")
FIRST = ('session starts-with "s-1-"', "session LIKE 's-1-%'")  # the first part's; sessions carry the seed
LISTED = 100
ROWS_MOST = 5_000  # of documents, of which there are so many that all of them are refused as too large
PICKED = 6  # texts and traces, evenly from the workload
EXACT_UP_TO = 1_000  # values of a percentile
WITHIN = {"p50(duration)": 0.01, "p95(duration)": 0.01, "p99(duration)": 0.01, COST: 1e-9}  # relative; the rest is equal


@dataclass(frozen=True)
class Spelling:
    path: str
    parameters: dict[str, Any]
    statements: tuple[str, ...] = ()  # whose rows, one after the other, are the answer
    known: tuple[tuple[Any, ...], ...] = ()  # the answer, where it takes no SQL


@dataclass(frozen=True)
class Question:
    """Where it has several spellings each turn takes the next."""

    name: str
    spellings: tuple[Spelling, ...]
    read: Callable[[Any], Rows]
    columns: tuple[str, ...] = ()
    is_of_first: bool = False  # what comes later does not change the answer


def slices(
    name: str, unit: str, by: dict[str, str], figures: dict[str, str], where: tuple[str, str] | None = None,
    source: str | None = None, limit: int | None = None,
) -> Question:
    """`by` and `figures`: what Everyspan calls them, and SQL.

    Rows in order, then the total, then what was matched and in how many groups."""
    text, condition = where or (None, "true")
    figures = COUNTS | figures
    parameters = {"unit": unit, "by": ",".join(by) or None, "calc": ",".join(figures), "where": text, "limit": limit or "all"}
    sums, keys = ", ".join(figures.values()), ", ".join(by.values())
    count, failures = len(by) + 1, len(by) + 2
    order = ", ".join([f"{failures} DESC", f"{count} DESC", *(f"{key} NULLS LAST" for key in by.values())])
    table = source or f"{unit}s"
    grouped = f"SELECT {keys}, {sums} FROM {table} WHERE {condition} GROUP BY {keys}"
    rows = f"{grouped} ORDER BY {order}" + (f" LIMIT {limit}" if limit else "")
    total = f"SELECT {''.join('NULL, ' for _ in by)}{sums} FROM {unit}s WHERE {condition}"
    groups = f"(SELECT count(*) FROM ({grouped}))" if by else "1"
    matched = f"SELECT count(*), {groups} FROM {unit}s WHERE {condition}"

    def read(answer: Any) -> Rows:
        found = [(*row["slice"].values(), *(row[figure] for figure in figures)) for row in answer["rows"]] if by else []
        total = (*(None for _ in by), *(answer["total"][figure] for figure in figures))
        return [*found, total, (answer["coverage"]["matched"], answer["groups"])]

    statements = (rows, total, matched) if by else (total, matched)
    return Question(name, (Spelling("/v1/slices", parameters, statements),), read, (*by, *figures), where == FIRST)


def per_minute(unit: str) -> Question:
    minute = f"start // {MINUTE} * {MINUTE}"
    sql = f"SELECT {minute}, {', '.join(COUNTS.values())} FROM {unit}s GROUP BY 1 ORDER BY 1"

    def read(answer: Any) -> Rows:
        return [(nanoseconds(row["time"]), row["count"], row["failures"]) for row in answer["rows"] if row["count"] > 0]

    parameters = {"unit": unit, "step": "1m", "calc": "count,failures"}
    return Question(f"per minute, {unit}s", (Spelling("/v1/series", parameters, (sql,)),), read)


def rare_texts(texts: tuple[str, ...]) -> Question:
    return Question(
        "rare text in prompts, which spans",
        tuple(Spelling(
            "/v1/spans", {"where": f'prompt.text contains "{text}"', "fields": "trace_id,span_id", "limit": 1000},
            (f"SELECT trace_id, span_id FROM spans WHERE contains(prompt, '{text}') ORDER BY ALL",)) for text in texts),
        lambda answer: sorted((span["trace_id"], span["span_id"]) for span in answer["spans"]))


def newest_failures() -> Question:
    sql = f"SELECT trace_id, start, spans FROM traces WHERE failed ORDER BY start DESC LIMIT {LISTED}"
    return Question(
        f"the {LISTED} newest failing traces",
        (Spelling("/v1/traces", {"where": "failed", "limit": LISTED, "fields": "start_time,trace.spans"}, (sql,)),),
        lambda answer: [(t["trace_id"], nanoseconds(t["start_time"]), t["trace.spans"]) for t in answer["traces"]])


def whole_traces(sent: list[list[dict[str, Any]]]) -> Question:
    """Every key and value as it was sent."""
    return Question(
        "one trace, every attribute",
        tuple(Spelling(f"/v1/traces/{spans[0]['trace_id']}", {}, known=tuple(sorted(map(as_sent, spans)))) for spans in sent),
        lambda answer: sorted(as_sent(span) for span in answer["spans"]))


def as_sent(span: dict[str, Any]) -> tuple[Any, ...]:
    """Without what native spans are shown with in addition; an empty parent is none."""
    kept = {key: value for key, value in span.items() if key not in ("dimensions", "start_time", "duration_ms") and value != ""}
    kept |= {key: int(kept[key]) for key in ("start_time_unix_nano", "end_time_unix_nano")} | {"status": span["status"].lower()}
    return span["span_id"], orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()


def totals() -> Question:
    return Question(
        "/v1/status", (Spelling("/v1/status", {}, ("SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM traces)",)),),
        lambda answer: [(answer["spans"], answer["traces"])])


def all_questions(first: Path) -> list[Question]:
    """`first` is the NDJSON of the first part, from which what is looked for is picked."""
    found = probes(first, PICKED)
    asked = [totals(), rare_texts(found.rare), whole_traces(traces_of(first, PICKED)), newest_failures()]
    for unit in ("span", "trace"):
        version, tenant = {"prompt.version": "version"}, {"tenant": "tenant"}
        expanded = f"(SELECT *, unnest(CASE WHEN len(documents) > 0 THEN documents ELSE [NULL] END) AS document FROM {unit}s)"
        asked += [
            slices(f"everything, {unit}s", unit, {}, TOKENS | USERS | PERCENTILES),
            slices(f"by prompt.version, {unit}s", unit, version, {}),
            slices(f"by tenant and model.revision, one locale, {unit}s", unit, tenant | {"model.revision": "revision"}, {},
                   (f"locale = {LOCALE}", f"locale = '{LOCALE}'")),
            slices(f"by document, the first {ROWS_MOST:,}, {unit}s", unit, {"document": "document"}, {},
                   source=expanded, limit=ROWS_MOST),
            slices(f"tokens and cost by model, {unit}s", unit, {"model": "model"}, TOKENS),
            slices(f"users by tenant, {unit}s", unit, tenant, USERS),
            slices(f"percentiles by tenant, {unit}s", unit, tenant, PERCENTILES),
            per_minute(unit),
            slices(f"by prompt.version, first sessions, {unit}s", unit, version, {}, FIRST),
            slices(f"by tenant, first sessions, {unit}s", unit, tenant, TOKENS | USERS, FIRST),
        ]
    return asked + [
        slices("percentiles of chats by model.revision, spans", "span", {"model.revision": "revision"}, PERCENTILES, CHATS),
        slices("a phrase in prompts, spans", "span", {}, {},
               (f'prompt.text contains "{PHRASE}"', f"contains(prompt, '{PHRASE}')")),
    ]


def traces_of(ndjson: Path, count: int) -> list[list[dict[str, Any]]]:
    """Whole traces, taken evenly from a file in which the spans of each are neighbours."""
    size, traces = ndjson.stat().st_size, []
    with ndjson.open("rb") as file:
        for at in range(count):
            file.seek(size * at // count)
            file.readline()
            groups = itertools.groupby(map(orjson.loads, file), key=lambda span: span["trace_id"])
            next(groups)  # its beginning may lie before
            traces.append(list(next(groups)[1]))
    return traces


def difference(question: Question, expected: Rows, found: Rows) -> str | None:
    """What is wrong with the rows of an answer, if anything."""
    if expected == found:
        return None
    for at, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other and not agrees(question.columns, one, other):
            return f"row {at + 1} of {len(expected)} is {other}, not {one}"
    return f"{len(found)} rows, not {len(expected)}" if len(expected) != len(found) else None


def agrees(columns: tuple[str, ...], one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Percentiles of few values are exact too."""
    if len(one) != len(columns) or len(other) != len(columns):
        return False
    figures = dict(zip(columns, one, strict=True))
    return all(
        a == b or column in WITHIN and None not in (a, b)
        and abs(a - b) <= abs(a) * (WITHIN[column] if column == COST or figures["count"] > EXACT_UP_TO else 1e-12)
        for column, a, b in zip(columns, one, other, strict=True))
