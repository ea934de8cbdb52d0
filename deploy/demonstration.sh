#!/usr/bin/env bash
# Prints an hour of traffic as native spans: 3,000 requests to an agent, each a root, a model call and a tool
# call. A twentieth has prompt version v3, and it fails for most of those in German; elsewhere 2 % fail.
# The counts are the same each time, so that the answers can be printed in the README.
set -euo pipefail
exec awk -v now="$(date +%s)" '
function span(id, parent, name, offset, length_s, rest) {
    printf "{\"trace_id\":\"%032x\",\"span_id\":\"%016x\",", request + 1, id
    if (parent) printf "\"parent_span_id\":\"%016x\",", parent
    printf "\"name\":\"%s\",\"service\":\"support\",", name
    printf "\"start_time_unix_nano\":%d%09d,\"end_time_unix_nano\":%d000000000,", start + offset, request, start + offset + length_s
    printf "%s}\n", rest
}
BEGIN {
    split("acme globex initech hooli umbrella", tenants, " ")
    split("en-US de-DE fr-FR", locales, " ")
    split("search_orders refund lookup_policy", tools, " ")
    for (request = 0; request < 3000; request++) {
        start = now - 3600 + request
        version = request % 20 == 7 ? "v3" : request % 2 ? "v2" : "v1"
        locale = locales[int(request / 20) % 3 + 1]
        failed = request % 49 == 1 || (version == "v3" && locale == "de-DE" && request % 100 != 47)
        status = failed ? "\"status\":\"error\"" : "\"status\":\"ok\""
        id = request * 3 + 1
        span(id, 0, "handle_request", 0, 3, sprintf("\"kind\":\"SERVER\",\"tenant\":\"%s\",\"locale\":\"%s\",%s", tenants[request % 5 + 1], locale, status))
        span(id + 1, id, "chat", 0, 1, sprintf("\"operation\":\"chat\",\"model\":\"gpt-4o\",\"prompt.name\":\"refund-core\",\"prompt.version\":\"%s\",\"tokens.input\":%d,\"tokens.output\":%d,\"prompt.text\":\"Order %d is late. May I have a refund?\"", version, 400 + request % 90, 40 + request % 30, request))
        span(id + 2, id, "execute_tool", 1, 1, sprintf("\"operation\":\"execute_tool\",\"tool\":\"%s\",%s", tools[request % 3 + 1], status))
    }
}'
