"""/v1/compare finds the planted faults of the standard workload, and nothing else; and what it says of each is so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import workload
from cases import ALL, ERROR, c
from client import Client, post_all
from comparisons import Comparison, check_where, p_log10, survives, table
from expressions import Compare, Expression
from oracle import Oracle
from server import Server

SPANS = int(os.environ.get("EVERYSPAN_COMPARE_SPANS", "200000"))
SEEDS = [int(seed) for seed in os.environ.get("EVERYSPAN_COMPARE_SEEDS", "1,2").split(",")]
RANGE: dict[str, object] = {"from": ALL[0], "to": ALL[1]}
DIMENSIONS = {
    "prompt.template.version": "prompt.version", "locale": "locale", "gen_ai.response.model": "model.revision",
    "retrieval.document.ids": "document", "tool.sequence": "tool.sequence", "tenant.id": "tenant", "gen_ai.provider.name": "provider",
}


@dataclass
class Loaded:
    server: Server
    oracle: Oracle
    faults: list[dict[str, Any]]

    def faulty(self, fault: dict[str, Any], unit: str) -> np.ndarray:
        """The units that a fault is about, as the generator decided."""
        mask = np.ones(self.oracle.traces if unit == "trace" else self.oracle.spans, bool)
        for key, value in fault["where"].items():
            name = DIMENSIONS[key.removesuffix("~")]
            comparison = c(name, "contains" if key.endswith("~") else "=", value)
            # What a trace has, all its spans are part of.
            mask &= self.oracle.evaluate(comparison, "trace", ERROR) if unit == "trace" else self.of_traces(comparison)
        return mask

    def of_traces(self, expression: Expression) -> np.ndarray:
        return self.oracle.evaluate(expression, "trace", ERROR)[self.oracle.trace]


@pytest.fixture(scope="module", params=SEEDS)
def loaded(request: pytest.FixtureRequest, executable: Any) -> Iterator[Loaded]:
    spans = workload.seeded(SPANS, request.param)
    with Server(executable, options=("--counted-spans-min", "1")) as server:
        lines = spans.read_bytes().splitlines(keepends=True)
        bodies = (b"".join(lines[at:at + 2_000]) for at in range(0, len(lines), 2_000))
        post_all("127.0.0.1", server.port, "/v1/spans", bodies, "application/x-ndjson", 4)
        yield Loaded(server, Oracle(workload.read(spans)), workload.planted(spans))


def compare(client: Client, **parameters: object) -> Any:
    return client.json("/v1/compare", **(RANGE | parameters))


def is_about(finding: dict[str, Any], fault: dict[str, Any]) -> bool:
    """A tool loop is a pair of calls or a whole sequence; everything else is named by its values."""
    wanted = {DIMENSIONS[key.removesuffix("~")]: value for key, value in fault["where"].items()}
    slices = [finding["slice"], *finding["also"]]
    if "tool.sequence" in wanted:
        return any(s.get("tool.pair") == "sql>sql" or wanted["tool.sequence"] in (s.get("tool.sequence") or "") for s in slices)
    return any(all(s.get(name) == value for name, value in wanted.items()) for s in slices)


@pytest.mark.parametrize("unit", ["trace", "span"])
@pytest.mark.parametrize("is_merged", [False, True], ids=["before merging", "after"])
def test_planted_faults_are_found_and_nothing_else(loaded: Loaded, unit: str, is_merged: bool) -> None:
    if is_merged:
        loaded.server.wait_until_counted(timeout=600)
    with loaded.server.client(timeout=120) as client:
        answer = compare(client, unit=unit, limit="all")
        comparison = Comparison(loaded.oracle, unit, ERROR, ALL)
        assert (answer["target"], answer["baseline"]) == (comparison.target.sum(), comparison.matched.sum() - comparison.target.sum())
        for finding in answer["findings"]:
            comparison.check(finding)
            check_where(client, finding, unit, "status = error", **RANGE)
    faults = [fault for fault in loaded.faults if "fail" in fault]
    faulty = np.zeros(len(comparison.matched), bool)
    for fault in faults:
        members = loaded.faulty(fault, unit)
        faulty |= members
        a, n, t, total = table(members, comparison.matched, comparison.target)
        if unit == "trace" and survives(p_log10(a, n, t, total), answer):
            found = [f for f in answer["findings"] if is_about(f, fault)]
            assert found, (fault["name"], a, n)
    # Without the faults' units no finding says anything: each is a fault, or follows from one.
    for finding in answer["findings"]:
        if finding["q_value"] <= 0.01:
            assert comparison.p_log10(comparison.members(finding["slice"]), ~faulty) > -4, finding["text"]


def test_a_conjunction_is_one_finding_with_nothing_of_it_above(loaded: Loaded) -> None:
    fault = next(f for f in loaded.faults if f["name"] == "prompt-locale")
    comparison = Comparison(loaded.oracle, "trace", ERROR, ALL)
    with loaded.server.client(timeout=120) as client:
        answer = compare(client, limit="all")
    p = p_log10(*table(loaded.faulty(fault, "trace"), comparison.matched, comparison.target))
    if not survives(p, answer):
        pytest.xfail(f"the fault is too rare in {SPANS} spans: log10 p = {p:.1f}")
    about = [f for f in answer["findings"] if f["slice"].get("prompt.version") == "refund-core@v3"]
    assert [set(f["slice"]) for f in about] == [{"prompt.version", "locale"}]


def test_slow_requests_are_explained_too(loaded: Loaded) -> None:
    fault = next(f for f in loaded.faults if "slow" in f)
    with loaded.server.client(timeout=120) as client:
        answer = compare(client, target="duration > p95", limit="all")
        assert any(is_about(f, fault) for f in answer["findings"])
        p95 = client.json("/v1/slices", calc="p95(duration)", **RANGE)["total"]["p95(duration)"]
        slow = Compare("duration", ">", p95)
        comparison = Comparison(loaded.oracle, "trace", slow, ALL)
        for finding in answer["findings"]:
            comparison.check(finding)
            check_where(client, finding, "trace", "duration > p95", **RANGE)


def test_a_baseline_of_its_own(loaded: Loaded) -> None:
    with loaded.server.client(timeout=120) as client:
        answer = compare(client, target="provider = openai", baseline="provider = anthropic")
    comparison = Comparison(loaded.oracle, "trace", c("provider", "=", "openai"), ALL, c("provider", "=", "openai") | c("provider", "=", "anthropic"))
    t, b = int(comparison.target.sum()), int((comparison.matched & ~comparison.target).sum())
    assert (answer["target"], answer["baseline"]) == (t, b)
    assert answer["findings"], "providers have models of their own"
    for finding in answer["findings"]:
        a, n, _, _ = table(comparison.members(finding["slice"]), comparison.matched, comparison.target)
        assert (finding["target"], finding["baseline"]) == (a, n - a)
        assert finding["target_rate"] is finding["rest_rate"] is finding["risk_ratio"] is None
        assert finding["excess"] == pytest.approx(a - t * (n - a) / b)
        assert "provider" not in finding["slice"]


def test_only_the_dimensions_that_are_asked_for(loaded: Loaded) -> None:
    with loaded.server.client(timeout=120) as client:
        answer = compare(client, by="model.revision,locale", depth=1)
    assert {name for f in answer["findings"] for name in f["slice"]} == {"model.revision"}
    assert answer["excluded"] == []


def test_check_having_and_limit(loaded: Loaded) -> None:
    with loaded.server.client(timeout=120) as client:
        assert client.get("/v1/compare", **RANGE, check=1).status == 409
        none = client.get("/v1/compare", **RANGE, check=1, having="excess > 1000000")
        assert none.status == 200 and none.json()["findings"] == []
        one = compare(client, limit=1)
        assert len(one["findings"]) == 1 < one["count"]
        assert {f["q_value"] <= 1e-100 for f in compare(client, having="q_value <= 1e-100")["findings"]} == {True}


@pytest.mark.parametrize(("parameters", "code"), [
    ({"target": "locale = de-DE", "baseline": "failed"}, "overlapping_cohorts"),
    ({"baseline": "locale = de-DE", "vs": "24h"}, "bad_baseline"),
    ({"depth": 0}, "bad_depth"), ({"depth": 4}, "bad_depth"), ({"depth": "deep"}, "bad_depth"),
    ({"by": "no.such.thing"}, "unknown_dimension"), ({"having": "count > 3"}, "bad_expression"),
    ({"target": "locale ="}, "bad_expression"), ({"order": "excess"}, "unknown_parameter"), ({"unit": "session"}, "bad_unit"),
])
def test_wrong_questions(loaded: Loaded, parameters: dict[str, object], code: str) -> None:
    with loaded.server.client(timeout=120) as client:
        response = client.get("/v1/compare", **(RANGE | parameters))
    assert (response.status, response.json()["error"]["code"]) == (400, code)


def test_formats(loaded: Loaded) -> None:
    with loaded.server.client(timeout=120) as client:
        answer = compare(client)
        rows = client.json("/v1/compare", format="rows", **RANGE)
        text = client.get("/v1/compare", format="text", **RANGE).body.decode()
        lines = client.get("/v1/compare", format="csv", **RANGE).body.decode().splitlines()
    assert [r["where"] for r in rows] == [f["where"] for f in answer["findings"]]
    assert len(lines) == len(rows) + 1
    assert all(len(line) <= 100 for line in text.splitlines()), text
    assert "follow no slice" in text and "retrieved" not in text


def test_nothing_stands_out_of_nothing(loaded: Loaded) -> None:
    with loaded.server.client(timeout=120) as client:
        nothing = compare(client, where="tenant = nobody")
        assert (nothing["findings"], nothing["target"], nothing["explained"]) == ([], 0, None)
        assert nothing["coverage"]["conditions"]
        sound = compare(client, where='document = "doc-000000" and not failed')
        assert (sound["findings"], sound["explained"]) == ([], None)
