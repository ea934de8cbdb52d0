"""The combinations of by, where, unit, time range and failure that answers over a fleet's traffic are compared on.

Here no dimension is on every span: tenants come from roots, documents lie on spans of another service, five dialects
spell each name, and the clocks of some processes are wrong."""

from __future__ import annotations

from cases import BEFORE, END, HOUR, LAST_6H, MIDDAY, Case, c
from expressions import Failed, Has, In, IsNull, Milliseconds, OneSpan, Quoted

BROKEN_PROMPT = "refund-core@7"
BROKEN_DOCUMENT = "doc-314159"
BROKEN_RELEASE = "support-agent 3.2.0"
BROKEN_REVISION = "model-b0-2026-04-18"
RARE_WORD = "zanzibarium"
EVER = (END - 30 * HOUR, END + 120 * 365 * 24 * HOUR)  # with the clocks that are a century ahead
SINCE_BROKEN = (END - 10 * HOUR, END)

INHERITED = ("service", "release", "environment", "tenant", "user", "session", "agent", "workflow", "prompt.name", "prompt.version",
             "locale", "variant")
OWN = ("operation.kind", "provider", "model", "model.revision", "tool", "document", "finish_reason", "error.type", "stream", "kind",
       "status")
OF_TRACES = ("tool.sequence", "tool.pair", "tool.count", "llm.calls", "trace.spans", "name", "root.name", "root.service", "root.status",
             "root.operation.kind", "root.release", "root.prompt.version")

WITHOUT_FILTERS = [
    Case(), Case(unit="span"), Case(window=EVER), Case(unit="span", window=EVER), Case(window=BEFORE), Case(window=LAST_6H),
    Case(unit="span", window=MIDDAY),
    *[Case((name,), unit=unit) for name in INHERITED + OWN for unit in ("trace", "span")],
    *[Case((name,)) for name in OF_TRACES],
    Case(("name",), unit="span", order="count"),
    Case(("tenant",), window=MIDDAY, order="failure_rate"), Case(("session",), unit="span", window=LAST_6H, order="-count"),
    Case(("prompt.version",), window=SINCE_BROKEN), Case(("prompt.version",), unit="span", window=SINCE_BROKEN, order="tokens_in"),
    Case(("model.revision",), order="cost"), Case(("release",), unit="span", window=EVER, order="p95_ms"),
]

SEVERAL = [
    Case(("tenant", "prompt.version"), window=LAST_6H),
    Case(("tenant", "prompt.version"), unit="span", window=MIDDAY),
    Case(("service", "release", "environment"), unit="span"),
    Case(("release", "model.revision")),
    Case(("provider", "model.revision", "finish_reason"), unit="span"),
    Case(("document", "prompt.version"), window=SINCE_BROKEN),
    Case(("locale", "variant")),
    Case(("agent", "tool"), window=LAST_6H),
    Case(("root.service", "agent", "status")),
    Case(("error.type", "service")),
    Case(("error.type", "service"), unit="span"),
    Case(("operation.kind", "service", "stream"), unit="span"),
    Case(("workflow", "root.operation.kind")),
]

# What was sent, where it was sent.
RAW = [
    Case(("resource.service.name",), unit="span"), Case(("span.service.name", "resource.service.version"), unit="span"), Case(("service.version",), unit="span"),
    Case(("resource.deployment.environment",)), Case(("deployment.environment.name",), unit="span"),
    Case(('attr("resource.name")',), unit="span"), Case(("resource.telemetry.sdk.language", "openinference.span.kind"), unit="span"),
    Case(("gen_ai.system",), unit="span"), Case(("gen_ai.provider.name", "llm.provider", "ai.model.provider"), unit="span"),
    Case(("traceloop.prompt.version",), unit="span"), Case(("traceloop.prompt.version",)), Case(("mcp.session.id",)),
    Case(("session.id",), unit="span", window=LAST_6H), Case(("enduser.id",), window=LAST_6H), Case(("tag.tags",)),
    Case(("gen_ai.response.finish_reasons",), unit="span"), Case(("llm.is_streaming",)), Case(("http.response.status_code",)),
    Case(("gen_ai.usage.prompt_tokens",), unit="span", window=MIDDAY, order="count"),
]

