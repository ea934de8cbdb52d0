"""A day of a fleet: conversations whose history grows with each call, answered by agents that retrieve, call models
and tools of other services. Nothing here knows how a span is spelled or sent."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from model import Caller, Call, Document, Instance, Message, Model, Prompt, Span, ToolCall, Usage
from texts import PromptSizes, Texts

END = 1_795_000_000_000_000_000  # 2026-11-18T11:06:40Z, as in the standard workload
SECOND, HOUR = 1_000_000_000, 3_600_000_000_000
SPANS_A_TRACE = 6.6  # on average: how many traces a number of spans takes
INSTANCES = 10  # of each of the twenty services, each a connection

AGENTS = {
    "checkout-agent": "current", "support-agent": "current", "search-agent": "earlier", "billing-agent": "earlier",
    "travel-agent": "openinference", "kb-agent": "openinference", "code-agent": "openllmetry", "triage-agent": "openllmetry",
    "sales-agent": "vercel", "web-agent": "vercel",
}
INDEXES = {"kb-index": "current", "docs-index": "earlier", "vector-index": "openinference", "pine-index": "openllmetry"}
TOOL_SERVERS = {"crm-tools": "current", "data-tools": "earlier", "web-tools": "openllmetry"}
GATEWAYS = {"edge": "current", "mobile-edge": "earlier"}
PROXY = {"llm-proxy": "earlier"}
SERVICES = AGENTS | INDEXES | TOOL_SERVERS | GATEWAYS | PROXY
TOOLS = ["search", "fetch", "sql", "calc", "calendar", "crm", "email", "browser", "python", "refund", "ticket", "geo"]
LOCALES = ["en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "pt-BR", "it-IT", "nl-NL", "ja-JP", "ko-KR", "pl-PL", "tr-TR"]
TEMPLATES = [f"{task}-{style}" for task in ("order", "faq", "intent", "plan", "extract", "verify", "rewrite", "route", "cite", "quote")
             for style in ("core", "short", "strict", "long")]
GRADER = "grader"  # the prompt of agents that other agents call
ERRORS = ["TimeoutError", "RateLimitError", "ContentFilterError", "BadRequestError", "ServerError"]
PRICES = (2.5e-6, 1e-5)  # dollars a token in and out
MESSAGES_KEPT = 40  # of a conversation; OpenInference has two attributes for each, and SDKs keep 128
TEMPERATURES = (0.0, 0.2, 0.7)
BASE_RATE = 0.008

# The faults that are planted. Each is a slice that fails, and that no list of the most frequent values shows.
BROKEN_PROMPT = ("refund-core", 7)
BROKEN_PROMPT_SHARE = 0.03
BROKEN_SINCE = END - 10 * HOUR
BROKEN_RELEASE = ("support-agent", "3.2.0")
BROKEN_REVISION = "model-b0-2026-04-18"
BROKEN_DOCUMENT = "doc-314159"
FAULTS: list[dict[str, Any]] = [
    {"name": "prompt-version", "where": {"prompt.version": "refund-core@7"}, "since": BROKEN_SINCE, "fail": 0.6, "error.type": "SchemaMismatchError"},
    {"name": "release-and-revision", "where": {"release": "support-agent 3.2.0", "model.revision": BROKEN_REVISION}, "fail": 0.5,
     "error.type": "ToolCallMalformedError"},
    {"name": "document", "where": {"document": BROKEN_DOCUMENT}, "fail": 0.7, "error.type": "PromptInjectionError"},
]


def models() -> list[Model]:
    names = [f"model-{letter}{n}" for letter in "abcdefghij" for n in (0, 1)]
    return [Model(i % 5, name, f"{name}-2026-{1 + 3 * j:02d}-{(7 * i + 3 * j) % 28 + 1:02d}") for i, name in enumerate(names) for j in range(3)]


def zipf(count: int, exponent: float) -> list[float]:
    """Cumulative weights, for `random.choices`."""
    return list(itertools.accumulate(1 / (n + 1) ** exponent for n in range(count)))


@dataclass
class Conversation:
    caller: Caller
    agent: Instance
    gateway: Instance | None
    model: Model
    prompt: Prompt
    history: list[Message] = field(default_factory=list)


class Fleet:
    """Its processes, models, prompts, and the conversations that are under way."""

    def __init__(self, rng: random.Random, sizes: PromptSizes, spans: int) -> None:
        self.rng, self.sizes, self.texts = rng, sizes, Texts(rng)
        self.instances = {name: instances(rng, name, dialect, at) for at, (name, dialect) in enumerate(SERVICES.items())}
        self.models = models()
        self.models_by_weight = zipf(len(self.models), 0.7)
        self.tenants = zipf(max(50, spans // 200), 1.05)
        self.templates_by_weight = zipf(len(TEMPLATES), 0.8)
        self.users, self.documents = max(100, spans // 8), max(1000, spans // 2)
        self.prompts: dict[tuple[str, int], Prompt] = {}
        self.open: list[Conversation] = []
        self.open_most = 20 + spans // 1000
        self.conversations = 0

    def id(self, size: int) -> str:
        return f"{self.rng.getrandbits(8 * size) or 1:0{2 * size}x}"

    def instance(self, services: dict[str, str]) -> Instance:
        return self.rng.choice(self.instances[self.rng.choice(list(services))])

    def prompt(self, name: str, version: int) -> Prompt:
        if (name, version) not in self.prompts:
            size = self.sizes.constant(self.rng)
            examples = tuple(Message(role, self.texts.cut(size // 6)) for role in ("user", "assistant") * self.rng.choice((0, 1, 2)))
            system = self.texts.cut(max(64, size - sum(len(m.text) for m in examples)))
            self.prompts[name, version] = Prompt(name, version, f"{name} {version}: {system}", examples)
        return self.prompts[name, version]

    def some_prompt(self) -> Prompt:
        if self.rng.random() < BROKEN_PROMPT_SHARE:
            return self.prompt(*BROKEN_PROMPT)
        (template,) = self.rng.choices(TEMPLATES, cum_weights=self.templates_by_weight)
        return self.prompt(template, min(12, int(self.rng.expovariate(0.4)) + 1))

    def model(self) -> Model:
        return self.rng.choices(self.models, cum_weights=self.models_by_weight)[0]

    def model_of(self, agent: Instance) -> Model:
        """The release that does not get on with a revision uses it often, or small workloads would not show it."""
        if (agent.service, agent.version) == BROKEN_RELEASE and self.rng.random() < 0.5:
            return next(m for m in self.models if m.revision == BROKEN_REVISION)
        return self.model()

    def conversation(self) -> Conversation:
        """One that goes on, or a new one."""
        if self.open and (len(self.open) >= self.open_most or self.rng.random() < 0.7):
            at = self.rng.randrange(len(self.open))
            chosen = self.open[at]
            if self.rng.random() < 0.2:  # its last turn
                self.open[at] = self.open[-1]
                self.open.pop()
            return chosen
        self.conversations += 1
        (tenant,) = self.rng.choices(range(len(self.tenants)), cum_weights=self.tenants)
        caller = Caller(
            f"t-{tenant:05d}", f"u-{self.rng.randrange(self.users):06d}", f"s-{self.conversations:07d}",
            self.rng.choice(LOCALES[:3] + LOCALES), f"b{self.rng.randrange(16):02d}")
        gateway = self.instance(GATEWAYS) if self.rng.random() < 0.4 else None
        agent = self.instance(AGENTS)
        new = Conversation(caller, agent, gateway, self.model_of(agent), self.some_prompt())
        self.open.append(new)
        return new

    def cost(self, usage: Usage) -> float:
        return round(usage.input * PRICES[0] + usage.output * PRICES[1], 6)


def instances(rng: random.Random, service: str, dialect: str, at: int) -> list[Instance]:
    environments = ["staging", "canary"] + ["prod"] * (INSTANCES - 2)
    return [
        Instance(
            at * INSTANCES + n, service, dialect, f"3.{n // 4}.{at % 4 if n // 4 < 2 else 0}", environments[n],
            int(rng.choice((-1, 1)) * rng.uniform(2, 300) * SECOND) if rng.random() < 0.1 else 0, n % 3 == 0)
        for n in range(INSTANCES)
    ]


def traffic(fleet: Fleet, spans: int, hours: float) -> Iterator[list[Span]]:
    """Traces without end: of about as many spans as asked for in the order of their starts, then some of the last second."""
    count = int(spans / SPANS_A_TRACE) + 10
    for at in sorted(END - int(fleet.rng.random() * hours * HOUR) for _ in range(count)):
        yield Turn(fleet, fleet.conversation(), at).spans
    while True:
        yield Turn(fleet, fleet.conversation(), END - int(fleet.rng.random() * SECOND)).spans


class Turn:
    """One request of a conversation: one trace, its spans in the order in which they began."""

    def __init__(self, fleet: Fleet, conversation: Conversation, at: int) -> None:
        self.fleet, self.rng, self.conversation, self.now = fleet, fleet.rng, conversation, at
        self.trace = fleet.id(16)
        self.spans: list[Span] = []
        self.pace = self.rng.lognormvariate(0, 0.5)
        self.documents = self.some_documents()
        self.error = self.failure(at)
        question = Message("user", fleet.texts.message(fleet.sizes.message(self.rng)))
        conversation.history.append(question)
        if conversation.gateway is None:
            self.answer(None, question.text)
        else:
            self.through_gateway(question.text)
        self.forget()

    # MARK: what goes wrong

    def some_documents(self) -> tuple[Document, ...]:
        if self.rng.random() > 0.6:
            return ()
        ids = [f"doc-{int(self.fleet.documents * self.rng.random() ** 3):06d}" for _ in range(self.rng.randint(2, 6))]
        if self.rng.random() < 0.02:
            ids[0] = BROKEN_DOCUMENT
        return tuple(Document(id, round(self.rng.random(), 3)) for id in dict.fromkeys(ids))

    def failure(self, at: int) -> str | None:
        """The error of this request, if it fails."""
        chance, error = BASE_RATE, self.rng.choice(ERRORS)
        for fault, applies in zip(FAULTS, (self.has_broken_prompt(at), self.has_broken_release(), self.has_broken_document())):
            if applies and fault["fail"] > chance:
                chance, error = fault["fail"], fault["error.type"]
        return error if self.rng.random() < chance else None

    def has_broken_prompt(self, at: int) -> bool:
        prompt = self.conversation.prompt
        return (prompt.name, prompt.version) == BROKEN_PROMPT and at >= BROKEN_SINCE

    def has_broken_release(self) -> bool:
        agent = self.conversation.agent
        return (agent.service, agent.version) == BROKEN_RELEASE and self.conversation.model.revision == BROKEN_REVISION

    def has_broken_document(self) -> bool:
        return any(d.id == BROKEN_DOCUMENT for d in self.documents)

    # MARK: steps

    def begin(self, role: str, name: str, instance: Instance, parent: Span | None, **parts: Any) -> Span:
        span = Span(role, self.trace, self.fleet.id(8), parent.id if parent else None, instance, name, self.now, **parts)
        if parent is None:
            span.caller = self.conversation.caller
        self.spans.append(span)
        self.now += self.rng.randint(50_000, 2_000_000)
        return span

    def end(self, span: Span, error: str | None = None) -> None:
        self.now += self.rng.randint(20_000, 900_000)
        span.end, span.error = self.now, error

    def wait(self, milliseconds: float) -> None:
        self.now += int(milliseconds * self.pace * 1e6)

    def through_gateway(self, question: str) -> None:
        gateway = self.conversation.gateway
        assert gateway is not None
        request = self.begin("request", "/v1/assist", gateway, None)
        self.answer(request, question)
        self.end(request, self.error and "500")

    def answer(self, parent: Span | None, question: str) -> None:
        conversation, rng = self.conversation, self.rng
        agent = self.begin(
            "agent", conversation.agent.service, conversation.agent, parent, model=conversation.model, question=question,
            prompt=conversation.prompt, is_streamed=rng.random() < 0.4)
        if self.documents:
            self.retrieve(agent, question)
        usage = Usage(0, 0)
        calls = rng.choice((1, 1, 2, 2, 3))
        for n in range(calls):
            is_last = n == calls - 1
            tools = () if is_last else tuple(self.tool_call() for _ in range(rng.choice((1, 1, 2, 3))))
            usage += self.call(agent, conversation.model, conversation.prompt, tools, self.error if is_last else None)
            for tool in tools:
                self.use(agent, tool)
        if rng.random() < 0.12:
            usage += self.ask_another_agent(agent, question)
        agent.answer = conversation.history[-1].text
        agent.usage = usage
        self.end(agent, self.error)

    def retrieve(self, agent: Span, question: str) -> None:
        """Found by another service, which embeds the question first."""
        index = self.fleet.instance(INDEXES)
        span = self.begin("retrieval", "kb", index, agent, question=question[:400], documents=self.documents)
        embedding = self.begin(
            "embedding", "embed", index, span, model=Model(0, "embed-small", "embed-small"), question=question[:400],
            usage=Usage(len(question[:400]) // 4, 0))
        self.wait(8)
        self.end(embedding)
        self.wait(15)
        self.end(span)

    def tool_call(self) -> ToolCall:
        name = self.rng.choice(TOOLS)
        arguments = f'{{"query":"{self.fleet.texts.cut(40)}"}}'
        return ToolCall(name, f"call_{self.fleet.id(6)}", arguments, f'{{"rows":"{self.fleet.texts.cut(self.fleet.sizes.message(self.rng))}"}}')

    def call(self, parent: Span, model: Model, prompt: Prompt, tools: tuple[ToolCall, ...], error: str | None) -> Usage:
        """A model call; every tenth goes through the proxy, which reports it once more, with what it cost."""
        history = self.conversation.history
        answer = "" if tools or error else self.fleet.texts.message(self.fleet.sizes.message(self.rng))
        size = prompt.size + sum(len(m.text) for m in history)
        usage = Usage(size // 4 + 1, len(answer) // 4 + 20 * len(tools), size // 8 if self.rng.random() < 0.3 else 0)
        milliseconds = 200 + usage.output * 5
        finish = "tool_calls" if tools else "length" if self.rng.random() < 0.06 else "stop"
        first_token = int(milliseconds * self.pace * 0.3e6) if parent.is_streamed else None
        call = Call(
            model, prompt, tuple(history), answer, finish, TEMPERATURES[prompt.version % 3], usage, f"resp_{self.fleet.id(8)}", tools, first_token,
            self.fleet.cost(usage))
        span = self.begin("call", model.name, parent.instance, parent, call=call, is_streamed=parent.is_streamed)
        is_proxied = self.rng.random() < 0.1
        if is_proxied:
            span.call = replace(call, cost=None)
            inner = self.begin("call", model.name, self.fleet.instance(PROXY), span, call=call)
            self.wait(milliseconds)
            self.end(inner, error)
        else:
            self.wait(milliseconds)
        self.end(span, error)
        history.append(Message("assistant", answer or "; ".join(f"{t.name} {t.arguments}" for t in tools) or "…"))
        return usage

    def use(self, agent: Span, tool: ToolCall) -> None:
        """A tool, run by the agent or by an MCP server; one in fifty fails, and the agent copes."""
        error = self.rng.choice(ERRORS) if self.rng.random() < 0.02 else None
        span = self.begin("tool", tool.name, agent.instance, agent, tool=tool)
        if self.rng.random() < 0.2:
            served = self.begin("served_tool", tool.name, self.fleet.instance(TOOL_SERVERS), span, tool=tool)
            self.wait(40)
            self.end(served, error)
        else:
            self.wait(60)
        self.end(span, error)
        self.conversation.history.append(Message("tool", tool.result))

    def ask_another_agent(self, agent: Span, question: str) -> Usage:
        other = self.fleet.instance(AGENTS)
        grader, model = self.fleet.prompt(GRADER, 1), self.fleet.model()
        span = self.begin("agent", other.service, other, agent, model=model, question=question, prompt=grader)
        usage = self.call(span, model, grader, (), None)
        span.answer, span.usage = self.conversation.history.pop().text, usage
        self.end(span)
        return usage

    def forget(self) -> None:
        """The oldest messages go once the prompt has its largest size."""
        history, room = self.conversation.history, self.fleet.sizes.high - self.conversation.prompt.size
        size = sum(len(m.text) for m in history)
        while history and (size > room or len(history) > MESSAGES_KEPT):
            size -= len(history.pop(0).text)
