"""/v1/compare on workloads with one thing planted in each: it is found where it should be, and not where it should not."""

from __future__ import annotations

import collections
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import hypergeom

import workload
from cases import END, HOUR
from comparisons import check_where, nanoseconds
from planted import BASE_RATE, DAY, TODAY, YESTERDAY, Trace, ordinary, send, traces
from senders import send_fleet
from server import ROOT, Server

COUNTED = ("--counted-spans-min", "1")
BOTH_DAYS: dict[str, object] = {"from": YESTERDAY, "to": END}
DAY_BY_DAY: dict[str, object] = {"from": TODAY, "to": END, "vs": "24h"}


def compare(server: Server, **parameters: object) -> Any:
    with server.client(timeout=120) as client:
        answer = client.json("/v1/compare", **parameters)
        if "vs" not in parameters:
            for finding in answer["findings"]:
                check_where(client, finding, str(parameters.get("unit", "trace")), "status = error",
                            **{name: parameters[name] for name in ("from", "to")})
        return answer


def test_three_in_a_thousand_among_200_000_values(fresh_server: Server) -> None:
    """One of 200,000 documents is poisoned; three requests of a thousand retrieve it."""
    seen: set[str] = set()

    def change(trace: Trace, rng: random.Random) -> float | None:
        trace["retrieval.document.ids"] = [f"d{rng.randrange(200_000):06d}" for _ in range(6)]
        is_poisoned = rng.random() < 0.003
        if is_poisoned:
            trace["retrieval.document.ids"][0] = "d314159"
        seen.update(trace["retrieval.document.ids"])
        return 0.6 if is_poisoned else None

    send(fresh_server, traces(60_000, TODAY, random.Random(1), change))
    assert len(seen) > 160_000
    for unit in ("trace", "span"):
        answer = compare(fresh_server, **BOTH_DAYS, unit=unit)
        assert [f["slice"] for f in answer["findings"]] == [{"document": "d314159"}], unit


def test_an_attribute_that_only_failures_have(fresh_server: Server) -> None:
    """It is a finding, once, and it does not hide what else there is."""
    def change(trace: Trace, rng: random.Random) -> float | None:
        if trace["model.revision"] == "m3-r1":
            return 0.3
        if rng.random() < 0.004:
            trace["guardrail.verdict"] = "blocked"
            return 1
        return None

    send(fresh_server, traces(20_000, TODAY, random.Random(2), change))
    findings = compare(fresh_server, **BOTH_DAYS)["findings"]
    assert [f["slice"] for f in findings] == [{"model.revision": "m3-r1"}, {'attr("guardrail.verdict")': "blocked"}]
    assert findings[1]["baseline"] == 0 and findings[1]["target_rate"] == 1


@pytest.mark.parametrize("rate", [0.4, 1.0])
def test_an_attribute_that_all_failures_have_hides_nothing(fresh_server: Server, rate: float) -> None:
    """The sender's own word for failing: listed, but the cause is too."""
    def change(trace: Trace, rng: random.Random) -> float | None:
        failed = rng.random() < (rate if trace["prompt.version"] == "p3@v1" else BASE_RATE)
        if failed:
            trace["billing.outcome"] = "void"
        return float(failed)

    send(fresh_server, traces(20_000, TODAY, random.Random(3), change))
    slices = [f["slice"] for f in compare(fresh_server, **BOTH_DAYS)["findings"]]
    assert slices == [{'attr("billing.outcome")': "void"}, {"prompt.version": "p3@v1"}]


def two_days(today: Any, yesterday: Any = ordinary, count: int = 30_000, seed: int = 4) -> Any:
    rng = random.Random(seed)
    yield from traces(count, YESTERDAY, rng, yesterday)
    yield from traces(count, TODAY, rng, today)


def test_a_new_tenant_with_the_ordinary_rate_did_not_get_worse(fresh_server: Server) -> None:
    """It came after a deploy, and each of its failures is new."""
    def today(trace: Trace, rng: random.Random) -> float | None:
        trace["release"] = "1.4.2"
        if rng.random() < 0.08:
            trace["tenant"] = "new"
        return None

    send(fresh_server, two_days(today))
    for unit in ("trace", "span"):
        assert compare(fresh_server, **DAY_BY_DAY, unit=unit)["findings"] == []


def test_a_tenant_that_always_fails_did_not_get_worse(fresh_server: Server) -> None:
    def both(trace: Trace, rng: random.Random) -> float | None:
        return 0.3 if trace["tenant"] == "t5" else None

    send(fresh_server, two_days(both, both))
    assert compare(fresh_server, **DAY_BY_DAY)["findings"] == []
    assert [f["slice"] for f in compare(fresh_server, **BOTH_DAYS)["findings"]] == [{"tenant": "t5"}]