FILTERED = [
    Case(("tenant",), c("prompt.version", "=", BROKEN_PROMPT), window=SINCE_BROKEN),
    Case(("prompt.version",), c("document", "=", BROKEN_DOCUMENT)),
    Case(("service",), c("document", "=", BROKEN_DOCUMENT), unit="span"),
    Case(("release", "model.revision"), c("release", "=", BROKEN_RELEASE) & c("model.revision", "=", BROKEN_REVISION)),
    Case(("release",), OneSpan(c("release", "=", BROKEN_RELEASE) & c("model.revision", "=", BROKEN_REVISION))),
    Case(("model.revision",), c("release", "starts-with", "support-agent"), unit="span"),
    Case(("agent",), c("prompt.text", "contains", RARE_WORD)),
    Case(("service",), c("prompt.text", "contains", RARE_WORD), unit="span"),
    Case(("operation.kind",), c("output.text", "contains", RARE_WORD), unit="span"),
    Case((), ~c("prompt.text", "contains", RARE_WORD), unit="span"),
    Case(("tool",), c("tool.sequence", "~", "sql>.*sql")),
    Case((), ~c("tool", "=", "sql")),
    Case(("tenant",), OneSpan(c("tool", "=", "sql") & c("status", "=", "error"))),
    Case(("tenant",), OneSpan(c("operation.kind", "=", "chat") & c("tokens.input", ">", 400)), order="tokens_in"),
    Case(("service",), In("operation.kind", ("chat", "embeddings")) & c("tokens.input", "<", 100), unit="span"),
    Case(("user",), IsNull("session"), window=EVER),
    Case(("service",), IsNull("tenant"), unit="span"),
    Case(("root.name",), IsNull("user"), window=EVER),
    Case(("provider",), Has("cost")),
    Case(("provider",), ~Has("cost") & c("operation.kind", "=", "chat"), unit="span"),
    Case(("service",), Has("document") & IsNull("tool")),
    Case(("finish_reason",), c("tokens.cached", ">", 0), unit="span"),
    Case(("model",), c("stream", "=", True) & c("ttft", ">", 90), unit="span"),
    Case(("service",), c("ttft", "<=", 90)),
    Case(("temperature",), c("temperature", ">", 0.1), unit="span"),
    Case(("locale",), In("locale", ("en-US", Quoted("de-DE"))) & c("variant", "!=", "b03")),
    Case(("environment",), In("environment", ("staging", "canary"), negated=True)),
    Case(("service",), c("error.message", "contains", "step failed"), unit="span"),
    Case(("error.type",), OneSpan(c("status", "=", "error")) & ~c("status", "=", "error")),
    Case(("tenant",), c("duration", ">", Milliseconds(1500)) & c("llm.calls", ">=", 2)),
    Case(("name",), c("duration", "<=", Milliseconds(0)), unit="span", window=EVER),
    Case((), c("root.service", "=", "edge") & Failed()),
    Case(("agent",), c("workflow", "~", "flow$")),
    Case(("status",), c("kind", "=", "server"), unit="span"),
    Case(("tool.pair",), c("tool.count", ">", 2) & ~c("environment", "=", "prod")),
    Case(("prompt.name",), c("prompt.name", "=", "grader") & c("agent", "!=", "checkout-agent")),
    Case(("service",), c("langsmith.trace.session_name", "=", "assistants")),
]

OTHER_FAILURES = [
    Case(("prompt.version",), failure=c("error.type", "=", "SchemaMismatchError")),
    Case(("service",), unit="span", failure=c("finish_reason", "=", "length")),
    Case(("tenant",), Has("tool"), failure=c("duration", ">", Milliseconds(2000))),
    Case(("model.revision",), failure=OneSpan(c("operation.kind", "=", "chat") & c("tokens.output", ">", 100))),
    Case(("document",), Failed(), window=LAST_6H, failure=OneSpan(c("operation.kind", "=", "tool") & c("status", "=", "error"))),
    Case(("agent", "locale"), window=MIDDAY, failure=c("trace.spans", ">", 12) | IsNull("tenant")),
]

FLEET = [*WITHOUT_FILTERS, *SEVERAL, *RAW, *FILTERED, *OTHER_FAILURES]
