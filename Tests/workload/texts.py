"""Invented words, and sizes of prompts. Texts are cut from one long run of words, because making each anew
would take longer than sending it."""

from __future__ import annotations

import math
import random

CORPUS_BYTES = 1_000_000
WORDS = 6_000
RARE_WORD = "zanzibarium"  # in one message of two hundred: what a search for text looks for
RARE_SHARE = 0.005


class Texts:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        words = ["".join(rng.choice("bcdfghklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(1, 4))) for _ in range(WORDS)]
        weights = [1 / (n + 1) ** 0.9 for n in range(WORDS)]
        self.corpus = " ".join(rng.choices(words, weights, k=CORPUS_BYTES // 5))

    def cut(self, size: int) -> str:
        """About `size` bytes, at most the corpus."""
        start = self.rng.randrange(max(1, len(self.corpus) - size))
        return self.corpus[start : start + size].strip()

    def message(self, size: int) -> str:
        """What somebody wrote: no two are equal, and a few hold the rare word."""
        rare = f" {RARE_WORD}" if self.rng.random() < RARE_SHARE else ""
        return f"{self.cut(size)}{rare} {self.rng.getrandbits(40):x}"


class PromptSizes:
    """Bytes of a whole prompt between `low` and `high`; what does not change takes a share, each message another."""

    def __init__(self, low: int, high: int) -> None:
        if not 0 < low <= high <= CORPUS_BYTES:
            raise ValueError(f"prompt sizes must be within 1 and {CORPUS_BYTES}, the lower first: {low}:{high}")
        self.low, self.high = low, high

    @classmethod
    def parsed(cls, text: str) -> PromptSizes:
        low, _, high = text.partition(":")
        return cls(int(low), int(high))

    def constant(self, rng: random.Random) -> int:
        return log_uniform(rng, 0.7 * self.low, max(self.low, self.high / 4))

    def message(self, rng: random.Random) -> int:
        return log_uniform(rng, max(16, self.low / 16), max(32, self.high / 12))


def log_uniform(rng: random.Random, low: float, high: float) -> int:
    return int(math.exp(rng.uniform(math.log(low), math.log(high))))