def test_a_release_that_makes_one_model_revision_worse(fresh_server: Server) -> None:
    """From 1.6 % to 7.6 %, from noon on; a chronic tenant is beside it."""
    noon = TODAY + DAY // 2

    def yesterday(trace: Trace, rng: random.Random) -> float | None:
        return 0.2 if trace["tenant"] == "t7" else 0.016

    def today(trace: Trace, rng: random.Random) -> float | None:
        if trace["start"] >= noon:
            trace["release"] = "1.4.2"
            if trace["model.revision"] == "m4-r2":
                return 0.076
        return yesterday(trace, rng)

    send(fresh_server, two_days(today, yesterday, count=120_000))
    findings = compare(fresh_server, **DAY_BY_DAY)["findings"]
    first = findings[0]
    assert first["slice"]["model.revision"] == "m4-r2"
    assert all("model.revision" in f["slice"] for f in findings), [f["text"] for f in findings]
    assert 0.013 < first["rest_rate"] < 0.027 and 0.04 < first["target_rate"] < 0.09
    whole = compare(fresh_server, **DAY_BY_DAY, by="model.revision")["findings"][0]
    assert whole["slice"] == {"model.revision": "m4-r2"}
    onset = whole["onset"]
    assert abs(nanoseconds(onset["time"]) - noon) < DAY // 24


def test_what_appeared_before_the_onset_is_named(fresh_server: Server) -> None:
    noon = TODAY + DAY // 2

    def change(trace: Trace, rng: random.Random) -> float | None:
        if trace["start"] >= noon:
            trace["release"] = "1.4.2"
            if trace["locale"] == "pt":
                return 0.2
        return None

    send(fresh_server, traces(30_000, TODAY, random.Random(5), change))
    finding = compare(fresh_server, **{"from": TODAY, "to": END}, by="locale")["findings"][0]
    assert finding["slice"] == {"locale": "pt"}
    # Only dimensions that are looked at can be named.
    assert finding["onset"]["appeared"] == []
    finding = compare(fresh_server, **{"from": TODAY, "to": END}, depth=1)["findings"][0]
    assert finding["slice"] == {"locale": "pt"}
    assert [a["slice"] for a in finding["onset"]["appeared"]] == [{"release": "1.4.2"}]
    both = compare(fresh_server, **{"from": TODAY, "to": END})["findings"]
    assert [f["slice"] for f in both] == [{"locale": "pt", "release": "1.4.2"}]


def test_a_rise_that_all_share_is_one_finding_of_everything(fresh_server: Server) -> None:
    send(fresh_server, two_days(lambda trace, rng: 0.05))
    for unit in ("trace", "span"):
        findings = compare(fresh_server, **DAY_BY_DAY, unit=unit)["findings"]
        assert [f["slice"] for f in findings] == [{}], unit
        assert findings[0]["text"].startswith("everything fails")


def test_a_conjunction_of_three(fresh_server: Server) -> None:
    def change(trace: Trace, rng: random.Random) -> float | None:
        is_hit = (trace["locale"], trace["model"], trace["prompt.version"][:2]) == ("ja", "m2", "p1")
        return 0.8 if is_hit and trace["prompt.version"] == "p1@v3" else None

    send(fresh_server, traces(150_000, TODAY, random.Random(6), change))
    findings = compare(fresh_server, **BOTH_DAYS)["findings"]
    assert [set(f["slice"].items()) for f in findings] == [{("locale", "ja"), ("model", "m2"), ("prompt.version", "p1@v3")}]
    assert compare(fresh_server, **BOTH_DAYS, depth=1)["hypotheses_tested"] < compare(fresh_server, **BOTH_DAYS)["hypotheses_tested"]


def test_absence_and_bands(fresh_server: Server) -> None:
    """Requests without a user fail, and so do long ones."""
    def change(trace: Trace, rng: random.Random) -> float | None:
        trace["gen_ai.usage.input_tokens"] = tokens = int(4000 * rng.random() ** 2)
        if rng.random() < 0.9:
            trace["user.id"] = f"u{rng.randrange(900)}"
        return 0.25 if "user.id" not in trace else 0.3 if tokens > 3_600 else None

    send(fresh_server, traces(20_000, TODAY, random.Random(8), change))
    slices = [f["slice"] for f in compare(fresh_server, **BOTH_DAYS)["findings"]]
    assert {"user": None} in slices
    (band,) = [s["tokens.input"] for s in slices if set(s) == {"tokens.input"}]
    assert 3_000 < band["gte"] < 3_700 and "lt" not in band
    assert len(slices) == 2


