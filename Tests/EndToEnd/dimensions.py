"""What each canonical dimension is read from in the dialects that the tests use, as data.

Written from the documentation of the dialects, not from the server's table, and not as long: it knows what is sent here.
`sources.py` reads columns by it, `naive.py` one span at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import expressions as ex

# MARK: kinds of sources; a plain text is the key of an attribute


@dataclass(frozen=True)
class Numbered:
    """`prefix.0.rest`, `prefix.1.rest` and so on, written with a star; all of them."""

    pattern: str


@dataclass(frozen=True)
class Member:
    """Within an attribute that is JSON text or nested: `a.b`; a star stands for each element of a list."""

    key: str
    path: str


@dataclass(frozen=True)
class OnEvent:
    """An attribute of the events of a name; of the last one only where it says so."""

    event: str
    attribute: str
    last: bool = False


@dataclass(frozen=True)
class NameAfter:
    """The span's name without what it begins with."""

    prefix: str


@dataclass(frozen=True)
class Where:
    """A key that counts on spans on which another has a value."""

    key: str
    other: str
    value: str


@dataclass(frozen=True)
class OtherThan:
    """A key, where it differs from a dimension that the span has too."""

    key: str
    dimension: str


@dataclass(frozen=True)
class Times:
    key: str
    factor: float


@dataclass(frozen=True)
class Implies:
    """A fixed value where a key's text contains something; anything, if that is empty."""

    key: str
    text: str
    value: Any


@dataclass(frozen=True)
class ErrorPrefix:
    """The class before the colon of a failed span's status message."""


@dataclass(frozen=True)
class Failed:
    """A fixed value of every failed span."""

    value: str


@dataclass(frozen=True)
class StatusMessage:
    pass


Source = str | Numbered | Member | OnEvent | NameAfter | Where | OtherThan | Times | Implies | ErrorPrefix | Failed | StatusMessage

BAGS = (
    "ai.telemetry.metadata.", "ai.settings.context.", "traceloop.association.properties.", "langfuse.trace.metadata.",
    "langfuse.observation.metadata.", "langsmith.metadata.", "metadata.", "mlflow.traceTag.")


def bags(*names: str) -> tuple[Source, ...]:
    """Keys of an application's own, wherever instrumentations put these."""
    return tuple(source for name in names for source in (Member("metadata", name), *(bag + name for bag in BAGS)))


# MARK: sources, the first that says something wins

