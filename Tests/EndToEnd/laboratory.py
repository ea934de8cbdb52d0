"""A loaded server, moved through what becomes of its data, beside the oracle's answers over the same spans."""

from __future__ import annotations

import os
from pathlib import Path

import scenarios
import workload
from answers import ask, assert_same, assert_same_counts
from cases import Case
from oracle import Answer, Oracle
from scenarios import FleetScenario, Scenario
from server import Server

SPANS = int(os.environ.get("EVERYSPAN_TEST_SPANS", "20000"))
PHASES = ("before merging", "after merging", "after a restart")
WHOLE = 3_000  # groups up to which every row is compared
LIMIT = 200


class Laboratory:
    """One loaded server at a time, moved through its phases; oracles and their answers are kept."""

    def __init__(self, executable: Path) -> None:
        self.executable = executable
        self.server: Server | None = None
        self.scenario: Scenario | FleetScenario | None = None
        self.phase = 0
        self.oracles: dict[str, Oracle] = {}
        # By how a case prints: as keys, one with 1 and one with True would be the same.
        self.answers: dict[tuple[str, str], Answer] = {}

    def at(self, scenario: Scenario | FleetScenario, phase: int) -> Server:
        if self.scenario is not scenario or phase < self.phase or self.server is None or not self.server.is_running:
            self.close()
            self.server, self.scenario, self.phase = Server(self.executable, options=("--merging", "off")), scenario, 0
            self.server.start()
            scenario.send(self.server, scenarios.source(scenario.data, SPANS))
        while self.phase < phase:
            self.phase += 1
            if self.phase == 1:
                self.server.options = ("--counted-spans-min", "1")
                self.server.restart()
                self.server.wait_until_counted(timeout=600)
            else:
                self.server.restart()
        return self.server

    def expected(self, data: str, case: Case) -> Answer:
        key = (data, repr(case))
        if key not in self.answers:
            answer = self.oracle(data).slices(case.by, case.where, case.unit, case.window, case.failure)
            self.answers[key] = answer
        return self.answers[key]

    def oracle(self, data: str) -> Oracle:
        if data not in self.oracles:
            self.oracles[data] = Oracle(workload.read(scenarios.source(data, SPANS)))
        return self.oracles[data]

    def compare(self, scenario: Scenario | FleetScenario, phase: int, case: Case) -> None:
        """Asks the server as it is then, and fails with what differs."""
        answer = self.expected(scenario.data, case)
        limit = "all" if len(answer.rows) <= WHOLE else LIMIT
        with self.at(scenario, phase).client(timeout=120) as client:
            assert_same(ask(client, case, limit), answer, case, limit)
            if case.where is None and len(case.by) <= 1:
                # Without other figures it is stored counts that answer, once there are any.
                assert_same_counts(ask(client, case, limit, calc="count,failures"), answer, case, limit)

    def close(self) -> None:
        if self.server is not None:
            self.server.discard()
        self.server = None
