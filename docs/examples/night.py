#!/usr/bin/env python3
"""A day and a night of a helpdesk's traffic, the data of docs/GUIDE.md: the same on every run.

    python3 night.py        | curl --data-binary @- http://127.0.0.1:4318/v1/spans
    python3 night.py scores | curl --data-binary @- http://127.0.0.1:4318/v1/scores

Ten requests a minute, from 2026-11-17 02:00 to 2026-11-18 03:10 UTC, as native spans, one a line; `scores` are what
users said of some answers. Several things go wrong, each in a corner of the traffic; docs/GUIDE.md finds them.

Needs nothing but Python 3.9.
"""

from __future__ import annotations

import datetime
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

Span = dict[str, Any]
START = int(datetime.datetime(2026, 11, 17, 2, tzinfo=datetime.timezone.utc).timestamp())
MINUTES = 25 * 60 + 10
TENANTS = ["acme", "globex", "initech", "hooli", "umbrella", "tyrell", "wonka", "stark"]
LOCALES = ["en-US", "en-US", "en-GB", "de-DE", "fr-FR", "ja-JP"]
# A name, its tools in order, whether it retrieves, and what users ask.
PROMPTS = [
    ("faq", [], True, "How long may I keep order # before I send it back?"),
    ("order-status", ["lookup_order", "track_parcel"], False, "Where is order #?"),
    ("refund", ["lookup_order", "issue_refund"], False, "Order # came broken. May I have my money back?"),
    ("product-search", ["search_catalog"], True, "Which of your kettles is the quietest?"),
]
# Dollars for a token in and out; what the small ones cost nobody sends.
SENT_PRICES = {"large-2": (3e-6, 12e-6)}
REVISIONS = {"large-2": "large-2-2026-09-01", "small-2": "small-2-2026-10-15", "small-3": "small-3-2026-11-12"}


def at(day: int, hour: int, minute: int) -> int:
    return int(datetime.datetime(2026, 11, day, hour, minute, tzinfo=datetime.timezone.utc).timestamp())


