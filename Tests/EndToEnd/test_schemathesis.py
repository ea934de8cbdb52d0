"""Schemathesis makes requests from /openapi.json, valid and invalid: no 500, and no answer that the document does not describe.

The tail's stream never ends by itself, so it is left to test_openapi.py. That texts such as `where` may be malformed, and that
odd spans are refused one by one, is no matter of the schema: the checks of accepted and rejected data do not apply."""

from __future__ import annotations

import os
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

import workload
from scenarios import NDJSON
from server import Server

EXAMPLES = int(os.environ.get("EVERYSPAN_TEST_EXAMPLES", "25"))


@pytest.fixture(scope="module")
def described(server: Server) -> Any:
    with server.client() as client:
        for at in range(0, 2000, 500):
            spans = list(workload.read(workload.ndjson(2000)))[at : at + 500]
            client.post("/v1/spans", b"\n".join(map(orjson.dumps, spans)), NDJSON)
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json").exclude(path="/v1/tail")


CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance,
    checks.response_headers_conformance]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_answers_are_described(described: Any, mode: GenerationMode) -> None:
    operations = [result.ok() for result in described.get_all_operations()]
    assert len(operations) > 15
    asked = 0
    for operation in operations:
        try:
            strategy = operation.as_strategy(generation_mode=mode)

            @settings(
                max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck))
            @given(case=strategy)
            def answers(case: schemathesis.Case) -> None:
                nonlocal asked
                asked += 1
                case.call_and_validate(timeout=60, checks=CHECKS)

            answers()
        except Unsatisfiable:
            continue  # of what takes nothing, nothing is invalid
    assert asked > 100
