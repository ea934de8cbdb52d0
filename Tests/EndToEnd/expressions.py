"""Filter expressions as small trees: each renders the text that the server reads, and is evaluated by
the oracle without any parser in between, so that a parsing mistake cannot hide in both places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

KEYWORDS = {"and", "or", "not", "in", "has", "is", "null", "contains", "starts-with", "true", "false", "failed", "span"}
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")


@dataclass(frozen=True)
class Quoted:
    """A literal that matches text only."""

    text: str


@dataclass(frozen=True)
class Milliseconds:
    """A duration literal."""

    value: int


Literal = str | int | float | bool | Quoted | Milliseconds


def render_literal(literal: Literal) -> str:
    match literal:
        case Quoted(text):
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Milliseconds(value):
            return f"{value // 1000}s" if value % 1000 == 0 else f"{value}ms"
        case bool():
            return "true" if literal else "false"
        case str() if PLAIN.match(literal) and literal.lower() not in KEYWORDS:
            return literal
        case str():
            return render_literal(Quoted(literal))
        case _:
            return str(literal)


class Expression:
    def __and__(self, other: Expression) -> Expression:
        return And(self, other)

    def __or__(self, other: Expression) -> Expression:
        return Or(self, other)

    def __invert__(self) -> Expression:
        return Not(self)


@dataclass(frozen=True)
class Compare(Expression):
    dimension: str
    operator: str
    literal: Literal

    def __str__(self) -> str:
        return f"{self.dimension} {self.operator} {render_literal(self.literal)}"


@dataclass(frozen=True)
class In(Expression):
    dimension: str
    literals: tuple[Literal, ...]
    negated: bool = False

    def __str__(self) -> str:
        word = "not in" if self.negated else "in"
        return f"{self.dimension} {word} ({', '.join(map(render_literal, self.literals))})"


@dataclass(frozen=True)
class Has(Expression):
    dimension: str

    def __str__(self) -> str:
        return f"has({self.dimension})"


@dataclass(frozen=True)
class IsNull(Expression):
    dimension: str

    def __str__(self) -> str:
        return f"{self.dimension} is null"


@dataclass(frozen=True)
class Failed(Expression):
    def __str__(self) -> str:
        return "failed"


@dataclass(frozen=True)
class Not(Expression):
    inner: Expression

    def __str__(self) -> str:
        return f"not {parenthesised(self.inner, (And, Or))}"


@dataclass(frozen=True)
class And(Expression):
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{parenthesised(self.left, (Or,))} and {parenthesised(self.right, (Or,))}"


@dataclass(frozen=True)
class Or(Expression):
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} or {self.right}"


@dataclass(frozen=True)
class OneSpan(Expression):
    """`span(…)`: one span of the trace satisfies all of it."""

    inner: Expression

    def __str__(self) -> str:
        return f"span({self.inner})"


def parenthesised(inner: Expression, kinds: tuple[type, ...]) -> str:
    return f"({inner})" if isinstance(inner, kinds) else str(inner)


ALIASED_OPERATORS = {"==": "=", "<>": "!="}
NEGATED = {"!=": "=", "!~": "~"}


def positive(compare: Compare) -> tuple[bool, Compare]:
    """`!=` and `!~` mean `not (…)`: says whether to negate, and what."""
    operator = ALIASED_OPERATORS.get(compare.operator, compare.operator)
    if operator in NEGATED:
        return True, Compare(compare.dimension, NEGATED[operator], compare.literal)
    return False, Compare(compare.dimension, operator, compare.literal)


def matches(value: Any, operator: str, literal: Literal, case_matters: bool = True) -> bool:
    """One value (never null) against one literal, for the positive operators."""
    if isinstance(literal, Milliseconds):
        literal = literal.value
    text = literal.text if isinstance(literal, Quoted) else literal
    if operator in ("contains", "starts-with", "~"):
        return isinstance(value, str) and matches_text(value, operator, str(text))
    if operator == "=":
        return equals(value, text, isinstance(literal, Quoted), case_matters)
    if is_number(value) and is_number(text):
        return {"<": value < text, "<=": value <= text, ">": value > text, ">=": value >= text}[operator]
    if isinstance(value, str) and isinstance(text, str):
        return {"<": value < text, "<=": value <= text, ">": value > text, ">=": value >= text}[operator]
    return False


def matches_text(value: str, operator: str, text: str) -> bool:
    if operator == "contains":
        return text in value
    if operator == "starts-with":
        return value.startswith(text)
    return re.search(text, value) is not None


def equals(value: Any, literal: Any, quoted: bool, case_matters: bool) -> bool:
    if isinstance(value, bool) or isinstance(literal, bool):
        return isinstance(value, bool) and isinstance(literal, bool) and value == literal
    if is_number(literal):
        return value == literal if is_number(value) else value == str(literal)
    if is_number(value):
        return not quoted and str(literal) == number_text(value)
    return value == literal if case_matters else str(value).lower() == str(literal).lower()


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number_text(value: int | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else str(value)
