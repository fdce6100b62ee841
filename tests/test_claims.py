"""The ledger of the article's claims: complete, in order, and every place that it names is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmp_lab import ConfigError, claims, golang
from gmp_lab.claims import Evidence
from gmp_lab.golang import runtime_source

SIZES = {"1": 28, "2.1": 19, "2.2": 16, "2.3": 23, "2.4": 18, "2.5": 14, "3.1": 12, "3.2": 13, "3.3": 18}
SIZES |= {"4.1": 20, "4.2": 14, "4.3": 13, "4.4": 9, "5": 13}  # 230 in all
PLACES = sorted({e for c in claims.claims() for e in c.evidence if e.file}, key=str)


@pytest.mark.parametrize("section", SIZES)
def test_claims_are_in_order_and_complete(section: str) -> None:
    found = claims.claims(section)
    assert [c.id for c in found] == [f"{section}-{n:02d}" for n in range(1, SIZES[section] + 1)]
    assert all(c.claim and c.quote and c.truth and c.evidence and c.demo for c in found)


def test_all_sections_together_are_the_ledger() -> None:
    assert claims.sections() == tuple(SIZES)
    assert len(claims.claims()) == sum(claims.verdicts().values()) == 230


def test_each_verdict_is_given_and_has_its_versions() -> None:
    assert tuple(claims.verdicts()) == claims.VERDICTS
    assert [c.id for c in claims.claims() if c.verdict in ("changed", "true since") and not c.versions] == []


def test_evidence_has_what_its_kind_needs() -> None:
    for c in claims.claims():
        for e in c.evidence:
            needed = {
                "source": e.file and (e.symbol or e.text), "constant": e.symbol and e.value is not None,
                "document": e.text, "experiment": e.text,
            }  # fmt: skip
            assert needed[e.kind], (c.id, e)


def test_the_table_of_claims_says_the_same_as_its_text() -> None:
    table = claims.checked("1-07", "1-10", "2.1-04", "2.5-07")
    said = [words for c in table.claims for words in (c.id, c.claim, c.quote, c.verdict, c.truth)]
    said += [words for c in table.claims for words in (*c.texts("document"), *c.texts("experiment"))]
    html = table._repr_html_().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#x27;", "'")
    assert [words for words in said if words not in html or words not in repr(table)] == []


def test_a_quote_in_chinese_says_so_and_one_in_code_does_not() -> None:
    html = claims.checked("1-10", "1-21")._repr_html_()
    assert '<span lang="zh">网络阻塞</span>' in html and "<span>schedtrace=1000</span>" in html


def test_an_unknown_claim_is_named() -> None:
    with pytest.raises(ConfigError, match="claim"):
        claims.checked("9-99")


def test_an_unknown_section_is_named() -> None:
    with pytest.raises(ConfigError, match=r"one of '1', '2\.1'"):
        claims.claims("9")


# --- the places that the evidence names ----------------------------------------------------------------------------


def missing(place: Evidence, toolchain: golang.Toolchain) -> str:
    """What of a place is not there, or ""."""
    path = Path(toolchain.goroot, "src", place.file)
    if not path.is_file():
        return "no such file"
    if place.symbol and golang.resolve_symbol(toolchain.goroot, place.file, place.symbol) is None:
        return "no such name"
    text = runtime_source(toolchain, place.symbol, place.file) if place.symbol else path.read_text(encoding="utf-8")
    return "" if " ".join(place.text.split()) in " ".join(text.split()) else "no such text"


@pytest.mark.go
@pytest.mark.parametrize("place", [p for p in PLACES if p.go == "1.27"], ids=lambda p: f"{p.file}-{p.name[:40]}")
def test_every_pointer_into_go_s_source_leads_somewhere(place: Evidence) -> None:
    assert missing(place, golang.require_toolchain("1.27")) == ""


@pytest.mark.go
@pytest.mark.parametrize("place", [p for p in PLACES if p.go != "1.27"], ids=lambda p: f"{p.go}-{p.file}-{p.name}")
def test_so_does_one_into_an_older_source_where_that_is_installed(place: Evidence) -> None:
    toolchain = golang.find_toolchain(place.go)  # a student may have added it; the course's own is 1.27
    assert toolchain is None or missing(place, toolchain) == ""


@pytest.mark.go
@pytest.mark.parametrize(
    "place",
    [
        Evidence("source", file="runtime/proc.go", symbol="runqpush"),
        Evidence("source", file="runtime/proc.go", symbol="runqput", text="a word that is not there"),
        Evidence("source", file="runtime/syscall_unix.go", symbol="Syscall"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_found(place: Evidence) -> None:
    assert missing(place, golang.require_toolchain("1.27")) != ""
