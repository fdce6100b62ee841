"""Facts read out of an installed Go source, by symbol: what is declared where, the value of a constant, texts.

Go's source is formatted by gofmt, so a declaration begins in the first column, or one tab into a ``const (`` block,
and ends at a closing bracket in the same column.  Constant expressions are worked out as the compiler does for
linux/amd64: names are looked up in the same package and in the imported ones, ``iota`` and repeated expressions too.
Whatever is not there, or cannot be worked out, is a LookupError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

Number = int | float

_TAGS = {"linux", "amd64", "unix", "gc", "goexperiment.spinbitmutex", "goexperiment.greenteagc"}
_OTHERS = re.compile(
    r"_(aix|android|darwin|dragonfly|freebsd|hurd|illumos|ios|js|netbsd|openbsd|plan9|solaris|wasip1|windows|zos"
    r"|386|arm|arm64|loong64|mips\w*|ppc64\w*|riscv\w*|s390x?|sparc\w*|wasm|armbe|arm64be|test)\.go$"
)
_TOKEN = re.compile(
    r"\s*(0[xX][\da-fA-F_]+|\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|[A-Za-z_][\w.]*|<<|>>|&\^|&&|\|\||[-+*/%&|^!()])"
)
_LEVELS: dict[str, int] = dict.fromkeys(("*", "/", "%", "<<", ">>", "&", "&^"), 5) | dict.fromkeys("+-|^", 4)
_LEVELS |= {"&&": 2, "||": 1}
_WORD = (1 << 64) - 1
_DO: dict[str, Callable[[Number, Number], Number]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a // b if isinstance(a, int) and isinstance(b, int) else a / b, "%": lambda a, b: a % b,
    "<<": lambda a, b: int(a) << int(b), ">>": lambda a, b: int(a) >> int(b), "&": lambda a, b: int(a) & int(b),
    "|": lambda a, b: int(a) | int(b), "^": lambda a, b: int(a) ^ int(b), "&^": lambda a, b: int(a) & ~int(b),
    "&&": lambda a, b: a and b, "||": lambda a, b: a or b,
}  # fmt: skip
_TYPES = re.compile(r"u?int(8|16|32|64|ptr)?|float(32|64)")


def evaluate(expression: str, name: Callable[[str], Number]) -> Number:
    """The value of a Go constant expression with Go's precedences; ``name`` gives the value of a name."""
    tokens: list[str] = []
    at = 0
    while expression[at:].strip():
        found = _TOKEN.match(expression, at)
        if found is None:
            raise LookupError(f"cannot read {expression!r} from {expression[at:]!r} on")
        tokens.append(found[1])
        at = found.end()
    value, rest = _expression(tokens, 0, name)
    if rest:
        raise LookupError(f"cannot read {expression!r} from {rest[0]!r} on")
    return int(value) if value == int(value) else value  # 1e6 is a whole number in Go as well


def _expression(tokens: list[str], level: int, name: Callable[[str], Number]) -> tuple[Number, list[str]]:
    value, tokens = _operand(tokens, name)
    while tokens and _LEVELS.get(tokens[0], 0) > level:
        right, rest = _expression(tokens[1:], _LEVELS[tokens[0]], name)
        value, tokens = _DO[tokens[0]](value, right), rest
    return value, tokens


def _operand(tokens: list[str], name: Callable[[str], Number]) -> tuple[Number, list[str]]:
    if not tokens:
        raise LookupError("an expression ends too early")
    first, rest = tokens[0], tokens[1:]
    if first in "+-^!":
        value, rest = _operand(rest, name)
        return {"+": value, "-": -value, "^": _WORD & ~int(value), "!": int(not value)}[first], rest
    if first == "(" or (_TYPES.fullmatch(first) and rest[:1] == ["("]):
        value, rest = _expression(rest if first == "(" else rest[1:], 0, name)
        if rest[:1] != [")"]:
            raise LookupError("a bracket is not closed")
        return value, rest[1:]
    if not first[0].isdigit():
        return name(first), rest
    return (float(first) if re.search(r"[.eE]", first) and first[:2].lower() != "0x" else int(first, 0)), rest


