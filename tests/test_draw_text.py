"""What figures, tables and the stage say in text, and the stage as a part of a web page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from handmade import BEGIN, Row, handover, in_syscall, overflow, recording

from gmp_lab import Config, ConfigError, Recording, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import fan_out
from gmp_lab.draw import (
    Table,
    depth_table,
    latency_table,
    queue_depth_alt,
    source_table,
    stage_at,
    stage_html,
    stage_text,
    steal_table,
    summary_table,
    switch_table,
    text_timeline,
    timeline_alt,
    usage_table,
)


def lines(text: str) -> str:
    """A block of text from a test, without its first line break and its indent."""
    rows = text.strip("\n").split("\n")
    indent = min(len(row) - len(row.lstrip()) for row in rows if row.strip())
    return "\n".join(row[indent:].rstrip() for row in rows).rstrip()


# --- the timeline in letters and sentences -------------------------------------------------------------------


def test_the_timeline_in_letters() -> None:
    assert text_timeline(handover(), 40) == lines("""
        2 Ps busy 57 % of the time; 1 steal
        P0 |RRRRRRRRRRRRRRRRffff....................|
        P1 |....wwwwssRRRRRRRRRRRRRRRRRRfRRRRRRRRRRR|
        from 0 ns to 1 us, 25 ns a letter
        (. idle, w waiting for its thread to wake, f scheduling, s spinning, R running)
        """)


def test_the_timeline_of_goroutines_in_letters() -> None:
    assert text_timeline(handover(), 40, rows="G").split("\n")[1:3] == [
        "G1 |RRRRRRRRRRRRRRRR--------rrrrrRRRRRRRRRRR|",
        "G2 |    rrrrrrRRRRRRRRRRRRRRRRRR            |",
    ]


def test_a_window_that_is_short_for_its_place_says_both_of_its_ends() -> None:
    run = simulate(Config(gomaxprocs=1), fan_out(tasks=4, task_us=1000))
    assert "from 2,000.0 us to 2,007.0 us, " in text_timeline(run, window=(2_000_000, 2_007_000))
    assert "from 2 ms to 3 ms, " in text_timeline(run, window=(2_000_000, 3_000_000))


@pytest.mark.parametrize("columns", [7, 401, 72.0, "72"])
def test_an_impossible_number_of_letters_is_refused(columns: object) -> None:
    with pytest.raises(ConfigError, match="from 8 to 400"):
        text_timeline(handover(), columns)  # type: ignore[arg-type]


def test_the_timeline_in_sentences() -> None:
    assert timeline_alt(in_syscall()) == (
        "Timeline from 0 ns to 1 us. 2 Ps busy 28 % of the time, 13 % held in system calls; 0 steals. "
        "P0: running 55 %, in a system call 25 %, idle 20 %. P1: idle 100 %."
    )


def test_rows_that_are_left_out_are_counted() -> None:
    assert timeline_alt(overflow(), rows="G", most=2).endswith("257 more rows not listed.")


def test_the_queue_depths_in_sentences() -> None:
    # ring: 1 + 2 + ... + 256 for 1 ns each, 128 for 442 ns, 127 for 300 ns; global: 129 for 742 of 1000 ns
    assert queue_depth_alt(overflow()) == (
        "Goroutines in the queues from 0 ns to 1 us. Global queue: at most 129, on average 95.7; "
        "ring of P0: at most 256, on average 127.6."
    )


# --- tables --------------------------------------------------------------------------------------------------


def test_a_table_is_aligned_text() -> None:
    assert repr(usage_table(handover())) == lines("""
        Time of the Ps in %
        P    running  syscall  scheduling  spinning  waking  no core  idle
        P0      40.0      0.0        10.0       0.0     0.0      0.0  50.0
        P1      73.0      0.0         2.0       5.0    10.0      0.0  10.0
        all     56.5      0.0         6.0       2.5     5.0      0.0  30.0
        """)


def test_latency_is_shown_to_the_nanosecond() -> None:
    assert repr(latency_table(handover())) == lines("""
        Scheduling latency in us
        goroutine  waits  median    p90    p99  longest
        all            3   0.120  0.150  0.150    0.150
        G2 worker      1   0.150  0.150  0.150    0.150
        G1 main        2   0.000  0.120  0.120    0.120
        """)


def test_thefts_are_a_matrix() -> None:
    table = steal_table(handover())
    assert (table.caption, table.rows) == ("1 steal moved 1 goroutine", (("P0", 0, 0, 0), ("P1", 1, 0, 1)))


def test_sources_and_reasons_are_counted() -> None:
    assert source_table(handover()).rows == (("runnext", 2, 66.7), ("stolen", 1, 33.3))
    assert switch_table(handover()).rows == (("chan receive", 1), ("exit", 1))


def test_the_one_queue_of_1_0_has_no_61st_tick() -> None:
    one, many = (simulate(Config(gomaxprocs=1, go=go), fan_out(tasks=400)) for go in ("1.0", "1.27"))
    assert [row[0] for row in source_table(one).rows] == ["global"]
    assert "global (61st tick)" in [row[0] for row in source_table(many).rows]


def test_tables_take_a_window() -> None:
    tables = (usage_table, depth_table, latency_table, steal_table, source_table, switch_table, summary_table)
    early = [table(handover(), (0, 90)) for table in tables]
    assert (early[0].rows[0][1], early[1].rows[3], early[5].rows) == (100.0, ("runnext of P0", 0, 0.0), ())


class Outline(HTMLParser):
    """Checks that every element is closed, and keeps texts and the attributes of each tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"] and data.strip():
            self.texts.append(data.strip())