SOURCES: dict[str, tuple[Source, ...]] = {
    "service": ("service", "service.name"),
    "release": (
        "release", "langfuse.release", "service.version", "langsmith.metadata.revision_id", "vcs.ref.head.revision",
        "vcs.repository.ref.revision", "ai.telemetry.metadata.release", "ai.telemetry.metadata.version"),
    "environment": (
        "environment", "langfuse.environment", "deployment.environment.name", "deployment.environment", "gen_ai.environment",
        *bags("environment", "env")),
    "tenant": (
        "tenant", "tenant.id", *(f"traceloop.association.properties.{k}" for k in ("customer_id", "tenant_id", "organization_id")),
        "metadata.user_api_key_org_id", "metadata.user_api_key_team_id",
        *bags("tenant", "tenant_id", "customer_id", "org_id", "organization_id", "account_id", "workspace_id")),
    "user": (
        "user", "langfuse.user.id", "user.id", "enduser.id", "enduser.pseudo.id", "ai.telemetry.metadata.userId",
        "traceloop.association.properties.user_id", "langsmith.metadata.user_id", "gen_ai.user", "llm.user", "gen_ai.request.user",
        "metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id", "mlflow.trace.user", *bags("user_id", "userId")),
    "conversation": (
        "conversation", "gen_ai.conversation.id", "langfuse.session.id", "session.id", "ai.telemetry.metadata.sessionId",
        "traceloop.association.properties.session_id", "langsmith.metadata.thread_id", "langsmith.metadata.conversation_id",
        "langsmith.metadata.session_id", "gcp.vertex.agent.session_id", "mlflow.trace.session",
        *bags("session_id", "sessionId", "thread_id", "conversation_id", "chat_id")),
    "agent": (
        "agent", "gen_ai.agent.name", "agent.name", Where("traceloop.entity.name", "traceloop.span.kind", "agent"), "agent_name",
        "langsmith.metadata.agent_name", NameAfter("invoke_agent ")),
    "workflow": (
        "workflow", "gen_ai.workflow.name", "traceloop.workflow.name", "workflow.name", "langfuse.trace.name", "langsmith.trace.name",
        "langgraph.graph.id", "ai.telemetry.functionId", "mlflow.traceName"),
    "operation": ("operation", "gen_ai.operation.name"),
    "provider": (
        "provider", "gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider", "mlflow.llm.provider",
        "langsmith.metadata.ls_provider"),
    "model": (
        "model", "gen_ai.request.model", "llm.request.model_name", "ai.model.id", Member("llm.invocation_parameters", "model"),
        Member("llm.invocation_parameters", "model_name"), "langfuse.observation.model.name", "llm.model_name", "embedding.model_name",
        "reranker.model_name", "mlflow.llm.model", "langsmith.metadata.ls_model_name"),
    "model.revision": (
        "model.revision", "gen_ai.response.model", "llm.response.model_name", "ai.response.model", OtherThan("llm.model_name", "model"),
        "llm.response.model"),
    "prompt.name": (
        "prompt.name", "gen_ai.prompt.name", "langfuse.observation.prompt.name", "langfuse.prompt.name", "prompt.id",
        "traceloop.prompt.key", Member("ai.telemetry.metadata.langfusePrompt", "name"), Member("mlflow.linkedPrompts", "*.name"),
        "langsmith.metadata.prompt_name", "langsmith.metadata.lc_hub_repo", "prompt.template.id", *bags("prompt_id", "prompt_name")),
    "prompt.version": (
        "prompt.version", "gen_ai.prompt.version", "langfuse.observation.prompt.version", "langfuse.prompt.version",
        "llm.prompt_template.version", "traceloop.prompt.version", Member("ai.telemetry.metadata.langfusePrompt", "version"),
        Member("mlflow.linkedPrompts", "*.version"), "langsmith.metadata.lc_hub_commit_hash", "prompt.template.version"),
    "prompt.text": (
        "prompt.text", "gen_ai.input.messages", Numbered("llm.input_messages.*.message.content"),
        Numbered("llm.prompts.*.prompt.text"), Numbered("gen_ai.prompt.*.content"), "langfuse.observation.input", "ai.prompt.messages",
        "ai.prompt", "input.value", "traceloop.entity.input", "mlflow.spanInputs", "gen_ai.prompt",
        OnEvent("gen_ai.user.message", "content")),
    "output.text": (
        "output.text", "gen_ai.output.messages", Numbered("llm.output_messages.*.message.content"),
        Numbered("gen_ai.completion.*.content"), "langfuse.observation.output", "ai.response.text", "output.value",
        "traceloop.entity.output", "mlflow.spanOutputs", "gen_ai.completion", OnEvent("gen_ai.choice", "content")),
    "tool": (
        "tool", "gen_ai.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name", "mlflow.spanFunctionName",
        "mcp.tool.name", "tool_name", "langsmith.trace.name", NameAfter("execute_tool "), NameAfter("running tool: ")),
    "tool.sequence": ("tool.sequence",),
    "document": (
        "document", Member("gen_ai.retrieval.documents", "*.id"), Numbered("retrieval.documents.*.document.id"),
        Numbered("reranker.output_documents.*.document.id"), OnEvent("db.query.result", "db.query.result.id"),
        OnEvent("db.search.result", "db.search.result.id"), "retrieval.document.ids"),
    "locale": (
        "locale", "user.locale", "browser.language", "http.request.header.accept-language", *bags("locale", "language", "lang")),
    "experiment": ("experiment", "langfuse.experiment.id", "langfuse.experiment.name",
                   *bags("experiment", "experiment_id", "experiment_name")),
    "variant": (
        "variant", "gen_ai.experiment.variant", OnEvent("feature_flag.evaluation", "feature_flag.result.variant"),
        OnEvent("feature_flag", "feature_flag.variant"), "eval.bucket", *bags("variant", "bucket", "ab_bucket", "cohort", "arm")),
    "finish_reason": (
        "finish_reason", "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "llm.finish_reason",
        "ai.response.finishReason", "gen_ai.finishReason", "gen_ai.completion.0.finish_reason",
        OnEvent("gen_ai.choice", "finish_reason"), Member("gen_ai.output.messages", "*.finish_reason"), "gen_ai.response.stop_reason",
        "llm.response.stop_reason"),
    "error.type": ("error.type", OnEvent("exception", "exception.type", last=True), ErrorPrefix(), Failed("_OTHER")),
    "error.message": (
        "error.message", StatusMessage(), OnEvent("exception", "exception.message", last=True), "langfuse.observation.status_message"),
    "tokens.input": (
        "tokens.input", "gen_ai.usage.input_tokens", "llm.token_count.prompt", "gen_ai.usage.prompt_tokens", "ai.usage.inputTokens",
        "ai.usage.promptTokens", "ai.usage.tokens"),
    "tokens.output": (
        "tokens.output", "gen_ai.usage.output_tokens", "llm.token_count.completion", "gen_ai.usage.completion_tokens",
        "ai.usage.outputTokens", "ai.usage.completionTokens"),
    "tokens.cached": (
        "tokens.cached", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input", "ai.usage.cachedInputTokens",
        "ai.usage.inputTokenDetails.cacheReadTokens", "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_read_input_tokens"),
    "cost": (
        "cost", "gen_ai.usage.cost.total", Member("langfuse.observation.cost_details", "total"), "gen_ai.usage.cost",
        "gen_ai.cost.total_cost", "llm.cost.total", "operation.cost", Member("mlflow.llm.cost", "total_cost"), "cost_usd", "cost.usd"),
    "temperature": (
        "temperature", "gen_ai.request.temperature", Member("llm.invocation_parameters", "temperature"), "ai.settings.temperature",
        "langsmith.metadata.ls_temperature"),
    "ttft": (
        "ttft", Times("gen_ai.response.time_to_first_chunk", 1000), Times("gen_ai.client.operation.time_to_first_chunk", 1000),
        Times("gen_ai.server.time_to_first_token", 1000), "ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"),
    "stream": (
        "stream", "gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming", "gen_ai.request.is_stream",
        "langsmith.request.streaming", Member("llm.invocation_parameters", "stream"), Implies("ai.operationId", "stream", True),
        Implies("operation.name", "stream", True), Implies("gen_ai.response.time_to_first_chunk", "", True),
        Implies("ai.response.msToFirstChunk", "", True)),
}
SOURCES["session"] = SOURCES["conversation"]
RESOURCE_FIRST = ("service.", "deployment.")