def without_comments(text: str) -> str:
    """Go text without comments; strings, characters and the ends of lines stay."""
    pattern = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\])+\'|//[^\n]*|/\*.*?\*/'

    def keep(found: re.Match[str]) -> str:
        return "\n" * found[0].count("\n") if found[0].startswith(("//", "/*")) else found[0]

    return re.sub(r"[ \t]+$", "", re.sub(pattern, keep, text, flags=re.DOTALL), flags=re.MULTILINE)


class GoSource:
    """The source below GOROOT/src; ``file`` is a path such as "runtime/proc.go"."""

    def __init__(self, goroot: str) -> None:
        self.src = Path(goroot, "src")
        self.text = cache(self._text)
        self.package = cache(self._package_files)
        self._file_constants = cache(self._read_constants)

    def _text(self, file: str) -> str:
        """The file without comments."""
        path = self.src / file
        if not path.is_file():
            raise LookupError(f"no file {file}")
        return without_comments(path.read_text(encoding="utf-8"))

    # --- declarations -------------------------------------------------------------------------------------------

    def declaration(self, file: str, symbol: str) -> str:
        """The text that declares a symbol: "f", "T", "T.method", "T.field", a const or var, TEXT in assembly."""
        text = self.text(file)
        if file.endswith(".s"):
            found = re.search(rf"^TEXT \S*·{re.escape(symbol)}[<(].*?(?=^TEXT |\Z)", text, re.DOTALL | re.MULTILINE)
            if found is None:
                raise LookupError(f"{file} has no TEXT {symbol}")
            return found[0]
        owner, _, word = symbol.rpartition(".")
        if owner:
            return self._member(file, owner, word)
        starts = (rf"func {word}[\[(]", rf"type {word}\b", rf"(?:const|var) {word}\b")
        for start in starts:
            found = re.search(rf"^{start}", text, re.MULTILINE)
            if found:
                return _until_closed(text, found.start(), "")
        for block in re.finditer(r"^(?:const|var|type) \(\n(.*?)^\)", text, re.DOTALL | re.MULTILINE):
            found = re.search(rf"^\t(?:\w+, )*{word}\b(?![.(])", block[1], re.MULTILINE)
            if found:
                return _until_closed(block[1], found.start(), "\t")
        raise LookupError(f"{file} does not declare {symbol}")

    def _member(self, file: str, owner: str, word: str) -> str:
        text = self.text(file)
        found = re.search(rf"^func \((?:\w+ )?\*?{owner}(?:\[[^]]*\])?\) {word}\(", text, re.MULTILINE)
        if found:
            return _until_closed(text, found.start(), "")
        fields = self.declaration(file, owner)
        found = re.search(rf"^\t+(?:\w+, )*{word}(?:, \w+)* .*$", fields, re.MULTILINE)
        if found is None or not fields.startswith("type"):
            raise LookupError(f"{file}: {owner} has neither method nor field {word}")
        return found[0]

    def find(self, file: str, symbol: str, pattern: str) -> list[str]:
        """What the group in the pattern matches in a declaration, each text once."""
        found = dict.fromkeys(re.findall(pattern, self.declaration(file, symbol), re.MULTILINE))
        if not found:
            raise LookupError(f"{file} {symbol} has no {pattern}")
        return list(found)

    def strings(self, file: str, symbol: str) -> dict[str, str]:
        """A table ``var x = [...]string{key: "text", ...}``."""
        return dict(re.findall(r'^\t(\w+): +"([^"]*)",$', self.declaration(file, symbol), re.MULTILINE))

    def parameters(self, file: str, symbol: str) -> list[str]:
        """The names of the receiver and the parameters of a function."""
        head = re.match(r"func (?:\((\w+) [^)]*\) )?\w+(?:\[[^]]*\])?\(", text := self.declaration(file, symbol))
        if head is None:
            raise LookupError(f"{file} {symbol} is no function")
        names = [head[1]] if head[1] else []
        return names + [one.strip().split(" ")[0] for one in _split(_bracket(text, head.end() - 1))]

    # --- values -----------------------------------------------------------------------------------------------------

    def value(self, file: str, expression: str) -> Number:
        """A constant expression as it would stand in this file."""
        return evaluate(expression, lambda name: self._name(file, name))

    def constant(self, file: str, name: str) -> Number:
        """A constant, or a variable's first value, that this file declares."""
        if name not in self._file_constants(file):
            raise LookupError(f"{file} declares no constant {name}")
        expression, iota = self._file_constants(file)[name]
        return evaluate(expression, lambda word: iota if word == "iota" else self._name(file, word))

    def _name(self, file: str, name: str) -> Number:
        if name in ("true", "false"):
            return int(name == "true")
        package, _, word = name.rpartition(".")
        folder = str(Path(file).parent)
        if package:
            imported = re.findall(rf'^\t?(?:import )?"((?:[\w/]+/)?{package})"$', self.text(file), re.MULTILINE)
            if not imported:
                raise LookupError(f"{file} does not import {package}")
            folder = imported[0]
        files = [file, *self.package(folder)] if folder == str(Path(file).parent) else self.package(folder)
        for other in files:
            if word in self._file_constants(other):
                return self.constant(other, word)
        raise LookupError(f"{folder} declares no constant {word}")

    def _package_files(self, folder: str) -> tuple[str, ...]:
        """The files of a package that are compiled for linux/amd64."""
        files = sorted(path.name for path in (self.src / folder).glob("*.go") if not _OTHERS.search(path.name))
        return tuple(f"{folder}/{name}" for name in files if self._built(f"{folder}/{name}"))

    def _built(self, file: str) -> bool:
        tag = re.search(r"^//go:build (.*)$", (self.src / file).read_text(encoding="utf-8"), re.MULTILINE)
        return tag is None or bool(evaluate(tag[1], lambda name: int(name in _TAGS or name.startswith("go1."))))

    def _read_constants(self, file: str) -> dict[str, tuple[str, int]]:
        """name -> (expression, iota) of every const, and var with a simple value, at the top level of a file."""
        text = self.text(file)
        found: dict[str, tuple[str, int]] = {}
        for names, expression in re.findall(r"^(?:const|var) ([\w, ]+?)(?: [\w.]+)? = (.+)$", text, re.MULTILINE):
            found.update(_named(names, expression, 0))
        for block in re.findall(r"^const \(\n(.*?)^\)", text, re.DOTALL | re.MULTILINE):
            found.update(_block(block))
        return found


