"""What the notebook of the fact check needs: verdicts by chapter, kinds of checks, places in the source, a task.

The task is to write a check, and it is tried as a check should be: on the runtime as it is, where it must say yes,
and on runtimes that are broken on purpose, where it must say no.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.claims.check import KINDS, checks
from gmp_lab.claims.ledger import VERDICTS, claims, sections
from gmp_lab.claims.runs_preempt import wait
from gmp_lab.claims.runs_queues import thefts
from gmp_lab.draw import Table
from gmp_lab.golang import find_toolchain, resolve_symbol


def verdict_counts() -> Table:
    """How many claims of each section have which verdict; the caption says what it comes to."""
    counted = {s: Counter(c.verdict for c in claims(s)) for s in sections()}
    total = Counter(c.verdict for c in claims())
    so, number = total["true"] + total["true since"], len(claims())
    caption = f"{so} of the article's {number} claims are true, {total['false']} are false"
    rows: list[tuple[str | int, ...]] = [(s, *(found[one] for one in VERDICTS)) for s, found in counted.items()]
    return Table(caption, ("section", *VERDICTS), tuple(rows))


def kind_counts() -> Table:
    """How many claims have a check of each kind; a claim may have several."""
    kinds: Counter[str] = Counter(kind for c in claims() for kind in {one.kind for one in checks(c.id)})
    return Table("What decides the claims", ("kind", "claims"), tuple((kind, kinds[kind]) for kind in KINDS))


def most_read(most: int = 10) -> Table:
    """The functions that most claims point to, with their lines in the installed Go ("-": none is installed)."""
    places = Counter(
        place
        for c in claims()
        for place in {(e.symbol, e.file) for e in c.evidence if e.symbol and e.go == "1.27" and e.file}
    )
    found = find_toolchain("1.27")
    rows = []
    for (symbol, file), n in sorted(places.items(), key=lambda item: (-item[1], item[0]))[:most]:
        line = resolve_symbol(found.goroot, file, symbol) if found else None
        rows.append((symbol, file, n, str(line or "-")))
    where = f"lines of Go {found.version}" if found else "no Go is installed, so no lines"
    return Table(f"Where to read ({where})", ("name", "file", "claims", "line"), tuple(rows))


def outcomes_of(section: str) -> Table:
    """The checks of a section, run now: how each came out."""
    rows = []
    for c in claims(section):
        seen = [(one.kind, one.outcome()) for one in checks(c.id)]
        words = ", ".join(f"{kind} {outcome.word}" for kind, outcome in seen)
        rows.append((c.id, c.verdict, words))
    return Table(f"The checks of section {section}", ("claim", "verdict", "how its checks came out"), tuple(rows))


def last_version_that_waits(versions: tuple[str, ...], ms: int = 100) -> str:
    """The last of these versions in which a goroutine waits for a call-free loop to its end ("none")."""
    waiting = [go for go in versions if wait(go, ms=ms).share > 0.99]
    return waiting[-1] if waiting else "none"


# --- a check of one's own -----------------------------------------------------------------------------------------


def _taken(n: int, steal: str) -> tuple[int, ...]:
    return tuple(one.taken for one in thefts(n, steal).thefts if not one.runnext)


def _rounded_down(queued: int) -> tuple[int, ...]:
    """What a thief would take that rounds down, but takes a lone goroutine."""
    taken = []
    while queued:
        taken.append(max(1, queued // 2))
        queued -= taken[-1]
    return tuple(taken)


def try_check(check: Callable[[int, tuple[int, ...]], bool]) -> Tried:
    """Try a check of "a thief takes half, rounded up": given the length of a ring and the sizes of the thefts."""
    cases = []
    for n in (17, 10, 34):
        queued = n - 1  # the last one stands in runnext
        cases.append(Case(f"Go's thief, {queued} queued", (queued, _taken(n, "half")), True))
        cases.append(Case(f"broken: one at a time, {queued} queued", (queued, _taken(n, "one")), False))
        cases.append(Case(f"broken: the whole ring, {queued} queued", (queued, _taken(n, "all")), False))
    cases.append(Case("broken: rounds down, 33 queued", (33, _rounded_down(33)), False))
    return tried(check, cases)
