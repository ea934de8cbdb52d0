#!/usr/bin/env python3
"""Traffic as a fleet of services really sends it, deterministic for a seed.

usage: fleet.py SPANS OUT [--seed 1] [--hours 24] [--prompt-bytes 2000:200000]

Twenty services of ten processes each, every one on a connection of its own, instrumented in five dialects. Traces are
split over services and over requests of 1 to 50 spans; tenant, user and session are on roots only, documents on
retrievals only; prompts carry a history that grows with each call; a tenth of the spans come late, some of them hours; a
hundredth come twice; clocks are wrong; wrappers repeat what their calls used. Start times lie in the hours before the
same moment as those of the standard workload (generate.py), but for the wrong clocks.

OUT/fleet-N/requests/bodies.bin   ExportTraceServiceRequest bodies, one after the other, in order of arrival
OUT/fleet-N/requests/index.ndjson of each: {"sender", "offset", "bytes", "spans", "time_unix_nano"}
OUT/fleet-N.ndjson                the N distinct spans that stay, as they read back, flat, with "resource" and "scope"
OUT/fleet-N-faults.json           {"faults": what was planted, "sent": counts of what was sent}"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

from delivery import Delivery
from texts import PromptSizes
from traffic import FAULTS, Fleet, traffic


def generate(spans: int, out: Path, seed: int, hours: float, sizes: PromptSizes) -> dict[str, Any]:
    fleet = Fleet(random.Random(seed), sizes, spans)
    senders = [instance for instances in fleet.instances.values() for instance in instances]
    out.mkdir(parents=True, exist_ok=True)
    delivery = Delivery(random.Random(f"delivery {seed}"), senders, out / f"fleet-{spans}" / "requests", out / f"fleet-{spans}.ndjson", spans)
    for trace in traffic(fleet, spans, hours):
        delivery.take(trace)
        if delivery.survivors >= spans:
            break
    sent = delivery.finish()
    faults = out / f"fleet-{spans}-faults.json"
    faults.write_text(json.dumps({"faults": FAULTS, "sent": sent}, indent=1))
    return sent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("spans", type=int)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--hours", type=float, default=24)
    arguments.add_argument("--prompt-bytes", type=PromptSizes.parsed, default="2000:200000", help="smallest and largest prompt, as LOW:HIGH")
    chosen = arguments.parse_args()
    sent = generate(chosen.spans, chosen.out, chosen.seed, chosen.hours, chosen.prompt_bytes)
    print(json.dumps(sent))


if __name__ == "__main__":
    main()