class Request:
    """One request: a trace. `random` of its number decides all of it, so that no request changes another."""

    def __init__(self, number: int) -> None:
        self.number, self.random = number, random.Random(f"request {number}")
        self.began = START + number * 6 + self.random.random() * 6
        self.now = self.began
        self.tenant = self.pick(TENANTS, skew=2)
        self.locale = self.pick(LOCALES)
        self.prompt, self.tools, self.retrieves, self.question = self.pick(PROMPTS)
        self.model = self.pick(["large-2", "large-2", "small-2", "small-3"])
        self.documents = [f"kb-{100 + int(self.random.random() ** 2 * 150)}" for _ in range(3)] if self.retrieves else []
        self.is_cut = self.error = None
        self.spans: list[Span] = []
        self.handle()

    def since(self, *when: int) -> bool:
        return self.began >= at(*when)

    def pick(self, values: list[Any], skew: float = 1) -> Any:
        return values[int(self.random.random() ** skew * len(values))]

    def span(self, id: int, parent: int | None, name: str, service: str, began: float, **more: Any) -> None:
        error = more.pop("error", None)
        base = {
            "trace_id": f"{random.Random(-self.number - 1).getrandbits(128):032x}", "span_id": f"{self.number:08x}{id:08x}",
            "name": name, "service": service, "start_time_unix_nano": round(began * 1e6) * 1000,
            "end_time_unix_nano": round(self.now * 1e6) * 1000, "status": "ERROR" if error else "OK",
        }
        if parent is not None:
            base["parent_span_id"] = f"{self.number:08x}{parent:08x}"
        if error:
            base |= {"error.type": error[0], "status_message": error[1]}
        self.spans.append(base | {k.replace("__", "."): v for k, v in more.items() if v is not None})

    def wait(self, low: float, high: float) -> None:
        """Seconds; most near the lower end."""
        self.now += low + (high - low) * self.random.random() ** 3

    # MARK: what happens

    def handle(self) -> None:
        self.wait(0.002, 0.02)
        agent = self.now
        if self.retrieves:
            self.retrieve()
        if self.random.random() < 0.01:
            self.error = ("timeout", "no answer from the provider within 20 s")
        self.call(10, self.error)
        calls = self.tools * (self.tries() if self.prompt == "product-search" else 1)
        for step, tool in enumerate([] if self.error else calls):
            self.use(20 + step, tool)
            if self.error:
                break
        if calls and (self.error or ("",))[0] != "timeout":
            self.call(11, None)
        release = "assistant-2.9" if self.since(17, 18, 0) else "assistant-2.8"
        self.span(2, 1, "invoke_agent helpdesk", "assistant", agent, release=release, agent="helpdesk", operation="invoke_agent", error=self.error)
        self.wait(0.001, 0.005)
        self.span(
            1, None, "POST /answer", "gateway", self.began, kind="SERVER", tenant=self.tenant, user=f"u-{self.number % 701}", locale=self.locale,
            release="gateway-3.4", error=self.error and (self.error[0], "the question could not be answered"))

    def retrieve(self) -> None:
        """Since 15:20 one document has a paragraph that talks to the model."""
        began = self.now
        if self.random.random() < 0.025:
            self.documents[0] = "kb-211"
        self.wait(0.015, 0.15)
        self.span(3, 2, "retrieve", "search", began, operation__kind="retrieval", document=self.documents)
        if "kb-211" in self.documents and self.since(17, 15, 20) and self.random.random() < 0.8:
            self.error = ("policy_violation", "the answer was held back: it asks for a card number")

    def tries(self) -> int:
        """Since 18:00 the French index is empty, and the agent asks again."""
        is_empty = self.locale == "fr-FR" and self.since(17, 18, 0)
        return 6 + int(self.random.random() * 7) if is_empty else 1

    def use(self, id: int, tool: str) -> None:
        """Half of the order service has been release 5.1 since 02:40, which wants numbers; one model writes text."""
        began = self.now
        is_order = tool != "search_catalog"
        is_new = is_order and self.since(18, 2, 40) and self.random.random() < 0.5
        order = 40_000 + self.number
        arguments = {"order": str(order) if self.model == "small-3" else order} if is_order else {"query": "quiet kettle"}
        if is_new and self.model == "small-3":
            self.error = ("bad_request", "order: expected a number")
        self.wait(0.02, 0.3)
        is_empty = self.locale == "fr-FR" and self.since(17, 18, 0) and not is_order
        self.span(
            id, 2, f"execute_tool {tool}", "orders" if is_order else "catalog", began, tool=tool,
            release=("orders-5.1" if is_new else "orders-5.0") if is_order else "catalog-1.7", gen_ai__tool__call__arguments=json.dumps(arguments),
            gen_ai__tool__call__result="[]" if is_empty else None, error=self.error)

    def call(self, id: int, error: tuple[str, str] | None) -> None:
        began = self.now
        version = {"faq": "v4" if self.since(17, 9, 30) else "v3", "order-status": "v8", "refund": "v12", "product-search": "v5"}[self.prompt]
        revision = "small-2-2026-11-17" if self.model == "small-2" and self.since(17, 22, 0) else REVISIONS[self.model]
        first = (self.random.random() ** 2 * 0.9 + 0.2) * (4 if revision == "small-2-2026-11-17" else 1)
        # One tenant's new client sends the whole conversation with each question.
        history = 9000 if self.tenant == "hooli" and self.since(17, 20, 0) else 0
        tokens = int(400 + 1600 * self.random.random() ** 2) + history
        is_last = id == 11 or not self.tools
        is_cut = is_last and self.random.random() < (0.15 if (self.prompt, version) == ("faq", "v4") else 0.01)
        self.is_cut = is_cut or self.is_cut
        output = 256 if is_cut else int(30 + 200 * self.random.random())
        self.now += first + output * 0.008
        prices = SENT_PRICES.get(self.model)
        answered = None if error else dict(
            model__revision=revision, tokens__input=tokens, tokens__output=output, ttft=round(first * 1000),
            finish_reason="length" if is_cut else "stop" if is_last else "tool_calls",
            cost=prices and round(tokens * prices[0] + output * prices[1], 6), output__text=self.answer(is_cut) if is_last else None)
        self.span(
            id, 2, f"chat {self.model}", "assistant", began, kind="CLIENT", operation="chat", model=self.model, prompt__name=self.prompt,
            prompt__version=version, prompt__text=self.question.replace("#", str(40_000 + self.number)), error=error, **(answered or {}))

    def answer(self, is_cut: bool) -> str:
        if self.error:
            return "Something went wrong here. A colleague looks into it."
        return "You can send it back within 30 days. To do so, first" if is_cut else "Here is what I found."

    # MARK: what users say

    def score(self) -> dict[str, Any] | None:
        """Every twentieth tells, and more often of an answer that stops in the middle of a sentence."""
        says = random.Random(f"score {self.number}").random()
        if says > (0.5 if self.is_cut else 0.05):
            return None
        is_good = not self.error and (says < 0.05 if self.is_cut else says < 0.045)
        return {"trace_id": self.spans[0]["trace_id"], "name": "thumbs", "value": int(is_good), "by": "user", "source": "human",
                "time": round(self.now + 30)}


def requests() -> Iterator[Request]:
    return map(Request, range(MINUTES * 10))


def main() -> None:
    wants_scores = sys.argv[1:] == ["scores"]
    for request in requests():
        lines = [request.score()] if wants_scores else request.spans
        for line in filter(None, lines):
            print(json.dumps(line, separators=(",", ":")))


if __name__ == "__main__":
    main()
