"""Writes fisher.tsv: random 2 × 2 tables, and SciPy's one-sided p-value of each as a decimal logarithm.

usage: fisher.py > fisher.tsv (Python 3.11, SciPy 1.17)

Columns: failures of the first group, its size, failures of the second, its size, log10 P(at least so many failures in the first)."""

import math
import random

from scipy.stats import hypergeom

TABLES = 4_000
generator = random.Random(20_261_127)


def table() -> tuple[int, int, int, int]:
    """Sizes from one to ten millions, rates from none to all, often of a small group beside a large one."""
    n, m = (int(10 ** generator.uniform(0, top)) for top in (generator.choice([1, 3, 6]), generator.choice([2, 5, 7])))
    rate, ratio = generator.random() ** 3, generator.choice([0, 0.5, 1, 1, 2, 10])
    first = min(n, max(0, round(generator.gauss(n * min(1, rate * ratio), math.sqrt(n * rate)))))
    return first, n, min(m, round(m * rate)), m


for _ in range(TABLES):
    a, n, b, m = table()
    p = hypergeom.logsf(a - 1, n + m, a + b, n) / math.log(10)
    print(a, n, b, m, "0" if a == 0 else f"{p:.12g}", sep="\t")
