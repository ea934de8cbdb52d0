"""What happened, before any instrumentation spells it in its own attributes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Instance:
    """One process of a service. It sends on one connection of its own, with one clock."""

    sender: int
    service: str
    dialect: str
    version: str
    environment: str
    skew: int  # nanoseconds that its clock is ahead
    is_structured: bool  # sends messages as nested values, not as JSON text


@dataclass(frozen=True)
class Message:
    role: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """A version of a template: what each call with it begins with."""

    name: str
    version: int
    system: str
    examples: tuple[Message, ...]

    @property
    def size(self) -> int:
        return len(self.system) + sum(len(m.text) for m in self.examples)


@dataclass(frozen=True)
class Caller:
    """Who asked. Only the root of a trace knows."""

    tenant: str
    user: str
    session: str
    locale: str
    variant: str


@dataclass(frozen=True)
class Usage:
    input: int
    output: int
    cached: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input + other.input, self.output + other.output, self.cached + other.cached)


@dataclass(frozen=True)
class Model:
    provider: int  # which of the providers; each dialect has its own spelling
    name: str
    revision: str


@dataclass(frozen=True)
class ToolCall:
    name: str
    id: str
    arguments: str
    result: str


@dataclass
class Call:
    model: Model
    prompt: Prompt
    history: tuple[Message, ...]
    answer: str
    finish: str  # "stop", "length" or "tool_calls"
    temperature: float
    usage: Usage
    response_id: str
    tool_calls: tuple[ToolCall, ...] = ()
    first_token: int | None = None  # nanoseconds after the start; None: not streamed
    cost: float | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """All but the system's."""
        return self.prompt.examples + self.history


@dataclass(frozen=True)
class Document:
    id: str
    score: float


@dataclass
class Span:
    """A step of a trace. `role` says which of the parts below it has."""

    role: str  # request, agent, call, embedding, retrieval, tool, served_tool
    trace: str
    id: str
    parent: str | None
    instance: Instance
    name: str  # of the route, agent, tool or index
    start: int
    end: int = 0
    error: str | None = None
    caller: Caller | None = None
    call: Call | None = None
    tool: ToolCall | None = None
    question: str = ""
    documents: tuple[Document, ...] = ()
    model: Model | None = None
    prompt: Prompt | None = None
    answer: str = ""
    usage: Usage | None = None  # of an agent: the sum of its calls, which they report too
    is_streamed: bool = False
    decoys: dict[str, str] = field(default_factory=dict)
