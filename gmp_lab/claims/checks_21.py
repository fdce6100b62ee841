"""Checks of section 2.1: the life of a goroutine, its states and its stack."""

from __future__ import annotations

import re
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.claims import runs_basic as basic
from gmp_lab.claims import runs_stack as stacks
from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import counted, experiment, run, seen
from gmp_lab.claims.source import constant_is, in_order, source_has, source_lacks
from gmp_lab.scheddetail import scheddetail_text
from gmp_lab.schedtrace import schedtrace_text

PROC: Final = "runtime/proc.go"
STACK: Final = "runtime/stack.go"
ASM: Final = "runtime/asm_amd64.s"

# --- the life of a goroutine -------------------------------------------------------------------------------------


@check("2.1-01", kind="simulation")
def every_go_statement_makes_a_goroutine() -> Outcome:
    """Ten go statements, and how a new goroutine comes into being in the source."""
    rec = run(basic.start, 10, gomaxprocs=1)
    made = counted(rec, v.E_GO_CREATE, arg=1)
    return all_of(
        expect(made == 10, f"10 go statements: {made} goroutines made by main"),
        in_order(PROC, "newproc1", "gfget(pp)", "malg(stackMin)"),
        source_has(PROC, "newproc", "runqput(pp, newg, true)"),
    )  # fmt: skip


@check("2.1-02", kind="simulation")
def a_panic_ends_the_process_and_not_the_goroutine() -> Outcome:
    """A goroutine returns, calls Goexit, or panics: what does main still do?"""
    ends = {how: stacks.ending(how) for how in ("return", "Goexit", "panic")}
    written = {how: one.written for how, one in ends.items()}
    return all_of(
        expect(
            written == {"return": (1, 2, 9), "Goexit": (1, 9), "panic": (1,)}
            and ends["panic"].ended.startswith("panic:") and ends["Goexit"].ended == "exit",
            f"return: main goes on; Goexit: main goes on; panic: the process ends ({ends['panic'].ended})",
        ),
        source_has(PROC, "gdestroy", "gfput(pp, gp)"), source_has("runtime/panic.go", "fatalpanic", "exit(2)"),
    )  # fmt: skip


# --- the stack ------------------------------------------------------------------------------------------------------


@check("2.1-03", "2.1-07", kind="simulation")
def segments_were_linked_and_stacks_are_copied() -> Outcome:
    """The same calls under the rules of 1.2 and 1.27."""
    frames = (1032,) * 12
    old, new = stacks.grown(frames, "1.2"), stacks.grown(frames)
    doubled = all(b == 2 * a for a, b in zip((2048, *new.sizes), new.sizes, strict=False))
    return expect(
        old.segments and not old.sizes and new.sizes and not new.segments and doubled and min(new.copied) > 0,
        f"1.2: {len(old.segments)} segments linked, nothing copied; 1.27: {_list(new.sizes)} bytes, "
        f"{_list(new.copied)} bytes copied, no segment",
    )


@check("2.1-03", "2.1-07", kind="experiment")
def a_variable_moves_when_the_stack_grows() -> Outcome:
    """On real Go the address of a local variable is another one after deep calls."""
    seen_by = experiment("stack_move")
    return all_of(
        seen_by.outcome, expect(seen_by.numbers("moved") == [0, 1, 1], "moved: not at first, then twice"),
        in_order(STACK, "newstack", "newsize := oldsize * 2", "copystack(gp, newsize)"),
        in_order(STACK, "copystack", "stackalloc(", "adjustframe", "stackfree(old)"),
    )  # fmt: skip


@check("2.1-04", kind="simulation")
def a_new_stack_has_2048_bytes_since_1_4() -> Outcome:
    """The size of a new goroutine's stack by version, and on Windows."""
    size = {of: stacks.grown((24,), of).bounds.size for of in ("1.1", "1.2", "1.4", "1.27")}
    windows = stacks.grown((24,), os="windows").bounds.size
    return all_of(
        expect(
            size == {"1.1": 4096, "1.2": 8192, "1.4": 2048, "1.27": 2048} and windows == 8192,
            ", ".join(f"{of}: {n}" for of, n in size.items()) + f" bytes; 1.27 on Windows: {windows}",
        ),
        constant_is(STACK, "stackMin", 2048),
    )


@check("2.1-04", kind="experiment")
def since_1_19_reused_goroutines_start_with_the_average() -> Outcome:
    """The starting size after collections that found deep stacks."""
    shallow, deep = experiment("stack_gc"), experiment("stack_gc", 1)
    first, later = deep.numbers("starting_size")[0], deep.numbers("starting_size")[-1]
    return all_of(
        shallow.outcome, deep.outcome, expect(first == 2048 < later, f"starts with {first:g}, then {later:g} bytes"),
        source_has(STACK, "gcComputeStartingStackSize"),
    )  # fmt: skip


