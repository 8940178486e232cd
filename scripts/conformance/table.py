"""Results of suites, and the table they make."""

import re
from dataclasses import dataclass, field

from known import KNOWN


@dataclass
class Result:
    """What a suite found. A failure that known.py explains counts there and not as failed."""

    suite: str
    passed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)
    known: list = field(default_factory=list)
    note: str = ""

    def failed(self, test, message):
        for suite, name, words, why in KNOWN:
            if suite == self.suite.split()[0] and re.fullmatch(name, test) and re.search(words, message, re.DOTALL):
                self.known.append((test, message, why))
                return
        self.failures.append((test, message))

    def show(self):
        """The failures, and the deviations by their reason."""
        for test, message in self.failures:
            print(f"  FAILED {test}: {message[:600]}")
        for why in dict.fromkeys(why for _, _, why in self.known):
            print(f"  known ({sum(w == why for _, _, w in self.known)}): {why}")


def table(results):
    head = ("suite", "passed", "failed", "skipped", "known", "")
    rows = [(r.suite, str(r.passed), str(len(r.failures)), str(r.skipped), str(len(r.known)), r.note) for r in results]
    rows = [head] + [row if any(row[i] != "0" for i in (1, 2, 3, 4)) else (row[0], "–", "–", "–", "–", row[5]) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [row[i].rjust(widths[i]) for i in range(1, 5)] + [row[5]]
        print(" | ".join(cells).rstrip(" |"))
