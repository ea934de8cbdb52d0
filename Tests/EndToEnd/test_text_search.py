"""Text search against a naive search in Python over the same spans: needles from within a passage, over the ends of passages,
whole texts, short ones, letters of several bytes, and ones that are nowhere."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

import scenarios
import workload
from client import Client
from server import Server

START = 1_790_000_000_000_000_000
ANSWERS = "tools.answer"


def words(rng: random.Random, count: int) -> str:
    return " ".join("".join(rng.choice("bcdäöklmn日") + rng.choice("aeiou本") for _ in range(rng.randint(1, 4))) for _ in range(count))


def made_texts(rng: random.Random) -> list[str]:
    """Templates with small edits, histories that grow, and what is read as nothing or as another text."""
    templates = [words(rng, rng.randint(10, 120)) for _ in range(12)]
    texts = []
    for number in range(900):
        match number % 9:
            case 0: texts.append(f"{rng.choice(templates)} {number:x} {rng.choice(templates)}")
            case 1: texts.append(f"{rng.choice(templates)}{rng.choice(templates)[:rng.randint(0, 60)]}")
            case 2: texts.append((texts[-1] if texts else "") + "\nuser: " + words(rng, 9) + "\n" + rng.choice(templates))
            case 3: texts.append(rng.choice(templates).replace("a", f"{number}", 1))
            case 4: texts.append(words(rng, rng.randint(1, 60)))
            case 5: texts.append(orjson.dumps(rng.choice(templates) + '"\n' + words(rng, 3)).decode())
            case 6: texts.append(rng.choice(["None", "", "null", "x", "ab", "[]", "[Scrubbed due to 'x'] " + rng.choice(templates)]))
            case 7: texts.append(rng.choice(texts))
            case _: texts.append(rng.choice(templates)[rng.randint(0, 20):])
    return texts


def as_read(text: str) -> str | None:
    """What a text is as prompt.text: docs/API.md, "Dimensions"."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            text = orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
    nothing = text in ("", "None", "null", "Unknown", "[]", "{}", "<REDACTED>", "__REDACTED__") or text.startswith("[Scrubbed due to ")
    return None if nothing else text


def spans_of(rng: random.Random) -> list[dict[str, Any]]:
    """Prompts as one attribute, as numbered parts, with instructions apart, and beside another attribute that comes first."""
    spans = []
    for number, text in enumerate(made_texts(rng)):
        span: dict[str, Any] = {
            "trace_id": f"{number // 3 + 1:032x}", "span_id": f"{number + 1:016x}", "parent_span_id": "" if number % 3 == 0 else f"{number // 3 * 3 + 1:016x}",
            "name": "chat", "start_time_unix_nano": START + number * 10**6, "end_time_unix_nano": START + number * 10**6 + 5, "n": number}
        spans.append(span | {ANSWERS: text})
    return spans


def plain(rng: random.Random) -> Iterator[tuple[dict[str, Any], str | None]]:
    for span in spans_of(rng):
        text = span.pop(ANSWERS)
        yield span | {"gen_ai.prompt": text}, as_read(text)


def in_parts(rng: random.Random) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Joined by line feeds, in the order of their numbers; parts that are nothing are left out."""
    texts = made_texts(random.Random(5))
    for number, span in enumerate(spans_of(rng)):
        parts = [span.pop(ANSWERS), *texts[number:number + number % 3]]
        keys = {f"gen_ai.prompt.{place}.content": part for place, part in enumerate(parts)}
        read = [r for part in parts if (r := as_read(part)) is not None]
        yield span | keys, "\n".join(read) if read else None


def with_instructions(rng: random.Random) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Instructions come before the prompt, but where they are the prompt; alone, they are it."""
    texts = made_texts(random.Random(6))
    for number, span in enumerate(spans_of(rng)):
        text = span.pop(ANSWERS)
        sent, read = {}, None
        if number % 4 != 3:
            sent["gen_ai.input.messages"], read = text, as_read(text)
        if number % 2:
            instructions = text if number % 5 == 0 else texts[number]
            sent["gen_ai.system_instructions"] = instructions
            said = as_read(instructions)
            read = said if read is None else read if said in (None, read) else f"{said}\n{read}"
        yield span | sent, read


def mixed(rng: random.Random) -> Iterator[tuple[dict[str, Any], str | None]]:
    """The first attribute that says something wins."""
    texts = made_texts(random.Random(7))
    for number, span in enumerate(spans_of(rng)):
        first, second = span.pop(ANSWERS), texts[number]
        keys = {} if number % 3 == 0 else {"gen_ai.input.messages": first}
        keys |= {} if number % 5 == 0 else {"input.value": second}
        read = [r for key in ("gen_ai.input.messages", "input.value") if key in keys and (r := as_read(keys[key])) is not None]
        yield span | keys, read[0] if read else None