NUMERIC = {"tokens.input", "tokens.output", "tokens.cached", "cost", "temperature", "ttft"}
INHERITED = {
    "service", "release", "environment", "tenant", "user", "conversation", "session", "agent", "workflow", "prompt.name",
    "prompt.version", "locale", "experiment", "variant",
}

# MARK: operation kinds

MODEL_CALLS = {"chat", "completion", "embeddings"}
OPENINFERENCE_KINDS = {
    "llm": "chat", "embedding": "embeddings", "chain": "chain", "retriever": "retrieval", "reranker": "rerank", "tool": "tool",
    "agent": "agent", "guardrail": "guardrail", "evaluator": "evaluation", "prompt": "prompt",
}
OPERATIONS = {
    "chat": "chat", "generate_content": "chat", "generate": "chat", "call_llm": "chat", "text_completion": "completion",
    "completion": "completion", "acompletion": "completion", "embeddings": "embeddings", "aembedding": "embeddings", "retrieval": "retrieval",
    "rerank": "rerank", "execute_tool": "tool", "invoke_agent": "agent", "create_agent": "agent_create", "invoke_workflow": "workflow",
    "plan": "plan", "agent_step": "task", "search_memory": "memory", "create_memory": "memory", "update_memory": "memory",
    "upsert_memory": "memory", "delete_memory": "memory", "create_memory_store": "memory", "delete_memory_store": "memory",
}
TRACELOOP_KINDS = {"workflow": "workflow", "task": "task", "agent": "agent", "tool": "tool"}
REQUEST_TYPES = {"chat": "chat", "completion": "completion", "embedding": "embeddings", "rerank": "rerank"}
WRAPPERS = {"ai.embed": "chain", "ai.embedMany": "chain", "ai.rerank": "rerank", "ai.toolCall": "tool"}


def vercel_kind(value: str) -> str | None:
    """Of an operation of the AI SDK; the application's name for it comes after a space."""
    operation = value.partition(" ")[0]
    if not operation.startswith("ai."):
        return None
    if operation.endswith(".doEmbed"):
        return "embeddings"
    if operation.endswith((".doGenerate", ".doStream")):
        return "chat"
    if operation in ("ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject"):
        return "agent"
    return WRAPPERS.get(operation)


# In order of precedence: a key, and the kind that each of its values means; None: ask the next.
KINDS: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("operation.kind", str.lower),
    ("openinference.span.kind", lambda v: OPENINFERENCE_KINDS.get(v.lower())),
    ("gen_ai.operation.name", lambda v: OPERATIONS.get(v)),
    ("operation", lambda v: OPERATIONS.get(v)),
    ("traceloop.span.kind", lambda v: TRACELOOP_KINDS.get(v)),
    ("llm.request.type", lambda v: REQUEST_TYPES.get(v)),
    ("ai.operationId", vercel_kind),
    ("operation.name", vercel_kind),
)
TOOL_KEYS = ("gen_ai.tool.name", "gen_ai.tool.call.id")
DATABASE_KEYS = ("db.system", "db.system.name")
VECTOR_PREFIX = "db.vector."

