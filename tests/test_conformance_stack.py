"""The recorded stacks that are no point of the ground truth: how an endless recursion ends, a worked example."""

from __future__ import annotations

import scenes_stack as scenes

#: (size, depth) of each growth of a recursion with 1048 bytes a call up to the default limit, as recorded (1.27.3)
RECORDED = [
    (4096, 1), (8192, 3), (16384, 6), (32768, 14), (65536, 30), (131072, 61), (262144, 124), (524288, 249),
    (1048576, 499), (2097152, 999), (4194304, 2000), (8388608, 4001), (16777216, 8003), (33554432, 16007),
    (67108864, 32016), (134217728, 64034), (268435456, 128069), (536870912, 256139),
]  # fmt: skip


def test_a_recursion_without_end_dies_with_the_recorded_stack() -> None:
    rec, grown = scenes.overflow(frame=1048, own=24)
    assert grown == RECORDED
    first, middle, last = rec.ended.split("\n")
    assert first == "runtime: goroutine stack exceeds 1000000000-byte limit" and last == "fatal error: stack overflow"
    sp, lo, hi = (int(word.strip("[],"), 16) for word in middle.replace("=", " ").split() if "0x" in word)
    assert (hi - lo, sp - lo) == (536870912, 0x209D1A860570 - 0x209D1A860000)  # as recorded


def test_a_lower_limit_ends_it_at_the_recorded_size() -> None:
    rec, grown = scenes.overflow(frame=1048, own=24, limit=1 << 20)
    assert grown == RECORDED[:9] and grown[-1][0] == 1048576
    assert rec.ended.startswith("runtime: goroutine stack exceeds 1048576-byte limit\nruntime: sp=0x")


def test_the_worked_example_grows_at_the_recorded_depths() -> None:
    depths, sizes, _ = scenes.growth(488 + 8, 2113, 0)
    assert [d + 1 for d in depths[1:]] == [3, 7, 15, 32, 65, 131, 263, 527, 1056, 2113]
    assert sizes == [2048 << n for n in range(11)]
