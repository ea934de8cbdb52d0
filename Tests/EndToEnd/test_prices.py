"""Estimated costs: from a price table, only where no cost was sent, and unpriced where the table has none."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from server import Server

NOW = time.time_ns()
TABLE = {
    "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5, "cache_read_input_token_cost": 1.25e-6},
    "azure/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 5e-6, "output_cost_per_token": 2e-5},
    "claude-sonnet-4-5": {"litellm_provider": "anthropic", "input_cost_per_token": 3e-6, "output_cost_per_token": 1.5e-5,
                          "cache_read_input_token_cost": 3e-7, "cache_creation_input_token_cost": 3.75e-6},
    "wrong": {"input_cost_per_token": "cheap"}, "image": {"output_cost_per_image": 0.1},
}
CALLS = [
    ({"model": "gpt-4o", "tokens.input": 1000, "tokens.output": 200}, 0.0045, 0),
    ({"gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "az.ai.openai", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 200}, 0.009, 0),
    ({"model": "other", "model.revision": "gpt-4o", "tokens.input": 1000, "tokens.output": 200, "tokens.cached": 600}, 0.00375, 0),
    ({"model": "claude-sonnet-4-5", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10, "gen_ai.usage.cache_read_input_tokens": 80,
      "gen_ai.usage.cache_creation_input_tokens": 500}, 100 * 3e-6 + 80 * 3e-7 + 500 * 3.75e-6 + 10 * 1.5e-5, 0),
    ({"model": "gpt-4o", "tokens.input": 1000, "tokens.output": 200, "cost": 0.5}, 0.5, 0),
    ({"model": "gpt-4o", "cost": 0}, 0, 0), ({"model": "gpt-4o"}, 0, 1), ({"model": "nobody's", "tokens.input": 1, "tokens.output": 1}, 0, 1),
    ({"model": "image", "tokens.input": 1, "tokens.output": 1}, 0, 1), ({"model": "wrong", "tokens.input": 1, "tokens.output": 1}, 0, 1),
]


@pytest.mark.parametrize("merged", [False, True])
def test_estimated_costs(executable: Path, tmp_path: Path, merged: bool) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(TABLE))
    spans = [{"trace_id": f"{n:032x}", "span_id": f"{n:016x}", "name": "chat", "operation": "chat", "call": n, "start_time_unix_nano": NOW,
              "end_time_unix_nano": NOW} | call for n, (call, _, _) in enumerate(CALLS, 1)]
    options = ("--prices", str(file), "--merging", "on" if merged else "off")
    with Server(executable, options=options) as server, server.client() as client:
        assert "3 models" in server.log_tail() and "1 without a price of tokens, 1 unreadable" in server.log_tail()
        assert client.post("/v1/spans", json.dumps(spans).encode()).status == 200
        if merged:
            server.wait_until_merged()
        answer = client.json("/v1/slices", by="call", from_=0, limit="all")
        for row in answer["rows"]:
            _, cost, unpriced = CALLS[row["slice"]["call"] - 1]
            assert row["cost"] == pytest.approx(cost, rel=1e-12), row
            assert row["unpriced_calls"] == unpriced, row
        assert answer["total"]["cost"] == pytest.approx(sum(cost for _, cost, _ in CALLS), rel=1e-12)
        # What is asked for by name stays what was sent.
        assert client.json("/v1/slices", where="has(cost)", unit="span", from_=0)["total"]["count"] == 2


def test_the_real_table(executable: Path, shared: Path) -> None:
    """Every model that has token prices, by its own name, against arithmetic on the same file."""
    path = shared / "data" / "model-prices" / "model_prices_and_context_window_backup.json"
    models = [(name, entry) for name, entry in json.loads(path.read_text()).items()
              if name != "sample_spec" and entry.get("input_cost_per_token") and entry.get("output_cost_per_token") and "tiered_pricing" not in entry]
    assert len(models) > 3300
    spans = [{"trace_id": f"{n:032x}", "span_id": f"{n:016x}", "name": "chat", "operation": "chat", "model": name, "tokens.input": 1000,
              "tokens.output": 100, "start_time_unix_nano": NOW, "end_time_unix_nano": NOW} for n, (name, _) in enumerate(models, 1)]
    with Server(executable, options=("--prices", str(path))) as server, server.client() as client:
        assert client.post("/v1/spans", json.dumps(spans).encode()).json()["accepted"] == len(models)
        rows = client.json("/v1/slices", by="model", from_=0, limit="all")["rows"]
        costs = {row["slice"]["model"]: row["cost"] for row in rows}
        for name, entry in models:
            expected = 1000 * entry["input_cost_per_token"] + 100 * entry["output_cost_per_token"]
            assert costs[name] == pytest.approx(expected, rel=1e-9), name


@pytest.mark.parametrize("text,says", [("{", "no price table"), ("[]", "no price table"), ("{}", "the tokens of no model"), (None, "cannot read")])
def test_a_table_that_is_of_no_use_is_an_error_at_start(executable: Path, tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "prices.json"
    if text is not None:
        file.write_text(text)
    done = subprocess.run([executable, "serve", "--data", tmp_path / "data", "--prices", file], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and says in done.stderr and str(file) in done.stderr
