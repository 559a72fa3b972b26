"""Imports go one way, and each part of the package imports only what it may."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import qqminigame

ROOT = Path(qqminigame.__file__).parent

# A part imports from its own layer or from those before it. CONTRIBUTING.md has the same table.
LAYERS = [
    {"version", "messages", "reactions", "exceptions", "limits", "models", "redaction"},
    {"platforms", "signing", "validation", "ranking", "codec", "settings", "retry", "client_data"},
    {"wire"},
    {"clock", "per_process", "fair_semaphore"},
    {"stores", "tokens", "login_store", "connections", "adapter", "transport"},
    {"calls", "session"},
    {"login", "cloud_storage", "interactive_data", "dawanka"},
    {"bulk"},
    {"cli", "__main__", "testing"},
    {"integrations"},
]
SERVICES = LAYERS[-4]
LAYER = {part: number for number, parts in enumerate(LAYERS) for part in parts}

RUNTIME = {"attrs"}
THIRD_PARTY = {
    "connections": {"requests", "urllib3"},
    "adapter": {"requests", "urllib3"},
    "transport": {"requests", "urllib3"},
    "stores": {"cachetools", "redis"},
    "client_data": {"cryptography"},
    "cli": {"click", "requests", "rich"},
    "integrations": {"asgiref", "celery", "click", "cryptography", "django", "flask", "pytest"},
    "sandbox": {"aiohttp", "pytest"},
}
# An integration is for the users of one framework, who have no other.
FRAMEWORKS = {"celery": {"celery"}, "django": {"asgiref", "django"}, "flask": {"flask"}}


def modules():
    """Return every module's name (without the package's) and its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        yield name, ast.parse(path.read_text(encoding="utf-8"))


MODULES = dict(modules())


def part_of(module):
    """Return the part of the package a module belongs to: itself, or its folder."""
    return module.partition(".")[0]


def imports(tree):
    """Yield the full name of every module a tree imports from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            for alias in node.names:
                # "from qqminigame import wire" imports the module, not a name in the package.
                full = f"{node.module}.{alias.name}"
                yield full if full.removeprefix("qqminigame.") in MODULES else node.module


def own_imports(tree):
    """Yield the modules of this package that a tree imports."""
    for name in imports(tree):
        if name == "qqminigame" or name.startswith("qqminigame."):
            yield name.removeprefix("qqminigame").removeprefix(".")


CLIENT = [name for name in MODULES if name and part_of(name) != "sandbox"]


def test_layers__name_every_part():
    """A new module has to find its layer."""
    assert {part_of(name) for name in CLIENT} == set(LAYER)


def test_layers__are_those_of_the_guide():
    """CONTRIBUTING.md shows the same layers, in the same order."""
    guide = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (_, *rows) = re.findall(r"^\| .*? \| (.*) \|$", guide.partition("\n## What tests")[0], re.M)
    assert [{*re.findall(r"`(\w+)/?`", row)} for row in rows] == LAYERS


@pytest.mark.parametrize("module", CLIENT)
def test_imports__go_one_way(module):
    """Nothing imports from a later layer, and only the edges start the sandbox."""
    part = part_of(module)
    for imported in own_imports(MODULES[module]):
        if part_of(imported) == "sandbox":
            assert part in LAYERS[-2] | LAYERS[-1]
        else:
            assert imported, f"{module} imports the package itself"
            assert LAYER[part_of(imported)] <= LAYER[part]


def test_imports__have_no_circle():
    """Not within a layer either."""
    graph = {name: set(own_imports(tree)) - {name} for name, tree in MODULES.items() if name}
    TopologicalSorter(graph).prepare()


def test_services__do_not_know_each_other():
    """Each service stands alone on the session."""
    for service in SERVICES:
        others = {part_of(name) for name in own_imports(MODULES[service])}
        assert not others & (SERVICES - {service})


def test_sandbox__shares_nothing_with_the_client():
    """Client and sandbox have no common line."""
    for name, tree in MODULES.items():
        if part_of(name) == "sandbox":
            assert {part_of(imported) for imported in own_imports(tree)} <= {"sandbox"}, name


@pytest.mark.parametrize("module", [name for name in MODULES if name])
def test_third_party__only_where_it_belongs(module):
    """Only the transport and its connections speak HTTP, only the edges use an extra."""
    roots = {name.partition(".")[0] for name in imports(MODULES[module])}
    foreign = roots - set(sys.stdlib_module_names) - {"qqminigame"}
    assert foreign <= RUNTIME | THIRD_PARTY.get(part_of(module), set())


@pytest.mark.parametrize("module", [name for name in MODULES if part_of(name) == "integrations"])
def test_integrations__use_their_own_framework(module):
    """Django's part needs no Flask and so on, and what they share needs no framework."""
    own = (*module.split("."), "")[1]
    others = set().union(*(names for part, names in FRAMEWORKS.items() if part != own))
    assert not others & {name.partition(".")[0] for name in imports(MODULES[module])}
    parts = {(*name.split("."), "")[1] for name in own_imports(MODULES[module])}
    assert not parts & (FRAMEWORKS.keys() - {own})


def test_imports__stand_at_the_top():
    """No function imports from its own package."""
    for name, tree in MODULES.items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                assert not list(own_imports(function)), f"{name}.{function.name}"


def loaded_by(statement):
    """Return the top names of all modules that a statement loads in a new process."""
    program = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-c", program]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_import__needs_no_extra():
    """All public names together import the three requirements and no extra."""
    loaded = loaded_by("from qqminigame import *")
    extras = {"aiohttp", "click", "rich", "redis", "django", "flask", "celery", "cryptography"}
    assert not extras & loaded
    assert {"requests", "attrs", "cachetools"} <= loaded


def test_platform_names__are_data():
    """No code outside the platforms' rows asks which platform it talks to."""
    for name, tree in MODULES.items():
        if part_of(name) in {"platforms", "sandbox", ""}:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
                assert not {"qq", "douyin", "wechat"} & set(texts), name