@check("2.1-05", kind="simulation")
def the_guard_lies_928_bytes_above_the_end() -> Outcome:
    """A function whose frame reaches below the guard makes the stack grow, one that ends above it does not."""
    b = stacks.grown((24,)).bounds
    room = b.sp - b.guard
    small, large = stacks.grown((24, room // 8 * 8 - 16)), stacks.grown((24, room // 8 * 8 + 160))
    return all_of(
        expect(
            b.guard - b.lo == 928 and not small.sizes and large.sizes == (4096,),
            f"stackguard0 is {b.guard - b.lo} bytes above the end; {room} bytes above it: a frame of "
            f"{room // 8 * 8 - 16} fits, one of {room // 8 * 8 + 160} makes the stack grow to 4096",
        ),
        constant_is(STACK, "stackGuard", 928), source_has(STACK, text="Each function compares its stack pointer"),
    )  # fmt: skip


@check("2.1-06", kind="source")
def the_compiler_puts_the_call_into_the_prologue() -> Outcome:
    """Who writes the call of morestack?"""
    return all_of(
        source_has("cmd/internal/obj/x86/obj6.go", "stacksplit", 'morestack := "runtime.morestack"'),
        source_has("cmd/internal/obj/x86/obj6.go", "stacksplit", "runtime.morestack_noctxt"),
        constant_is("internal/abi/stack.go", "StackSmall", 128),
    )  # fmt: skip


@check("2.1-06", kind="experiment")
def a_leaf_has_no_such_call() -> Outcome:
    """The compiler's listing."""
    seen_by = experiment("listing")
    return all_of(seen_by.outcome, expect(seen_by.numbers("leafs") == [0], "no check in a small leaf"))


@check("2.1-08", kind="simulation")
def a_collection_shrinks_stacks_and_gctrace_tells_a_total() -> Outcome:
    """A goroutine dives and comes back, then five collections: when does its stack change, and what is printed?"""
    found = stacks.collected()
    line = found.gctrace.splitlines()[0]
    return expect(
        found.shrunk == (16384, 8192, 4096, 2048) and found.grown and found.grown_later == 0 and "MB stacks" in line
        and not re.search("move|migrat|copy|shrink", found.gctrace),
        f"grown before the first collection: {_list(found.grown)}; during collections {found.grown_later} growths, "
        f"shrunk to {_list(found.shrunk)}; gctrace: {line!r}",
    )  # fmt: skip


@check("2.1-08", kind="experiment")
def so_it_is_on_real_go() -> Outcome:
    """KiB of stack for each goroutine after one collection after the other."""
    seen_by = experiment("stack_gc")
    kib = seen_by.numbers("kib_each")
    return all_of(
        seen_by.outcome, expect(kib == sorted(kib, reverse=True) and kib[0] > kib[-1], f"{_list(kib)} KiB"),
        source_has(STACK, "shrinkstack", "newsize := oldsize / 2"),
    )  # fmt: skip


@check("2.1-16", kind="source")
def growth_is_morestack_newstack_copystack() -> Outcome:
    """There is no growstack; which functions are there?"""
    return all_of(
        source_lacks("growstack"), source_has(ASM, "morestack", "CALL runtime·newstack(SB)"),
        source_has(STACK, "newstack", "copystack(gp, newsize)"),
    )  # fmt: skip


@check("2.1-16", kind="simulation")
def stacks_grow_downwards() -> Outcome:
    """Deeper calls have lower addresses; the guard is near the low end."""
    b, deeper = stacks.grown((24,)).bounds, stacks.grown((24, 512)).bounds
    down = b.hi - b.sp < deeper.hi - deeper.sp and b.lo < b.guard < b.sp < b.hi
    return expect(down, f"{b.hi - b.sp} bytes below the upper end, one call later {deeper.hi - deeper.sp}")


@check("2.1-17", kind="simulation")
def a_buffer_of_1_kb_fits() -> Outcome:
    """A fresh goroutine enters a function with a buffer of 1024 bytes, and one of 2048."""
    small, large = stacks.grown((24, 1024 + 8)), stacks.grown((24, 2048 + 8))
    return expect(
        not small.sizes and small.bounds.size == 2048 and large.sizes == (4096,),
        f"1024 bytes: {len(small.sizes)} growths, {small.bounds.size} bytes; 2048 bytes: to {_list(large.sizes)}",
    )


@check("2.1-18", kind="source")
def morestack_noctxt_allocates_nothing() -> Outcome:
    """It clears the context register and jumps to morestack, which calls newstack."""
    return all_of(
        in_order(ASM, "morestack_noctxt", "MOVL $0, DX", "JMP runtime·morestack(SB)"),
        source_lacks("newstack", ASM, "morestack_noctxt"), source_has(STACK, "copystack", "stackalloc("),
        source_has(STACK, "newstack", "gopreempt_m(gp)"),
    )  # fmt: skip


@check("2.1-19", kind="simulation")
def the_size_doubles_until_the_frame_fits() -> Outcome:
    """A recursion on a fresh stack, and one large frame."""
    steps, jump = stacks.grown((488,) * 60).sizes, stacks.grown((24, 20_000)).sizes
    return all_of(
        expect(
            steps == (4096, 8192, 16384, 32768) and jump == (32768,),
            f"recursion: {_list(steps)}; one frame of 20000 bytes: {_list(jump)}",
        ),
        source_has(STACK, "newstack", "newsize := oldsize * 2"),
        source_has(PROC, "main", "maxstacksize = 1000000000"),
    )  # fmt: skip


def _list(numbers: tuple[int, ...] | list[float]) -> str:
    return ", ".join(f"{n:g}" if isinstance(n, float) else str(n) for n in numbers)


# --- the states -----------------------------------------------------------------------------------------------------


@check("2.1-12", kind="simulation")
def many_ways_lead_to_runnable() -> Outcome:
    """What made goroutines runnable in one run, besides newproc?"""
    ways = stacks.ways().runnable
    return expect(all(ways.values()), "; ".join(f"{name}: {n}" for name, n in ways.items()))


@check("2.1-13", kind="simulation")
def running_is_left_in_more_ways() -> Outcome:
    """What ended the stay in running, besides yielding, blocking and the end?"""
    found = stacks.ways()
    return all_of(
        expect(
            all(found.left.values()) and found.grew > 0,
            "; ".join(f"{name}: {n}" for name, n in found.left.items()) + f"; stack copied: {found.grew}",
        ),
        in_order(PROC, "execute", "casgstatus(gp, _Grunnable, _Grunning)", "gogo(&gp.sched)"),
        source_has(STACK, "newstack", "casgstatus(gp, _Grunning, _Gcopystack)"),
    )


@check("2.1-14", kind="simulation")
def a_woken_goroutine_is_the_next_of_its_waker_s_p() -> Outcome:
    """Two goroutines pass a token: what becomes of each that parks?"""
    rec = run(basic.pair, 20, gomaxprocs=1)
    parks, woken = seen(rec, v.E_PARK), seen(rec, v.E_READY)
    after = [e.arg & 15 for _, e in basic.pairs_of(rec, v.E_READY, v.E_EXECUTE) if e is not None]
    net = stacks.ways().runnable["netpoll"]
    return expect(
        len(parks) > 30 and len(woken) > 30 and set(after) == {v.SRC_RUNNEXT} and net > 0,
        f"{len(parks)} parked, {len(woken)} made ready, all of these run out of runnext; {net} woken by netpoll",
    )


_STATES: Final = ("_Gidle", "_Grunnable", "_Grunning", "_Gsyscall", "_Gwaiting", "_Gdead", "_Gcopystack",
                  "_Gpreempted", "_Gleaked", "_Gdeadextra", "_Gscan")  # fmt: skip


@check("2.1-15", kind="source")
def there_are_more_than_three_states() -> Outcome:
    """The constants of the runtime."""
    found = [source_has("runtime/runtime2.go", name) for name in _STATES]
    whole = all_of(*found)
    return Outcome(True, f"{len(found)} constants: {', '.join(_STATES)}") if whole.holds else whole


# --- what schedtrace shows ------------------------------------------------------------------------------------------


@check("2.1-09", "2.1-10", kind="simulation")
def schedtrace_shows_gomaxprocs_and_no_number_of_goroutines() -> Outcome:
    """A line of schedtrace."""
    line = schedtrace_text(basic.traced()).splitlines()[0]
    return all_of(
        expect("gomaxprocs=2" in line and "oroutines" not in line and "GOMAXPROCS" not in line, repr(line)),
        source_has(PROC, "schedtrace", 'ms: gomaxprocs="'), source_lacks("Goroutines", PROC, "schedtrace"),
        source_lacks("gcount", PROC, "schedtrace"),
    )  # fmt: skip


@check("2.1-11", kind="simulation")
def states_are_shown_as_numbers_and_only_in_detail() -> Outcome:
    """schedtrace with and without scheddetail=1."""
    plain, detail = schedtrace_text(basic.traced()), scheddetail_text(basic.traced(1000, True))
    shown = re.findall(r"G\d+: status=\d+\([^)]*\)", detail)
    return expect(
        shown and "status=" not in plain and not re.search("runnable|running", detail),
        f"with scheddetail=1 {shown[0]!r}; without it no goroutine at all",
    )


@check("2.1-11", kind="experiment")
def words_stand_in_a_dump() -> Outcome:
    """The words of a goroutine dump on both sides."""
    seen_by = experiment("waits")
    return all_of(
        seen_by.outcome,
        expect(seen_by.real["receiver"] == ("chan receive",), "a dump says [chan receive]"),
        source_has(PROC, "schedtrace", "readgstatus(gp)"),
    )


by_document("2.1-03", "2.1-04")
