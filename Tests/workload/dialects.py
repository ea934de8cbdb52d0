"""How five instrumentations, and the plain HTTP and MCP conventions beside them, spell the same steps.

The names are those that the libraries put on the wire; none of them shares a table with the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from model import Caller, Call, Document, Instance, Message, Prompt, Span, Usage

Attributes = dict[str, Any]


@dataclass
class Spelled:
    name: str
    attributes: Attributes
    kind: str = "INTERNAL"
    events: list[tuple[str, int, Attributes]] = field(default_factory=list)  # name, time, attributes


def json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


def present(attributes: Attributes) -> Attributes:
    return {key: value for key, value in attributes.items() if value is not None}


def number_in(text: str) -> int:
    """The number at the end of an identifier, to decide something by it."""
    return int(text.rpartition("-")[2])


class Dialect:
    """Each role of a span has a method; a dialect overrides the roles that its library knows."""

    scope = ("", "")
    providers: tuple[str, ...] = ()
    sends_release = True  # as service.version

    def spell(self, span: Span) -> Spelled:
        spelled: Spelled = getattr(self, span.role)(span)
        if span.caller is not None:
            self.add_caller(spelled, span, span.caller)
        if span.error is not None:
            self.add_error(spelled, span, span.error)
        return spelled

    def resource(self, instance: Instance) -> Attributes:
        version = {"service.version": f"{instance.service} {instance.version}"} if self.sends_release else {}
        return {
            "service.name": instance.service, "service.instance.id": f"{instance.service}-{instance.sender}",
            "telemetry.sdk.language": "python", **version, **self.environment(instance)}

    def environment(self, instance: Instance) -> Attributes:
        return {"deployment.environment.name": instance.environment}

    def status_message(self, error: str) -> str | None:
        return None

    def add_caller(self, spelled: Spelled, span: Span, caller: Caller) -> None:
        raise NotImplementedError

    def add_error(self, spelled: Spelled, span: Span, error: str) -> None:
        spelled.attributes["error.type"] = error

    def add_exception(self, spelled: Spelled, span: Span, error: str) -> None:
        spelled.events.append(("exception", span.end, {"exception.type": error, "exception.message": "the step failed"}))

    # MARK: what is no matter of dialects

    def request(self, span: Span) -> Spelled:
        code = 200 if span.error is None else 500
        return Spelled(f"POST {span.name}", {
            "http.request.method": "POST", "http.route": span.name, "url.path": span.name, "http.response.status_code": code}, "SERVER")

    def served_tool(self, span: Span) -> Spelled:
        """A tool behind MCP. Its session is the transport's, not the user's."""
        assert span.tool is not None
        return Spelled(f"tools/call {span.tool.name}", {
            "mcp.method.name": "tools/call", "mcp.session.id": f"mcp-{span.instance.sender}", "gen_ai.tool.name": span.tool.name,
            "mcp.protocol.version": "2025-06-18"}, "SERVER")


class Current(Dialect):
    """OpenTelemetry GenAI conventions from 1.37 on: provider names, messages as attributes."""

    scope = ("opentelemetry.instrumentation.openai_v2", "2.3b0")
    providers = ("openai", "anthropic", "gcp.vertex_ai", "aws.bedrock", "azure.ai.openai")

    def add_caller(self, spelled: Spelled, span: Span, caller: Caller) -> None:
        spelled.attributes |= {
            "gen_ai.conversation.id": caller.session, "user.id": caller.user, "tenant.id": caller.tenant, "user.locale": caller.locale,
            "gen_ai.experiment.variant": caller.variant}

    def agent(self, span: Span) -> Spelled:
        assert span.model is not None and span.usage is not None
        return Spelled(f"invoke_agent {span.name}", {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": span.name, "gen_ai.agent.id": f"asst_{span.instance.sender:03d}",
            "gen_ai.provider.name": self.providers[span.model.provider], "gen_ai.request.model": span.model.name,
            "gen_ai.usage.input_tokens": span.usage.input, "gen_ai.usage.output_tokens": span.usage.output})

    def call(self, span: Span) -> Spelled:
        call = span.call
        assert call is not None
        attributes = present({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": self.providers[call.model.provider],
            "gen_ai.request.model": call.model.name, "gen_ai.request.temperature": call.temperature,
            "gen_ai.request.stream": True if span.is_streamed else None,
            "gen_ai.prompt.name": call.prompt.name, "gen_ai.prompt.version": str(call.prompt.version),
            "gen_ai.system_instructions": self.nested(span, [{"type": "text", "content": call.prompt.system}]),
            "gen_ai.input.messages": self.nested(span, [self.message(m) for m in call.messages])})
        return Spelled(f"chat {call.model.name}", attributes | ({} if span.error else self.response(span, call)), "CLIENT")

    def response(self, span: Span, call: Call) -> Attributes:
        parts = [{"type": "tool_call", "id": t.id, "name": t.name, "arguments": t.arguments} for t in call.tool_calls]
        if call.answer:
            parts.append({"type": "text", "content": call.answer})
        return present({
            "gen_ai.response.model": call.model.revision, "gen_ai.response.id": call.response_id,
            "gen_ai.response.finish_reasons": [call.finish],
            "gen_ai.output.messages": self.nested(span, [{"role": "assistant", "parts": parts, "finish_reason": call.finish}]),
            "gen_ai.response.time_to_first_chunk": None if call.first_token is None else call.first_token / 1e9,
            **self.usage(call.usage), "gen_ai.usage.cost": call.cost})

    def usage(self, usage: Usage) -> Attributes:
        return {
            "gen_ai.usage.input_tokens": usage.input, "gen_ai.usage.output_tokens": usage.output,
            "gen_ai.usage.cache_read.input_tokens": usage.cached}

    def message(self, message: Message) -> Attributes:
        return {"role": message.role, "parts": [{"type": "text", "content": message.text}]}

    def nested(self, span: Span, value: Any) -> Any:
        return value if span.instance.is_structured else json_text(value)

    def embedding(self, span: Span) -> Spelled:
        assert span.model is not None and span.usage is not None
        return Spelled(f"embeddings {span.model.name}", {
            "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": self.providers[span.model.provider],
            "gen_ai.request.model": span.model.name, "gen_ai.usage.input_tokens": span.usage.input}, "CLIENT")

    def retrieval(self, span: Span) -> Spelled:
        return Spelled(f"retrieval {span.name}", {
            "gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": span.name, "gen_ai.retrieval.query.text": span.question,
            "gen_ai.retrieval.documents": self.nested(span, [{"id": d.id, "score": d.score} for d in span.documents])}, "CLIENT")

    def tool(self, span: Span) -> Spelled:
        tool = span.tool
        assert tool is not None
        return Spelled(f"execute_tool {tool.name}", present({
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool.name, "gen_ai.tool.call.id": tool.id,
            "gen_ai.tool.type": "function", "gen_ai.tool.call.arguments": tool.arguments,
            "gen_ai.tool.call.result": None if span.error else tool.result}))


class Earlier(Current):
    """The same until 1.36: `gen_ai.system`, messages as events; some libraries have token names older still."""

    scope = ("opentelemetry.instrumentation.openai", "1.36b0")
    providers = ("openai", "anthropic", "vertex_ai", "aws_bedrock", "az.ai.openai")
    oldest = ("search-agent",)

    def environment(self, instance: Instance) -> Attributes:
        return {"deployment.environment": instance.environment}

    def add_caller(self, spelled: Spelled, span: Span, caller: Caller) -> None:
        spelled.attributes |= {
            "session.id": caller.session, "enduser.id": caller.user, "tenant.id": caller.tenant, "browser.language": caller.locale}
        if number_in(caller.session) % 20 == 0:  # what scrubbers and careless code leave behind
            spelled.attributes["session.id"] = "[Scrubbed due to 'session']"
        if number_in(caller.session) % 40 == 0:
            spelled.attributes["enduser.id"] = "None"
        spelled.events.append(("feature_flag.evaluation", span.start, {
            "feature_flag.key": "answers", "feature_flag.result.variant": caller.variant}))

    def agent(self, span: Span) -> Spelled:
        assert span.model is not None
        return Spelled(f"invoke_agent {span.name}", present({
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": span.name if span.instance.is_structured else None,
            "gen_ai.system": self.providers[span.model.provider]}))

    def call(self, span: Span) -> Spelled:
        call = span.call
        assert call is not None
        attributes = {
            "gen_ai.operation.name": "chat", "gen_ai.system": self.providers[call.model.provider], "gen_ai.request.model": call.model.name,
            "gen_ai.request.temperature": call.temperature, "prompt.template.id": call.prompt.name,
            "prompt.template.version": str(call.prompt.version)}
        events = [("gen_ai.system.message", span.start, {"content": call.prompt.system})]
        events += [(f"gen_ai.{m.role}.message", span.start, {"content": m.text}) for m in call.messages]
        if span.error is None:
            attributes |= self.response(span, call)
            events.append(("gen_ai.choice", span.end, {"index": 0, "finish_reason": call.finish, "content": call.answer}))
        return Spelled(f"chat {call.model.name}", attributes, "CLIENT", events)

    def response(self, span: Span, call: Call) -> Attributes:
        return present({
            "gen_ai.response.model": call.model.revision, "gen_ai.response.id": call.response_id,
            "gen_ai.response.finish_reasons": [call.finish] if span.instance.is_structured else None,
            **self.tokens(span, call.usage), "gen_ai.usage.cost": call.cost if span.instance.service == "llm-proxy" else None})

    def tokens(self, span: Span, usage: Usage) -> Attributes:
        if span.instance.service in self.oldest:
            return {"gen_ai.usage.prompt_tokens": usage.input, "gen_ai.usage.completion_tokens": usage.output}
        return {"gen_ai.usage.input_tokens": usage.input, "gen_ai.usage.output_tokens": usage.output}

    def embedding(self, span: Span) -> Spelled:
        assert span.model is not None and span.usage is not None
        return Spelled(f"embeddings {span.model.name}", {
            "gen_ai.operation.name": "embeddings", "gen_ai.system": self.providers[span.model.provider],
            "gen_ai.request.model": span.model.name, "gen_ai.usage.input_tokens": span.usage.input}, "CLIENT")

    def retrieval(self, span: Span) -> Spelled:
        """These versions had no convention, so people made their own."""
        return Spelled(f"query {span.name}", {
            "gen_ai.operation.name": "retrieval", "retrieval.document.ids": [d.id for d in span.documents]}, "CLIENT")


class OpenInference(Dialect):
    """Phoenix and its kin: kinds in capitals, lists flattened into numbered keys, one JSON text of metadata."""

    scope = ("openinference.instrumentation.langchain", "0.1.56")
    providers = ("openai", "anthropic", "vertexai", "aws", "azure")
    systems = ("openai", "anthropic", "vertexai", "amazon", "openai")

    def resource(self, instance: Instance) -> Attributes:
        return super().resource(instance) | {"openinference.project.name": "assistants"}

    def environment(self, instance: Instance) -> Attributes:
        return {}

    def add_caller(self, spelled: Spelled, span: Span, caller: Caller) -> None:
        spelled.attributes |= {
            "session.id": caller.session, "user.id": caller.user, "tag.tags": ["assistant", span.instance.environment],
            "metadata": json_text({
                "tenant_id": caller.tenant, "locale": caller.locale.replace("-", "_"), "variant": caller.variant,
                "env": span.instance.environment, "ls_provider": "openai"})}

    def add_error(self, spelled: Spelled, span: Span, error: str) -> None:
        self.add_exception(spelled, span, error)

    def agent(self, span: Span) -> Spelled:
        """LangSmith's "session" is a project, and a checkpoint belongs to a task: neither is a conversation."""
        assert span.usage is not None
        return Spelled(f"{span.name}.run", present({
            "openinference.span.kind": "AGENT", "agent.name": span.name, "input.value": span.question, "input.mime_type": "text/plain",
            "output.value": span.answer or None, "llm.token_count.prompt": span.usage.input, "llm.token_count.completion": span.usage.output,
            "langsmith.trace.session_id": "3f1d0a77-project", "langsmith.trace.session_name": "assistants",
            "langsmith.metadata.checkpoint_ns": f"agent:{span.id}", "langsmith.metadata.LANGSMITH_PROJECT": "assistants"}))

    def call(self, span: Span) -> Spelled:
        call = span.call
        assert call is not None
        attributes = {
            "openinference.span.kind": "LLM", "llm.provider": self.providers[call.model.provider],
            "llm.system": self.systems[call.model.provider], "llm.model_name": call.model.revision,
            "llm.invocation_parameters": json_text({"temperature": call.temperature, "stream": span.is_streamed, "max_tokens": 4096}),
            "prompt.id": call.prompt.name, "llm.prompt_template.version": str(call.prompt.version),
            "llm.prompt_template.variables": json_text({"tone": "friendly"})}
        for n, message in enumerate((Message("system", call.prompt.system), *call.messages)):
            attributes[f"llm.input_messages.{n}.message.role"] = message.role
            attributes[f"llm.input_messages.{n}.message.content"] = message.text
        return Spelled("ChatOpenAI", attributes | ({} if span.error else self.response(call)))

    def response(self, call: Call) -> Attributes:
        calls = {}
        for n, tool in enumerate(call.tool_calls):
            place = f"llm.output_messages.0.message.tool_calls.{n}.tool_call"
            calls |= {f"{place}.id": tool.id, f"{place}.function.name": tool.name, f"{place}.function.arguments": tool.arguments}
        return present({
            "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": call.answer, **calls,
            "llm.finish_reason": call.finish, "llm.token_count.prompt": call.usage.input, "llm.token_count.completion": call.usage.output,
            "llm.token_count.total": call.usage.input + call.usage.output,
            "llm.token_count.prompt_details.cache_read": call.usage.cached, "llm.cost.total": call.cost})

    def embedding(self, span: Span) -> Spelled:
        assert span.model is not None and span.usage is not None
        return Spelled("CreateEmbeddings", {
            "openinference.span.kind": "EMBEDDING", "embedding.model_name": span.model.name, "llm.token_count.prompt": span.usage.input,
            "embedding.embeddings.0.embedding.text": span.question})

    def retrieval(self, span: Span) -> Spelled:
        attributes: Attributes = {"openinference.span.kind": "RETRIEVER", "input.value": span.question}
        for n, document in enumerate(span.documents):
            attributes |= {
                f"retrieval.documents.{n}.document.id": document.id, f"retrieval.documents.{n}.document.score": document.score,
                f"retrieval.documents.{n}.document.metadata": json_text({"source": "handbook"})}
        return Spelled("VectorStoreRetriever", attributes)

    def tool(self, span: Span) -> Spelled:
        tool = span.tool
        assert tool is not None
        return Spelled(tool.name, present({
            "openinference.span.kind": "TOOL", "tool.name": tool.name, "tool.id": tool.id, "input.value": tool.arguments,
            "tool.parameters": json_text({"type": "object"}), "output.value": None if span.error else tool.result}))


