"""The three lists of packages agree, and no tracked file carries what belongs to one machine only.

The comparisons are functions of texts, so each is tried on a text with one defect as well as on the real
file.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gmp_lab import setup_env

Pins = dict[str, str]


# --- reading the three ------------------------------------------------------------------------------------


def pin_of(line: str) -> tuple[str, str]:
    """Return (canonical name, version) of a requirement that is pinned with == and nothing else."""
    requirement = Requirement(line)
    (specifier,) = requirement.specifier
    assert specifier.operator == "==", f"{line}: not an exact version"
    assert requirement.url is None, f"{line}: an address"
    return canonicalize_name(requirement.name), specifier.version


def pins_of_project(text: str) -> Pins:
    """Return what pyproject.toml names: its own dependencies, all extras and the build backend."""
    document = tomllib.loads(text)
    project = document["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return dict(map(pin_of, [*project["dependencies"], *extras, *document["build-system"]["requires"]]))


def pins_of_conda(text: str) -> Pins:
    """Return what environment.yml lets pip install; the package itself (-e .) must come last."""
    (pip_part,) = [entry["pip"] for entry in yaml.safe_load(text)["dependencies"] if isinstance(entry, dict)]
    *pinned, own = pip_part
    assert own == "-e ."
    return dict(map(pin_of, pinned))


def pins_of_lock(text: str, named: Pins) -> Pins:
    """Return the lock's versions of the named packages."""
    heads = [line.rstrip(" \\") for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    pins = [pin_of(head) for head in heads]
    return {name: version for name, version in pins if name in named}


@pytest.fixture(scope="module")
def project(root: Path) -> str:
    return (root / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def conda(root: Path) -> str:
    return (root / "environment.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


# --- they agree -------------------------------------------------------------------------------------------


def test_environment_yml_names_the_packages_and_versions_of_pyproject(project: str, conda: str) -> None:
    assert pins_of_conda(conda) == pins_of_project(project)


def test_the_lock_holds_the_versions_of_pyproject(project: str, lock: str) -> None:
    named = pins_of_project(project)
    assert pins_of_lock(lock, named) == named


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("numpy==2.4.6", "numpy==2.4.5", id="another version"),
        pytest.param("      - numpy==2.4.6\n", "", id="one missing"),
        pytest.param("      - numpy==2.4.6\n", "      - numpy==2.4.6\n      - pandas==3.0.0\n", id="one too many"),
    ],
)
def test_the_comparison_sees_a_defect_in_environment_yml(project: str, conda: str, before: str, after: str) -> None:
    assert pins_of_conda(conda.replace(before, after)) != pins_of_project(project)


def test_the_comparison_sees_another_version_in_the_lock(project: str, lock: str) -> None:
    named = pins_of_project(project)
    assert pins_of_lock(lock.replace("plotly==7.1.0", "plotly==7.0.0"), named) != named


def test_conda_brings_python_and_pip_alone(conda: str) -> None:
    document = yaml.safe_load(conda)
    plain = [entry for entry in document["dependencies"] if isinstance(entry, str)]
    assert (sorted(document), document["channels"], plain) == (
        ["channels", "dependencies", "name"],
        ["conda-forge", "nodefaults"],
        ["python=3.12", "pip"],
    )


def test_conda_python_is_one_that_the_project_supports(project: str, conda: str) -> None:
    version = re.search(r"python=(\S+)", conda)
    assert version is not None
    assert f"Programming Language :: Python :: {version.group(1)}" in tomllib.loads(project)["project"]["classifiers"]


# --- the lock ---------------------------------------------------------------------------------------------


def test_every_package_of_the_lock_has_a_hash(lock: str) -> None:
    blocks = setup_env.read_lock(lock)
    assert [name for name, lines, _ in blocks if "--hash=sha256:" not in lines] == []


def test_the_lock_holds_no_address_and_no_option_of_an_index(lock: str) -> None:
    assert re.findall(r"\S*(?:://|\bindex\b|find-links|trusted-host)\S*", lock) == []


def test_the_part_of_the_lock_for_a_student_is_closed_under_what_packages_require(lock: str) -> None:
    """The packages that setup_env picks by the lock's notes, against the metadata of what is installed."""
    picked = setup_env.needed(setup_env.read_lock(lock), setup_env.wanted_packages("lab", with_go=False))
    locked = {name for name, _, _ in setup_env.read_lock(lock)}
    lacking = {
        (name, needs) for name in sorted(picked & locked) for needs in _requirements_here(name) if needs not in picked
    }
    assert lacking == set()


def _requirements_here(name: str) -> set[str]:
    """Return what an installed package requires here, extras left out; nothing if it is not installed."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # for another system or Python version
        return set()
    requirements = map(Requirement, lines)
    return {canonicalize_name(r.name) for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})}


# --- tracked files ----------------------------------------------------------------------------------------

# A folder of one person or one machine, on any system.
_PERSONAL = re.compile(r"(?<![\w.:*$}/-])(?:/(?:home|Users|root|work)/[\w.-]|[A-Z]:\\+Users\\+\w)")
_INDEX_OPTION = re.compile(r"--(?:extra-)?index[-]url|--find[-]links|PIP_INDEX[_]URL|UV_INDEX[_]URL")


def tracked(root: Path) -> list[Path]:
    """Return the files under version control that are there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [root / name for name in listed if name and (root / name).is_file()]


def texts(root: Path) -> dict[str, str]:
    """Return path -> content of the tracked text files."""
    found = {}
    for path in tracked(root):
        content = path.read_bytes()
        if b"\0" not in content:
            found[path.relative_to(root).as_posix()] = content.decode("utf-8")
    return found


def test_no_tracked_file_names_a_folder_of_one_machine(root: Path) -> None:
    assert {name: hit.group() for name, text in texts(root).items() if (hit := _PERSONAL.search(text))} == {}


def test_no_tracked_file_names_a_package_index(root: Path) -> None:
    assert {name: hit.group() for name, text in texts(root).items() if (hit := _INDEX_OPTION.search(text))} == {}


@pytest.mark.parametrize("folder", ["/home", "/Users", "/root", "/work", "C:\\Users"])
def test_the_pattern_for_folders_of_one_machine_finds_them(folder: str) -> None:
    separator = "\\" if "\\" in folder else "/"
    assert _PERSONAL.search(f"opened '{folder}{separator}mei{separator}course'")


def test_a_wheel_holds_every_file_of_the_package(root: Path, tmp_path: Path) -> None:
    tree, wheels = tmp_path / "tree", tmp_path / "wheels"
    names = [path.relative_to(root) for path in tracked(root)]
    needed = [name for name in names if name.parts[0] == "gmp_lab" or len(name.parts) == 1]
    for name in needed:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tree / name)
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir")
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, wheels, tree], check=True)
    (wheel,) = wheels.iterdir()
    expected = {name.as_posix() for name in needed if len(name.parts) > 1}
    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_top_level_holds_the_course_and_configuration_only(root: Path) -> None:
    folders = {path.relative_to(root).parts[0] for path in tracked(root) if path.parent != root}
    assert folders <= {"notebooks", "gmp_lab", "exercises", "tests", ".ci", ".github"}


def test_no_module_hides_one_of_the_standard_library_from_the_set_up(root: Path) -> None:
    here = {path.stem for path in (root / "gmp_lab").iterdir() if path.stem.isidentifier() and path.stem[0] != "_"}
    assert here & set(sys.stdlib_module_names) == set()
