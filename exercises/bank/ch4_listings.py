"""What Go 1.27.3 (amd64) makes of small functions: the lines of ``go tool compile -S``, offsets and operations.

Ours: recorded with ``gmp_lab.gocell.listing`` from a program with these functions, each marked //go:noinline
(``small`` is the one that is inlined; ``pinned`` is //go:nosplit).  ``gist`` is the function in Go, in short.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Listed(NamedTuple):
    """A function: what it does, in Go, and its code."""

    gist: str
    code: str


LISTED: Final = {
    "leaf": Listed("func leaf(x int) int { return x*3 + 1 }", """\
    0 LEAQ   (AX)(AX*2), AX
    4 LEAQ   1(AX), AX
    8 RET"""),
    "twice": Listed("func twice(x int) int { return leaf(x) + leaf(x+1) }", """\
    0 CMPQ   SP, 16(R14)
    4 JLS    56
    6 PUSHQ  BP
    7 MOVQ   SP, BP
   10 SUBQ   $16, SP
   14 MOVQ   AX, x+32(SP)
   19 CALL   main.leaf(SB)
   24 MOVQ   AX, tmp_4+8(SP)
   29 MOVQ   x+32(SP), AX
   34 INCQ   AX
   37 CALL   main.leaf(SB)
   42 MOVQ   tmp_4+8(SP), CX
   47 ADDQ   CX, AX
   50 ADDQ   $16, SP
   54 POPQ   BP
   55 RET
   56 MOVQ   AX, 8(SP)
   64 CALL   runtime.morestack_noctxt(SB)
   69 MOVQ   8(SP), AX
   74 JMP    0"""),
    "pinned": Listed("func pinned(x int) int { return leaf(x) + 1 }", """\
    0 PUSHQ  BP
    1 MOVQ   SP, BP
    4 SUBQ   $8, SP
    8 CALL   main.leaf(SB)
   13 INCQ   AX
   16 ADDQ   $8, SP
   20 POPQ   BP
   21 RET"""),
    "loop free": Listed("for i := 0; i < n; i++ { x = x*3 + i }", """\
    0 XORL   CX, CX
    2 XORL   DX, DX
    4 JMP    17
    6 LEAQ   (DX)(DX*2), BX
   10 LEAQ   (BX)(CX*1), DX
   14 INCQ   CX
   17 CMPQ   AX, CX
   20 JGT    6
   22 MOVQ   DX, AX
   25 RET"""),
    "loop nested": Listed("for i := 0; i < n; i++ { for j := 0; j < 10; j++ { x = x*3 + j } }", """\
    0 XORL   CX, CX
    2 JMP    7
    4 DECQ   AX
    7 TESTQ  AX, AX
   10 JLE    40
   12 XORL   DX, DX
   14 JMP    32
   16 LEAQ   (CX)(CX*2), BX
   20 LEAQ   (BX)(DX*1), CX
   24 INCQ   DX
   32 CMPQ   DX, $10
   36 JLT    16
   38 JMP    4
   40 MOVQ   CX, AX
   43 RET"""),
    "loop inlined": Listed("for i := 0; i < n; i++ { x = small(x) + i }", """\
    0 XORL   CX, CX
    2 XORL   DX, DX
    4 JMP    21
    6 LEAQ   (DX)(DX*4), BX
   10 LEAQ   (BX)(CX*1), DX
   14 LEAQ   2(DX), DX
   18 INCQ   CX
   21 CMPQ   AX, CX
   24 JGT    6
   26 MOVQ   DX, AX
   29 RET"""),
    "loop leaf": Listed("for i := 0; i < n; i++ { x = leaf(x) }", """\
    0 CMPQ   SP, 16(R14)
    4 JLS    62
    6 PUSHQ  BP
    7 MOVQ   SP, BP
   10 SUBQ   $16, SP
   14 XORL   CX, CX
   16 JMP    48
   18 MOVQ   AX, i+8(SP)
   23 MOVQ   CX, AX
   26 CALL   main.leaf(SB)
   31 MOVQ   i+8(SP), CX
   36 DECQ   CX
   39 MOVQ   AX, DX
   42 MOVQ   CX, AX
   45 MOVQ   DX, CX
   48 TESTQ  AX, AX
   51 JGT    18
   53 MOVQ   CX, AX
   56 ADDQ   $16, SP
   60 POPQ   BP
   61 RET
   62 MOVQ   AX, 8(SP)
   67 CALL   runtime.morestack_noctxt(SB)
   72 MOVQ   8(SP), AX
   77 JMP    0"""),
    "loop leaves": Listed("for i := 0; i < n; i++ { x = leaf(x) + leaf(i) }", """\
    0 CMPQ   SP, 16(R14)
    4 JLS    89
    6 PUSHQ  BP
    7 MOVQ   SP, BP
   10 SUBQ   $24, SP
   14 MOVQ   AX, n+40(SP)
   19 XORL   CX, CX
   21 XORL   DX, DX
   23 JMP    75
   25 MOVQ   CX, i+8(SP)
   30 MOVQ   DX, AX
   33 CALL   main.leaf(SB)
   38 MOVQ   AX, tmp_5+16(SP)
   43 MOVQ   i+8(SP), AX
   48 CALL   main.leaf(SB)
   53 MOVQ   tmp_5+16(SP), CX
   58 LEAQ   (CX)(AX*1), DX
   62 MOVQ   i+8(SP), CX
   67 INCQ   CX
   70 MOVQ   n+40(SP), AX
   75 CMPQ   AX, CX
   78 JGT    25
   80 MOVQ   DX, AX
   83 ADDQ   $24, SP
   87 POPQ   BP
   88 RET
   89 MOVQ   AX, 8(SP)
   96 CALL   runtime.morestack_noctxt(SB)
  101 MOVQ   8(SP), AX
  106 JMP    0"""),
    "loop pinned": Listed("for i := 0; i < n; i++ { x = pinned(x) }", """\
    0 CMPQ   SP, 16(R14)
    4 JLS    62
    6 PUSHQ  BP
    7 MOVQ   SP, BP
   10 SUBQ   $16, SP
   14 XORL   CX, CX
   16 JMP    48
   18 MOVQ   AX, i+8(SP)
   23 MOVQ   CX, AX
   26 CALL   main.pinned(SB)
   31 MOVQ   i+8(SP), CX
   36 DECQ   CX
   39 MOVQ   AX, DX
   42 MOVQ   CX, AX
   45 MOVQ   DX, CX
   48 TESTQ  AX, AX
   51 JGT    18
   53 MOVQ   CX, AX
   56 ADDQ   $16, SP
   60 POPQ   BP
   61 RET
   62 MOVQ   AX, 8(SP)
   67 CALL   runtime.morestack_noctxt(SB)
   72 MOVQ   8(SP), AX
   77 JMP    0"""),
    "loop twice": Listed("for i := 0; i < n; i++ { x = twice(x) }", """\
    0 CMPQ   SP, 16(R14)
    4 JLS    62
    6 PUSHQ  BP
    7 MOVQ   SP, BP
   10 SUBQ   $16, SP
   14 XORL   CX, CX
   16 JMP    48
   18 MOVQ   AX, i+8(SP)
   23 MOVQ   CX, AX
   26 CALL   main.twice(SB)
   31 MOVQ   i+8(SP), CX
   36 DECQ   CX
   39 MOVQ   AX, DX
   42 MOVQ   CX, AX
   45 MOVQ   DX, CX
   48 TESTQ  AX, AX
   51 JGT    18
   53 MOVQ   CX, AX
   56 ADDQ   $16, SP
   60 POPQ   BP
   61 RET
   62 MOVQ   AX, 8(SP)
   67 CALL   runtime.morestack_noctxt(SB)
   72 MOVQ   8(SP), AX
   77 JMP    0"""),
    "loop mixed": Listed("for i := 0; i < n; i++ { x = leaf(x); x = twice(x) }", """\
    0 CMPQ   SP, 16(R14)
    4 JLS    68
    6 PUSHQ  BP
    7 MOVQ   SP, BP
   10 SUBQ   $16, SP
   14 XORL   CX, CX
   16 JMP    54
   18 MOVQ   AX, i+8(SP)
   23 MOVQ   CX, AX
   26 CALL   main.leaf(SB)
   32 CALL   main.twice(SB)
   37 MOVQ   i+8(SP), CX
   42 DECQ   CX
   45 MOVQ   AX, DX
   48 MOVQ   CX, AX
   51 MOVQ   DX, CX
   54 TESTQ  AX, AX
   57 JGT    18
   59 MOVQ   CX, AX
   62 ADDQ   $16, SP
   66 POPQ   BP
   67 RET
   68 MOVQ   AX, 8(SP)
   73 CALL   runtime.morestack_noctxt(SB)
   78 MOVQ   8(SP), AX
   83 JMP    0"""),
    "loop both": Listed("for i := 0; i < n; i++ { x = twice(x) + leaf(i) }", """\
    0 CMPQ   SP, 16(R14)
    4 JLS    89
    6 PUSHQ  BP
    7 MOVQ   SP, BP
   10 SUBQ   $24, SP
   14 MOVQ   AX, n+40(SP)
   19 XORL   CX, CX
   21 XORL   DX, DX
   23 JMP    75
   25 MOVQ   CX, i+8(SP)
   30 MOVQ   DX, AX
   33 CALL   main.twice(SB)
   38 MOVQ   AX, tmp_5+16(SP)
   43 MOVQ   i+8(SP), AX
   48 CALL   main.leaf(SB)
   53 MOVQ   tmp_5+16(SP), CX
   58 LEAQ   (CX)(AX*1), DX
   62 MOVQ   i+8(SP), CX
   67 INCQ   CX
   70 MOVQ   n+40(SP), AX
   75 CMPQ   AX, CX
   78 JGT    25
   80 MOVQ   DX, AX
   83 ADDQ   $24, SP
   87 POPQ   BP
   88 RET
   89 MOVQ   AX, 8(SP)
   96 CALL   runtime.morestack_noctxt(SB)
  101 MOVQ   8(SP), AX
  106 JMP    0"""),
}