def test_a_table_in_a_notebook_has_a_caption_and_headings() -> None:
    page = Outline(Table("a & b", ("x", "y"), (("<i>", 1.25), ("z", 2000)), digits=2)._repr_html_())
    scopes = [attrs.get("scope") for tag, attrs in page.tags if tag == "th"]
    assert scopes == ["col", "col", "row", "row"]
    assert page.texts == ["a & b", "x", "y", "<i>", "1.25", "z", "2,000"]


# --- the stage -----------------------------------------------------------------------------------------------


def test_the_stage_as_text() -> None:
    assert stage_text(handover(), 11) == lines("""
        after event 12 of 21, at 0.250 us
        P1 has nothing to run and steals G2 (worker), the runnext of P0, whose ring is empty.
        (runqsteal in runtime/proc.go: runnext is stolen last, and only in the last pass)

        P     state     thread  goroutine  runnext  ring, head first  schedtick
        P0    running   M0      G1 main    none     empty             1
        P1 <  spinning  M1      (G2 next)  none     empty             0

        global queue: empty
        idle Ps, top first: none
        idle threads, top first: none
        other threads without a P: none
        spinning threads: 1
        """)


def test_the_stage_shows_the_head_of_a_queue_and_how_long_it_is() -> None:
    rec = overflow()
    at = next(i for i, e in enumerate(rec) if e.kind == v.E_OVERFLOW)
    s = stage_at(rec, at)
    assert s.ps[0].ring.words() == "128: G130 G131 G132 G133 G134 G135 G136 G137 and 120 more"
    assert (s.global_queue.length, s.ps[0].runnext) == (129, "G259")


def test_the_stage_shows_who_is_without_a_p() -> None:
    s = stage_at(in_syscall(), 8)
    assert (s.ps[0].state, s.idle_ps, s.other_ms) == ("idle", ("P0", "P1"), ("M0 is in a system call with G1",))


def test_a_p_whose_thread_is_on_its_way_is_waking() -> None:
    assert [p.state for p in stage_at(handover(), 8).ps] == ["running", "waking"]


@pytest.mark.parametrize("i", range(21))
def test_page_and_text_say_the_same(i: int) -> None:
    texts = Outline(stage_html(handover(), i)).texts
    words = set(re.findall(r"[\w.]+", " ".join(texts)))
    assert set(re.findall(r"[\w.]+", stage_text(handover(), i))) - {"after"} <= words


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_stage_is_a_table_with_headings_and_a_label(theme: str) -> None:
    page = Outline(stage_html(handover(), 11, theme))
    tags = [tag for tag, _ in page.tags]
    assert (tags.count("th"), tags.count("caption"), tags.count("dt"), tags.count("dd")) == (9, 1, 5, 5)
    assert page.tags[0][1]["aria-label"] == "Scheduler after event 12 of 21, at 0.250 us"
    assert [attrs.get("aria-current") for tag, attrs in page.tags if tag == "tr"] == [None, None, "true"]


def test_names_are_escaped() -> None:
    rec = recording(BEGIN, names=("<script>alert(1)</script>",))
    html = stage_html(rec, len(BEGIN) - 1)
    assert "<script" not in html
    assert "G1 <script>alert(1)</script>" in Outline(html).texts


@pytest.mark.parametrize("i", [-1, 21, 1.0])
def test_an_event_that_is_not_there_is_refused(i: object) -> None:
    with pytest.raises(ConfigError, match="from 0 to 20"):
        stage_text(handover(), i)  # type: ignore[arg-type]


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(ConfigError, match="theme"):
        stage_html(handover(), 0, "blue")


def doing(*rows: Row) -> Recording:
    """M1 without a P does something."""
    return recording([*BEGIN, (0, v.E_M_NEW, -1, -1, 1, v.M_NORMAL), *rows])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((1, v.E_M_START, -1, 1, 1, 0), "M1 is being woken"),
        ((1, v.E_POLL_BLOCK, -1, -1, 1, 5), "M1 waits in netpoll"),
        ((1, v.E_STOP_LOCKED, 1, -1, 1, -1), "M1 waits for its locked goroutine"),
        ((1, v.E_M_WAKE, -1, -1, 1, -1), "M1 is looking for a P or a place to sleep"),
        ((1, v.E_SPIN, -1, -1, 1, 0), "M1 is being woken"),
    ],
)
def test_a_thread_without_a_p_is_described(row: Row, words: str) -> None:
    rec = doing(row)
    assert stage_at(rec, len(rec) - 1).other_ms == (words,)