class OpenLLMetry(Dialect):
    """Traceloop: entities and association properties, prompts in numbered keys, vector databases with events."""

    scope = ("opentelemetry.instrumentation.openai", "0.49.6")
    providers = ("OpenAI", "Anthropic", "vertexai", "AWS", "Azure")
    tenant_keys = ("customer_id", "tenant_id", "organization_id")

    def add_caller(self, spelled: Spelled, span: Span, caller: Caller) -> None:
        tenant_key = self.tenant_keys[span.instance.sender % 3]
        properties = {
            tenant_key: caller.tenant, "user_id": caller.user, "session_id": caller.session, "lang": caller.locale, "ab_bucket": caller.variant}
        spelled.attributes |= {f"traceloop.association.properties.{key}": value for key, value in properties.items()}

    def status_message(self, error: str) -> str | None:
        return f"{error}: the step failed"

    def add_error(self, spelled: Spelled, span: Span, error: str) -> None:
        """Only the status message says it."""

    def agent(self, span: Span) -> Spelled:
        return Spelled(f"{span.name}.agent", {
            "traceloop.span.kind": "agent", "traceloop.entity.name": span.name, "traceloop.workflow.name": f"{span.name} flow",
            "traceloop.entity.input": json_text({"inputs": {"question": span.question}}),
            "traceloop.entity.output": json_text({"outputs": span.answer})})

    def call(self, span: Span) -> Spelled:
        call = span.call
        assert call is not None
        attributes = {
            "llm.request.type": "chat", "gen_ai.system": self.providers[call.model.provider], "gen_ai.request.model": call.model.name,
            "gen_ai.request.temperature": call.temperature, "llm.is_streaming": span.is_streamed,
            "traceloop.prompt.key": call.prompt.name, "traceloop.prompt.version": call.prompt.version}
        for n, message in enumerate((Message("system", call.prompt.system), *call.messages)):
            attributes |= {f"gen_ai.prompt.{n}.role": message.role, f"gen_ai.prompt.{n}.content": message.text}
        return Spelled("openai.chat", attributes | ({} if span.error else self.response(span, call)), "CLIENT")

    def response(self, span: Span, call: Call) -> Attributes:
        attributes = {
            "gen_ai.response.model": call.model.revision, "gen_ai.response.id": call.response_id,
            "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": call.answer,
            "gen_ai.completion.0.finish_reason": call.finish, "llm.usage.total_tokens": call.usage.input + call.usage.output,
            "gen_ai.usage.cache_read.input_tokens": call.usage.cached}
        for n, tool in enumerate(call.tool_calls):
            place = f"gen_ai.completion.0.tool_calls.{n}"
            attributes |= {f"{place}.id": tool.id, f"{place}.name": tool.name, f"{place}.arguments": tool.arguments}
        names = ("prompt_tokens", "completion_tokens") if span.instance.is_structured else ("input_tokens", "output_tokens")
        return attributes | {f"gen_ai.usage.{names[0]}": call.usage.input, f"gen_ai.usage.{names[1]}": call.usage.output}

    def embedding(self, span: Span) -> Spelled:
        assert span.model is not None and span.usage is not None
        return Spelled("openai.embeddings", {
            "llm.request.type": "embedding", "gen_ai.system": self.providers[span.model.provider], "gen_ai.request.model": span.model.name,
            "gen_ai.usage.input_tokens": span.usage.input}, "CLIENT")

    def retrieval(self, span: Span) -> Spelled:
        events = [("db.query.result", span.end, self.result(d)) for d in span.documents]
        return Spelled("pinecone.query", {"db.system": "pinecone", "db.vector.query.top_k": 10}, "CLIENT", events)

    def result(self, document: Document) -> Attributes:
        return {"db.query.result.id": document.id, "db.query.result.score": document.score}

    def tool(self, span: Span) -> Spelled:
        tool = span.tool
        assert tool is not None
        return Spelled(f"{tool.name}.tool", present({
            "traceloop.span.kind": "tool", "traceloop.entity.name": tool.name, "traceloop.entity.input": tool.arguments,
            "traceloop.entity.output": None if span.error else tool.result}))


