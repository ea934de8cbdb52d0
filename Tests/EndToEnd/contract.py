"""The contract that a server publishes at /openapi.json, and whether an answer keeps it."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from client import Client, Response

JSON_TYPE = "application/json"


class Contract:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.components = closed(document["components"])

    @classmethod
    def of(cls, client: Client) -> Contract:
        return cls(client.json("/openapi.json"))

    @property
    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def operation(self, method: str, target: str) -> dict[str, Any]:
        path = target.partition("?")[0]
        if re.fullmatch("/v1/traces/[^/]+", path):
            path = "/v1/traces/{id}"
        return self.document["paths"][path]["get" if method == "HEAD" else method.lower()]

    def parameters(self, method: str, path: str) -> dict[str, dict[str, Any]]:
        """Of the URL, by name."""
        return {p["name"]: p["schema"] for p in self.operation(method, path).get("parameters", []) if p["in"] == "query"}

    def answer(self, operation: dict[str, Any], status: int) -> dict[str, Any]:
        assert str(status) in operation["responses"], f"{operation['operationId']} does not say that it answers {status}"
        described = operation["responses"][str(status)]
        if "$ref" in described:
            described = self.document["components"]["responses"][described["$ref"].rpartition("/")[2]]
        return described

    def check(self, method: str, target: str, answer: Response, name: str | None = None) -> None:
        """The status, the type, the header fields and the body are as described; the body as this schema, if one is named."""
        described = self.answer(self.operation(method, target), answer.status)
        for field, header in described.get("headers", {}).items():
            value = answer.headers.get(field.lower())
            assert value is not None or not header["required"], f"{field} is missing"
            if value is not None:
                self.validate(int(value) if header["schema"].get("type") == "integer" else value, header["schema"])
        if "content" not in described:
            assert answer.body == b""
            return
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in described["content"], f"{target}: {kind} is not described"
        if method != "HEAD":
            self.check_body(kind, described["content"][kind].get("schema"), answer.body, name)

    def check_body(self, kind: str, schema: dict[str, Any] | None, body: bytes, name: str | None) -> None:
        if kind == JSON_TYPE:
            value = json.loads(body)
            if name is not None:
                self.validate(value, named(name))
            self.validate(value, schema)
        elif kind == "application/x-ndjson":
            for line in body.decode().splitlines():
                self.validate(json.loads(line), schema["x-itemSchema"])
        elif kind == "text/csv":
            rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
            assert len({len(row) for row in rows}) == 1, "every row has a cell for each column"
        elif schema is not None:
            body.decode()

    def validate(self, value: Any, schema: dict[str, Any] | None) -> None:
        problem = self.problem(value, schema)
        assert problem is None, problem

    def problem(self, value: Any, schema: dict[str, Any] | None) -> str | None:
        whole = closed(schema or {}) | {"components": self.components}
        errors = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(value)
        first = next(iter(errors), None)
        return None if first is None else f"{first.json_path}: {first.message[:600]} {[e.message[:300] for e in first.context or []]}"


def named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def closed(schema: Any) -> Any:
    """The same, but no object has a member that is not described. Clients are to live with more; these tests are not."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return copy.deepcopy(schema)
    result = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        result.setdefault("additionalProperties", False)
    return result


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