def on_resources(rng: random.Random) -> Iterator[tuple[dict[str, Any], str | None]]:
    """What a span does not say itself, its resource may: the same attribute, each with a pool of texts of its own."""
    texts = made_texts(random.Random(8))
    for number, span in enumerate(spans_of(rng)):
        own, shared = span.pop(ANSWERS), texts[number // 4 * 4]
        keys = {} if number % 3 else {"input.value": own}
        read = [r for text in [*keys.values(), shared] if (r := as_read(text)) is not None]
        yield span | keys | {"resource": {"input.value": shared}}, read[0] if read else None


def needles(rng: random.Random, texts: list[str]) -> list[str]:
    found = ["a", "日", "本a", "zz", "nowhere at all", "\n", "user: ", '"', "None", "x", " "]
    for _ in range(60):
        text = rng.choice([t for t in texts if t])
        start = rng.randrange(len(text))
        found.append(text[start:start + rng.choice([1, 2, 3, 8, 40, 63, 64, 65, 200])])
    found += [text for text in rng.sample(texts, 15)]
    found += [text[:50] + "!" for text in rng.sample(texts, 5)]
    return found


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def count(client: Client, field: str, operator: str, text: str, unit: str = "span") -> int:
    return client.json("/v1/slices", where=f"{field} {operator} {quoted(text)}", unit=unit, calc="count", **{"from": 0})["total"]["count"]


@pytest.mark.parametrize("made", [plain, in_parts, with_instructions, mixed, on_resources])
def test_as_a_naive_search_finds(fresh_server: Server, made: Any) -> None:
    rows = list(made(random.Random(4)))
    texts = [text or "" for _, text in rows if text is not None]
    with fresh_server.client() as client:
        client.ingest("/v1/spans", b"\n".join(orjson.dumps(span) for span, _ in rows), scenarios.NDJSON)
        fresh_server.wait_until_merged()
        for needle in needles(random.Random(11), texts):
            expected = {
                "contains": sum(needle in text for text in texts), "starts-with": sum(text.startswith(needle) for text in texts),
                "=": sum(text == needle for text in texts), "~": sum(needle.rstrip("\\") in text for text in texts)}
            for operator, matching in expected.items():
                wanted = re.escape(needle.rstrip("\\")) if operator == "~" else needle
                if operator == "~" and "\n" in wanted:
                    continue
                assert count(client, "prompt.text", operator, wanted) == matching, (operator, needle)
            traces = {span["trace_id"] for span, text in rows if text is not None and needle in text}
            assert count(client, "prompt.text", "contains", needle, unit="trace") == len(traces), needle
            roots = {span["trace_id"] for span, text in rows if span["parent_span_id"] == "" and text is not None and needle in text}
            assert count(client, "root.prompt.text", "contains", needle, unit="trace") == len(roots), needle
        assert count(client, "prompt.text", "~", "[0-9a-f]+ .*日") == sum(re.search("[0-9a-f]+ .*日", text) is not None for text in texts)
        assert count(client, "prompt.text", "~", "user: .*本") == sum(re.search("user: .*本", text) is not None for text in texts)


def test_raw_attributes(fresh_server: Server) -> None:
    """Under its own name an attribute is what was sent."""
    rows = [(span, span["gen_ai.prompt"]) for span, _ in plain(random.Random(4))]
    with fresh_server.client() as client:
        client.ingest("/v1/spans", b"\n".join(orjson.dumps(span) for span, _ in rows), scenarios.NDJSON)
        fresh_server.wait_until_merged()
        for needle in needles(random.Random(12), [text for _, text in rows]):
            for field in ("span.gen_ai.prompt", "gen_ai.prompt", 'attr("gen_ai.prompt")'):
                assert count(client, field, "contains", needle) == sum(needle in text for _, text in rows), (field, needle)
                assert count(client, field, "starts-with", needle) == sum(text.startswith(needle) for _, text in rows), (field, needle)


def test_the_standard_workload(fresh_server: Server) -> None:
    """Needles cut from its own prompts, over the ends of what they repeat."""
    path = workload.ndjson(20_000)
    texts = [span["gen_ai.prompt"] for span in workload.read(path) if "gen_ai.prompt" in span]
    rng = random.Random(3)
    with fresh_server.client() as client:
        for body in scenarios.ndjson_in_order(path):
            client.ingest("/v1/spans", body, scenarios.NDJSON)
        fresh_server.wait_until_merged()
        for _ in range(60):
            text = rng.choice(texts)
            number = re.search(r" [0-9a-f]{6,10} ", text)
            start = max(0, rng.choice([rng.randrange(len(text)), number.start() if number else 0]) - rng.randrange(9))
            needle = text[start:start + rng.choice([1, 2, 3, 5, 7, 12, 30, 100])]
            assert count(client, "prompt.text", "contains", needle) == sum(needle in t for t in texts), needle
            beginning = text[:rng.choice([1, 2, 9, 300])]
            assert count(client, "prompt.text", "starts-with", beginning) == sum(t.startswith(beginning) for t in texts), beginning
            assert count(client, "prompt.text", "=", text) == texts.count(text)