# MARK: values

PLACEHOLDERS = {"", "None", "null", "Unknown", "[]", "{}", "<REDACTED>", "__REDACTED__"}
SCRUBBED = "[Scrubbed due to"
PROVIDERS = {
    "openai": "openai", "azure": "azure.ai.openai", "az.ai.openai": "azure.ai.openai", "azure.ai.openai": "azure.ai.openai",
    "azure-openai": "azure.ai.openai", "azure_openai": "azure.ai.openai", "az.ai.inference": "azure.ai.inference",
    "azure.ai.inference": "azure.ai.inference", "anthropic": "anthropic", "aws": "aws.bedrock", "aws_bedrock": "aws.bedrock",
    "bedrock": "aws.bedrock", "amazon-bedrock": "aws.bedrock", "aws.bedrock": "aws.bedrock", "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai", "google.vertex": "gcp.vertex_ai", "google-vertex": "gcp.vertex_ai", "gcp.vertex_ai": "gcp.vertex_ai",
    "gemini": "gcp.gemini", "google.generative-ai": "gcp.gemini", "google_genai": "gcp.gemini", "google": "gcp.gemini",
    "gcp.gen_ai": "gcp.gen_ai", "mistral": "mistral_ai", "mistralai": "mistral_ai", "mistral_ai": "mistral_ai", "xai": "x_ai",
    "x_ai": "x_ai", "watsonx": "ibm.watsonx.ai", "cohere": "cohere", "deepseek": "deepseek", "groq": "groq",
}
FINISH_REASONS = {
    word: reason for reason, words in {
        "stop": "stop end_turn completed stop_sequence", "length": "length max_tokens", "content_filter": "content_filter content-filter safety refusal",
        "tool_call": "tool_calls tool_call tool-calls tool_use function_call", "error": "error failed cancelled",
    }.items() for word in words.split()
}


def says_something(text: str) -> bool:
    return text not in PLACEHOLDERS and not text.startswith(SCRUBBED)


def unwrapped(text: str) -> str:
    """Some senders encode every attribute as JSON, some of them twice."""
    for _ in range(2):
        if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
            break
        try:
            inner = json.loads(text)
        except ValueError:
            break
        if not isinstance(inner, str):
            break
        text = inner
    return text


def as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = unwrapped(value) if isinstance(value, str) else ex.number_text(value)
    return text if says_something(text) else None


def as_number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return None if isinstance(value, bool) else value


def as_flag(value: Any) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())


def provider(value: Any) -> str | None:
    text = as_text(value)
    if text is None:
        return None
    name = text.strip().lower()
    while name not in PROVIDERS and re.search(r"[._-]", name):
        name = re.split(r"[._-][^._-]*\Z", name)[0]
    return PROVIDERS.get(name, text.strip().lower())


def finish_reason(value: Any) -> str | None:
    text = as_text(value)
    return None if text is None else FINISH_REASONS.get(text.lower(), "other")


def locale(value: Any) -> str | None:
    text = as_text(value)
    return None if text is None else text.replace("_", "-")


READINGS: dict[str, Callable[[Any], Any]] = {
    **{name: as_number for name in NUMERIC}, "stream": as_flag, "provider": provider, "finish_reason": finish_reason, "locale": locale,
}


def reading(dimension: str) -> Callable[[Any], Any]:
    """Turns a sent value into the dimension's, None where it says nothing."""
    return READINGS.get(dimension, as_text)


def elements(dimension: str, value: Any) -> list[Any]:
    """A list that was sent as JSON text, as some do with finish reasons; else the value itself."""
    if dimension == "finish_reason" and isinstance(value, str) and value.startswith("["):
        found = parsed(value)
        return found if isinstance(found, list) else [value]
    return [value]


def parsed(text: Any) -> Any:
    """What a JSON text holds; None for anything else."""
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def members(text: Any, path: str) -> list[Any]:
    """The scalars at a path of a JSON text."""
    found = [parsed(text)]
    for step in path.split("."):
        if step == "*":
            found = [e for value in found if isinstance(value, list) for e in value]
        else:
            found = [value[step] for value in found if isinstance(value, dict) and step in value]
    return [value for value in found if isinstance(value, (str, int, float, bool))]


def prompt_version(name: str | None, version: str) -> str:
    """Where the version alone is sent beside a name, every prompt's "3" stays apart."""
    return version if name is None or version.startswith(f"{name}@") else f"{name}@{version}"


ERROR_CLASS = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*(?:Error|Exception)): ")


def error_class(message: str) -> str | None:
    """RateLimitError of "RateLimitError: slow down"; a message may have a colon without naming a class."""
    found = ERROR_CLASS.match(message)
    return found[1] if found else None