class Vercel(Dialect):
    """The AI SDK until version 6: a wrapper repeats what its inner calls used; metadata keys of the application."""

    scope = ("ai", "")
    providers = ("openai.chat", "anthropic.messages", "google.vertex.chat", "amazon-bedrock", "azure-openai.chat")
    newer = ("sales-agent",)  # names tokens as version 5 does
    sends_release = False

    def add_caller(self, spelled: Spelled, span: Span, caller: Caller) -> None:
        properties = {
            "tenant": caller.tenant, "userId": caller.user, "sessionId": caller.session, "language": caller.locale, "cohort": caller.variant}
        spelled.attributes |= {f"ai.telemetry.metadata.{key}": value for key, value in properties.items()}

    def add_error(self, spelled: Spelled, span: Span, error: str) -> None:
        self.add_exception(spelled, span, error)

    def operation(self, span: Span, inner: bool = False) -> Attributes:
        name = "ai.streamText" if span.is_streamed else "ai.generateText"
        if inner:
            name += ".doStream" if span.is_streamed else ".doGenerate"
        function = span.instance.service
        return {"operation.name": f"{name} {function}", "ai.operationId": name, "ai.telemetry.functionId": function, "resource.name": function}

    def linked(self, prompt: Prompt) -> Attributes:
        return {"ai.telemetry.metadata.langfusePrompt": json_text({"name": prompt.name, "version": prompt.version, "isFallback": False})}

    def agent(self, span: Span) -> Spelled:
        assert span.model is not None and span.usage is not None and span.prompt is not None
        attributes = self.operation(span) | self.linked(span.prompt) | {
            "ai.model.provider": self.providers[span.model.provider], "ai.model.id": span.model.name, "ai.settings.maxRetries": 2,
            "ai.telemetry.metadata.release": f"{span.instance.service} {span.instance.version}",
            "ai.prompt": json_text({"system": span.prompt.system[:400], "prompt": span.question})}
        if span.error is None:
            attributes |= {"ai.response.finishReason": "stop", "ai.response.text": span.answer} | self.tokens(span, span.usage)
        return Spelled(attributes["ai.operationId"], attributes)

    def tokens(self, span: Span, usage: Usage) -> Attributes:
        if span.instance.service in self.newer:
            return {"ai.usage.inputTokens": usage.input, "ai.usage.outputTokens": usage.output, "ai.usage.cachedInputTokens": usage.cached}
        return {"ai.usage.promptTokens": usage.input, "ai.usage.completionTokens": usage.output}

    def call(self, span: Span) -> Spelled:
        call = span.call
        assert call is not None
        messages = [{"role": "system", "content": call.prompt.system}]
        messages += [{"role": m.role, "content": [{"type": "text", "text": m.text}]} for m in call.messages]
        attributes = self.operation(span, inner=True) | self.linked(call.prompt) | {
            "ai.model.provider": self.providers[call.model.provider], "ai.model.id": call.model.name,
            "ai.prompt.messages": json_text(messages), "gen_ai.system": self.providers[call.model.provider],
            "gen_ai.request.model": call.model.name, "gen_ai.request.temperature": call.temperature}
        return Spelled(attributes["ai.operationId"], attributes | ({} if span.error else self.response(span, call)))

    def response(self, span: Span, call: Call) -> Attributes:
        finish = call.finish.replace("_", "-")
        calls = [{"toolCallId": t.id, "toolName": t.name, "input": t.arguments} for t in call.tool_calls]
        return present({
            "ai.response.finishReason": finish, "ai.response.text": call.answer or None, "ai.response.model": call.model.revision,
            "ai.response.toolCalls": json_text(calls) if calls else None, "ai.response.id": call.response_id,
            "ai.response.msToFirstChunk": None if call.first_token is None else call.first_token / 1e6,
            "gen_ai.response.finish_reasons": [finish], "gen_ai.response.model": call.model.revision, **self.tokens(span, call.usage),
            "gen_ai.usage.input_tokens": call.usage.input, "gen_ai.usage.output_tokens": call.usage.output})

    def tool(self, span: Span) -> Spelled:
        tool = span.tool
        assert tool is not None
        function = span.instance.service
        return Spelled("ai.toolCall", present({
            "operation.name": f"ai.toolCall {function}", "ai.operationId": "ai.toolCall", "ai.toolCall.name": tool.name,
            "ai.toolCall.id": tool.id, "ai.toolCall.args": tool.arguments, "ai.toolCall.result": None if span.error else tool.result}))


DIALECTS: dict[str, Dialect] = {
    "current": Current(), "earlier": Earlier(), "openinference": OpenInference(), "openllmetry": OpenLLMetry(), "vercel": Vercel(),
}