def _block(block: str) -> Iterator[tuple[str, tuple[str, int]]]:
    block = re.sub(r"([-+*/|&(,])\n\s*", r"\1 ", block)  # an expression that goes on in the next line
    expression = ""
    specs = [line.strip() for line in block.splitlines() if line.strip()]
    for iota, spec in enumerate(specs):
        names, has_value, told = spec.partition("=")
        expression = told.strip() if has_value else expression
        yield from _named(re.sub(r"(?<=\w) +[\w.]+ *$", "", names.strip()), expression, iota)


def _named(names: str, expression: str, iota: int) -> Iterator[tuple[str, tuple[str, int]]]:
    listed = [name.strip() for name in names.split(",")]
    values = [value.strip() for value in _split(expression)] if len(listed) > 1 else [expression.strip()]
    for name, value in zip(listed, values, strict=False):
        yield name, (value, iota)


def _until_closed(text: str, start: int, indent: str) -> str:
    """The declaration that begins at start: one line, or up to the bracket in the same column."""
    line = text[start : text.find("\n", start)]
    if not line.endswith(("{", "(")):
        return line
    end = re.compile(rf"^{indent}[}})].*$", re.MULTILINE).search(text, start)
    return text[start : end.end() if end else len(text)]


def _bracket(text: str, start: int) -> str:
    """What stands between the bracket at start and the one that closes it."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1 : at]
    raise LookupError("a bracket is not closed")


def _split(listed: str) -> list[str]:
    """The parts between commas that stand in no bracket."""
    parts, depth = [""], 0
    for character in listed:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]