def test_merging_and_counting_change_no_byte(executable: Path, tmp_path: Path) -> None:
    """The answer says what the spans say, however they are stored."""
    def change(trace: Trace, rng: random.Random) -> float | None:
        trace["gen_ai.usage.input_tokens"] = int(4000 * rng.random() ** 2)
        trace["retrieval.document.ids"] = [f"d{rng.randrange(5_000):05d}" for _ in range(rng.randrange(1, 4))]
        return 0.4 if trace["prompt.version"] == "p3@v1" and trace["locale"] == "de" else 0.2 if "d00007" in trace["retrieval.document.ids"] else None

    questions = [{"unit": unit} | more for unit in ("trace", "span") for more in ({}, {"by": "tokens.input,locale"}, {"target": "duration > 1ms"}, {"vs": "24h"})]
    answers: list[list[bytes]] = []
    with Server(executable, data=tmp_path / "data", options=("--merging", "off")) as server:
        send(server, two_days(change, count=6_000))
        for options in (None, ("--counted-spans-min", "1")):
            if options:
                server.options = options
                server.restart()
                server.wait_until_counted(timeout=600)
            with server.client(timeout=120) as client:
                answers.append([client.get("/v1/compare", **{"from": TODAY, "to": END} | question).body for question in questions])
    for question, before, after in zip(questions, *answers):
        assert before == after, question


def test_merging_a_fleet_changes_no_byte(executable: Path, tmp_path: Path) -> None:
    """Attributes on roots alone, on some spans, or on all, long texts among them; merged while they come, traces lie in several segments."""
    requests = workload.requests_of(workload.fleet(20_000))
    questions = [{"unit": unit} | more for unit in ("span", "trace")
                 for more in ({}, {"target": "duration > p95"}, {"where": "environment = prod"}, {"vs": "12h"})]
    window = {"from": END - DAY, "to": END + HOUR}

    def answers(server: Server) -> list[bytes]:
        with server.client(timeout=120) as client:
            return [client.get("/v1/compare", **window | question).body for question in questions]

    told: list[list[bytes]] = []
    for name, options in {"apart": ("--merging", "off"), "merged": COUNTED}.items():
        with Server(executable, data=tmp_path / name, options=options) as server:
            send_fleet("127.0.0.1", server.port, requests)
            if name == "apart":
                told.append(answers(server))
                server.options = COUNTED
                server.restart()
            server.wait_until_counted(timeout=600)
            told.append(answers(server))
    for question, *all_told in zip(questions, *told):
        assert b'"findings":[' in all_told[0] and all_told.count(all_told[0]) == len(all_told), question


@pytest.mark.parametrize("number", [5e-324, 1e-322, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308, float(2**63)])
def test_extreme_numbers_and_times(fresh_server: Server, number: float) -> None:
    """They are numbers like others; times span nearly all that there are."""
    def change(trace: Trace, rng: random.Random) -> float | None:
        trace["cost.usd"] = number if rng.random() < 0.01 else rng.random()
        trace["start"] = 1 if rng.random() < 0.001 else trace["start"]
        return 0.6 if trace["locale"] == "de" else None

    send(fresh_server, traces(3_000, TODAY, random.Random(9), change))
    answer = compare(fresh_server, **{"from": 0, "to": END})
    assert [f["slice"] for f in answer["findings"]] == [{"locale": "de"}]


def test_recorded_runs_of_tau_bench(fresh_server: Server, shared: Path) -> None:
    """The tools of failing runs, ranked; counts and p-values are those of the file."""
    recorded = shared / "data" / "tau-bench" / "gpt-4o-airline.json"
    subprocess.run([sys.executable, ROOT / "docs" / "examples" / "tau_bench.py", recorded, "--url", fresh_server.url], check=True, capture_output=True)
    runs = json.loads(recorded.read_text())
    count: collections.Counter[str] = collections.Counter()
    failed: collections.Counter[str] = collections.Counter()
    for run in runs:
        for tool in {call["function"]["name"] for m in run["traj"] for call in m.get("tool_calls") or []}:
            count[tool] += 1
            failed[tool] += run["reward"] < 1
    failures = sum(run["reward"] < 1 for run in runs)
    answer = compare(fresh_server, **{"from": 0, "to": END}, by="tool", depth=1)
    assert (answer["target"], answer["target"] + answer["baseline"]) == (failures, len(runs))
    assert answer["findings"][0]["slice"] == {"tool": "book_reservation"}
    for finding in answer["findings"]:
        tool = finding["slice"]["tool"]
        assert (finding["target"], finding["target"] + finding["baseline"]) == (failed[tool], count[tool])
        assert finding["p_value"] == pytest.approx(hypergeom.sf(failed[tool] - 1, len(runs), failures, count[tool]), rel=1e-6)
    # Over all dimensions the reward says that a run failed, and the tool is there all the same.
    slices = [f["slice"] for f in compare(fresh_server, **{"from": 0, "to": END}, limit="all")["findings"]]
    assert any(set(s) == {'attr("reward")'} for s in slices)
