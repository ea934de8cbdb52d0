"""The combinations of by, where, unit and time range that the server's answers are compared on."""

from __future__ import annotations

from dataclasses import dataclass

from expressions import (
    Compare, Expression, Failed, Has, In, IsNull, Milliseconds, OneSpan, Quoted,
)

SECOND, HOUR = 1_000_000_000, 3_600_000_000_000
END = 1_795_000_000_000_000_000  # the workload's spans start in the 24 hours before
ALL = (END - 25 * HOUR, END + HOUR)
LAST_6H = (END - 6 * HOUR, END)
MIDDAY = (END - 13 * HOUR, END - 11 * HOUR - 17 * SECOND)
BEFORE = (END - 72 * HOUR, END - 48 * HOUR)
ERROR = Compare("status", "=", "error")


@dataclass(frozen=True)
class Case:
    by: tuple[str, ...] = ()
    where: Expression | None = None
    unit: str = "trace"
    window: tuple[int, int] = ALL
    failure: Expression = ERROR
    order: str = "failures"
    text: str | None = None  # another spelling of where

    @property
    def where_text(self) -> str | None:
        return self.text or (None if self.where is None else str(self.where))

    def __str__(self) -> str:
        parts = [self.unit, ",".join(self.by) or "-", self.where_text or "-"]
        if self.window != ALL:
            parts.append(f"{(self.window[0] - END) // HOUR}h..{(self.window[1] - END) // HOUR}h")
        if self.failure != ERROR:
            parts.append(f"failure {self.failure}")
        return " | ".join(parts)


def c(dimension: str, operator: str, literal: object) -> Compare:
    return Compare(dimension, operator, literal)  # type: ignore[arg-type]


