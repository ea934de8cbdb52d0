/// Who was served, by what: service, release, tenant, user, conversation, agent, workflow.
extension DimensionTable {
    package static let identity: [Dimension] = [
        Dimension(
            "service", inherited: true,
            from: [.resource("service.name")], .attributes("service.name", "langfuse.service.name")),
        Dimension(
            "release", inherited: true,
            from: .nearest("langfuse.release"),
            [.resource("service.version")],
            .attributes(
                "service.version", "langsmith.metadata.revision_id",
                "vcs.ref.head.revision", "vcs.repository.ref.revision",
                "ai.telemetry.metadata.release", "ai.telemetry.metadata.version")),
        Dimension(
            "environment", inherited: true,
            from: .nearest("langfuse.environment"),
            [.resource("deployment.environment.name"), .resource("deployment.environment")],
            .attributes(
                "deployment.environment.name", "deployment.environment",
                "gen_ai.environment"),
            MetadataBags.sources("environment", "env")),
        Dimension(
            "tenant", inherited: true,
            from: [DimensionSource(.keyTenant)],
            .attributes(
                "tenant.id", "traceloop.association.properties.customer_id",
                "traceloop.association.properties.tenant_id",
                "traceloop.association.properties.organization_id",
                "metadata.user_api_key_org_id", "metadata.user_api_key_team_id"),
            MetadataBags.sources(
                "tenant", "tenant_id", "customer_id", "org_id", "organization_id",
                "account_id", "workspace_id")),
        Dimension(
            "user", inherited: true,
            from: .attributes(
                "langfuse.user.id", "user.id", "enduser.id", "enduser.pseudo.id",
                "ai.telemetry.metadata.userId", "traceloop.association.properties.user_id",
                "langsmith.metadata.user_id", "langfuse.observation.metadata.langfuse_user_id",
                "langfuse.trace.metadata.langfuse_user_id", "gen_ai.user", "llm.user",
                "gen_ai.request.user", "metadata.user_api_key_end_user_id",
                "metadata.user_api_key_user_id", "mlflow.trace.user"),
            MetadataBags.sources("user_id", "userId")),
        // LangSmith's "session" is a project, and MCP's is a transport: neither is listed.
        Dimension(
            "conversation", inherited: true,
            from: .attributes(
                "gen_ai.conversation.id", "langfuse.session.id", "session.id",
                "ai.telemetry.metadata.sessionId", "traceloop.association.properties.session_id",
                "langsmith.metadata.thread_id", "langsmith.metadata.conversation_id",
                "langsmith.metadata.session_id", "gcp.vertex.agent.session_id",
                "mlflow.trace.session", "langfuse.observation.metadata.langfuse_session_id",
                "langfuse.trace.metadata.langfuse_session_id"),
            MetadataBags.sources(
                "session_id", "sessionId", "thread_id", "conversation_id", "chat_id")),
        Dimension(
            "agent", inherited: true,
            from: .attributes("gen_ai.agent.name", "agent.name"),
            .attributes(
                "traceloop.entity.name", "agent_name", "graph.node.name",
                "langsmith.metadata.langgraph_node", "langsmith.metadata.agent_name"
            ).on("agent"),
            [DimensionSource(.spanName).read(.without(prefixes: ["invoke_agent "])).on("agent")]),
        Dimension(
            "workflow", inherited: true,
            from: .attributes(
                "gen_ai.workflow.name", "traceloop.workflow.name", "workflow.name",
                "langfuse.trace.name", "langsmith.trace.name", "langgraph.graph.id",
                "ai.telemetry.functionId", "mlflow.traceName"),
            [
                .attribute("resource.name").beside("operation.name", beginning: "ai."),
                .attribute("genkit:name").beside("genkit:isRoot"),
            ]),
    ]
}