STANDARD = [
    # no dimension
    Case(),
    Case(unit="span"),
    Case(window=LAST_6H),
    Case(unit="span", window=MIDDAY),
    Case(window=BEFORE),
    Case(where=c("tenant", "=", "nobody")),
    # one dimension, both units
    Case(("prompt.version",)),
    Case(("prompt.version",), unit="span"),
    Case(("tenant",), window=LAST_6H),
    Case(("user",), unit="span", window=MIDDAY),
    Case(("session",), window=LAST_6H, order="count"),
    Case(("model.revision",), order="p95_ms"),
    Case(("model.revision",), unit="span"),
    Case(("model",), unit="span", order="tokens_in"),
    Case(("agent",), unit="span", order="count"),
    Case(("service",)),
    Case(("release",), order="failure_rate"),
    Case(("environment",), unit="span", order="-count"),
    Case(("variant",)),
    Case(("locale",), order="cost"),
    Case(("provider",), unit="span"),
    Case(("operation",)),
    Case(("operation.kind",), unit="span"),
    Case(("kind",), unit="span"),
    Case(("status",)),
    Case(("status",), unit="span"),
    Case(("name",)),
    Case(("name",), unit="span", order="count"),
    Case(("error.type",)),
    Case(("error.type",), unit="span"),
    Case(("status_message",), unit="span"),
    Case(("finish_reason",)),
    Case(("tokens.cached",), unit="span", window=MIDDAY, order="count"),
    # lists, and what is derived from a whole trace
    Case(("document",)),
    Case(("document",), unit="span", window=LAST_6H),
    Case(("tool",)),
    Case(("tool",), unit="span"),
    Case(("tool.sequence",)),
    Case(("tool.pair",)),
    Case(("tool.count",)),
    Case(("llm.calls",), order="count"),
    # several dimensions
    Case(("tenant", "model.revision"), c("locale", "=", "pt-BR")),
    Case(("tenant", "model.revision"), c("locale", "=", "pt-BR"), unit="span"),
    Case(("prompt.version", "locale"), window=LAST_6H),
    Case(("tool", "finish_reason")),
    Case(("document", "tool"), window=MIDDAY),
    Case(("service", "environment", "status"), unit="span"),
    Case(("error.type", "model.revision", "locale"), Failed()),
    Case(("root.name", "tool"), window=LAST_6H),
    # raw keys
    Case(("gen_ai.response.model",), unit="span"),
    Case(("tenant.id", "eval.bucket"), window=MIDDAY),
    Case(("span.tool.sequence",), unit="span"),
    Case(("tool.call.index",), unit="span"),
    Case(("tool.call.index",)),
    Case(('attr("service.version")',), unit="span", order="count"),
    # filters
    Case(("tool",), c("tool", "=", "sql")),
    Case((), ~c("tool", "=", "sql")),
    Case((), c("tool", "!=", "sql"), unit="span"),
    Case(("tenant",), OneSpan(c("tool", "=", "sql") & c("duration", ">", Milliseconds(100)))),
    Case((), c("tool", "=", "sql") & c("duration", ">", Milliseconds(100))),
    Case(("locale",), c("tool.sequence", "~", "sql>sql>sql")),
    Case(("model.revision",), c("duration", ">", Milliseconds(2500)), unit="span"),
    Case(("service",), In("tenant", ("t-00000", "t-00001", "t-00017")) & ~c("locale", "=", "de-DE")),
    Case(("service",), In("provider", ("openai", Quoted("anthropic")), negated=True), unit="span"),
    Case(("prompt.name",), c("prompt.text", "contains", "kosimi"), unit="span"),
    Case(("prompt.name",), c("prompt.version", "starts-with", "refund-")),
    Case(("prompt.version",), c("prompt.version", "~", "^refund-(core|short)@v[1-3]$")),
    Case(("variant",), c("document", "=", "doc-314159")),
    Case(("variant",), c("document", "=", "doc-314159"), unit="span"),
    Case((), Has("document") & IsNull("tool")),
    Case(("status",), IsNull("finish_reason"), unit="span"),
    Case(("provider",), c("tokens.input", ">=", 3500)),
    Case(("provider",), c("tokens.input", ">=", 3500) & c("tokens.output", "<", 100), unit="span"),
    Case(("tenant",), c("cost", ">", 0.015) | c("tool.count", ">=", 5), order="count"),
    Case((), c("trace.spans", ">", 8)),
    Case(("agent",), c("root.status", "=", "error") & Has("document")),
    Case(("kind",), c("kind", "=", "client"), unit="span"),
    Case(("model",), c("status", "=", "ERROR")),
    Case(("finish_reason",), c("temperature", "=", 0.2), unit="span"),
    Case(("locale",), c("model", "=", "no-such-model") | c("no.such.key", "=", 1)),
    # spellings of one filter
    Case(("locale",), In("tenant", ("t-00000", "t-00001")) & Failed(), text="""tenant IN ('t-00000', "t-00001") AND FAILED"""),
    Case(("locale",), ~(c("tenant", "=", "t-00000") | c("locale", "=", "en-US")),
         text='NOT(tenant=="t-00000" OR locale == en-US)'),
    Case((), ~c("tenant", "=", "t-00000") & c("locale", "=", "en-US"), text="not tenant = t-00000 and locale = en-US"),
    Case((), c("locale", "=", "en-US") | (c("locale", "=", "de-DE") & Failed()), text="locale = en-US or locale = de-DE and failed"),
    Case((), c("locale", "!=", "en-US"), text="locale <> en-US", unit="span"),
    # other failures
    Case(("tenant",), failure=c("duration", ">", Milliseconds(20_000))),
    Case(("prompt.version",), Failed(), failure=c("finish_reason", "=", "length")),
    Case(("tool",), failure=OneSpan(c("operation.kind", "=", "chat") & c("tokens.output", ">", 700))),
    Case(("model.revision",), unit="span", failure=c("error.type", "=", "timeout")),
]

AWKWARD = [
    Case(),
    Case(unit="span"),
    *[Case((name,), unit=unit)
      for name in ("tenant", "user", "session", "agent", "prompt.version", "locale", "variant", "status", "finish_reason", "my.key", "my.list")
      for unit in ("trace", "span")],
    *[Case((name,)) for name in ("tool.sequence", "tool.pair", "tool.count", "llm.calls", "trace.spans", "name", "root.tenant", "root.status")],
    Case(('attr("my nested.deep.er")', "my.list")),
    Case(("tenant", "user", "prompt.version")),
    Case(("tenant.id",), unit="span"),
    Case(("session.id",), unit="span"),
    Case((), c("my.key", "=", 1)),
    Case((), c("my.key", "=", 1), unit="span"),
    Case((), c("my.key", "=", Quoted("1")), unit="span"),
    Case((), c("my.key", ">", 1), unit="span"),
    Case((), c("my.key", "=", True), unit="span"),
    Case((), c("my.key", "!=", 1), unit="span"),
    Case(("status",), IsNull("my.list"), unit="span"),
    Case(("status",), c("my.list", "=", "b") & c("my.list", "=", "c")),
    Case(("tenant",), OneSpan(c("my.list", "=", "a") & c("tenant", "=", "t-middle"))),
    Case(("tenant",), c("duration", ">", Milliseconds(5000)) & ~c("user", "=", "u-1")),
    Case(("tenant",), c("tokens.input", ">", 3000), unit="span"),
]
