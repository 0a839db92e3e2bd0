"""Lua scripts: each parses, says what it takes, and uses no name that it has not; and all Lua is in them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from luaparser import ast as lua
from luaparser import astnodes

from aiplane.redis.lua import load_script
from tests.support.processes import REPOSITORY

PACKAGES = ("aiplane", "bridges", "tasks", "control_plane")
SCRIPTS = sorted(file for package in PACKAGES for file in (REPOSITORY / package).rglob("lua/*.lua"))
REDIS_HAS = {
    *("KEYS", "ARGV", "redis", "cjson", "cmsgpack"),
    *("string", "math", "ipairs", "pairs", "tonumber", "type", "pcall", "unpack"),
}


def names_in(tree: lua.Node) -> tuple[Counter[str], set[str]]:
    """Return how often each name stands in a script, and which names are its own."""
    used: Counter[str] = Counter()
    own: set[str] = set()
    fields = {id(node.idx) for node in lua.walk(tree) if isinstance(node, astnodes.Index) and is_field(node)}
    fields |= {id(node.func) for node in lua.walk(tree) if isinstance(node, astnodes.Invoke)}
    fields |= {id(node.key) for node in lua.walk(tree) if isinstance(node, astnodes.Field)}
    for node in lua.walk(tree):
        match node:
            case astnodes.Name() if id(node) not in fields:
                used[node.id] += 1
            case astnodes.LocalAssign(targets=targets) | astnodes.Forin(targets=targets):
                own |= {target.id for target in targets}
            case astnodes.Fornum(target=target):
                own.add(target.id)
            case astnodes.LocalFunction(name=name, args=args):
                own |= {name.id, *(arg.id for arg in args)}
            case astnodes.AnonymousFunction(args=args):
                own |= {arg.id for arg in args}
    return used, own


def is_field(node: astnodes.Index) -> bool:
    return node.notation is astnodes.IndexNotation.DOT


def given_in(text: str) -> set[str]:
    """Return the names that a script says it finds, and those of the functions that it includes."""
    found = {
        name for names in re.findall(r"^-- @given (.+)$", text, re.MULTILINE) for name in names.split(", ")
    }
    for path in re.findall(r"^-- @include (.+)$", text, re.MULTILINE):
        found.add(Path(path).stem.replace("now", "now_ms"))
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_a_script_parses_and_knows_each_of_its_names(script: Path) -> None:
    text = script.read_text()
    used, own = names_in(lua.parse(text))
    assert set(used) - own <= REDIS_HAS | given_in(text)
    functions = {
        node.name.id for node in lua.walk(lua.parse(text)) if isinstance(node, astnodes.LocalFunction)
    }
    assert {name for name in own - functions - {"_", "KEYS", "ARGV"} if used[name] < 2} == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_a_script_says_which_keys_and_arguments_it_takes(script: Path) -> None:
    text = script.read_text()
    head = text[: re.search(r"^(?!--)", text, re.MULTILINE).start()]
    assert head
    body = text.removeprefix(head)
    for what in ("KEYS", "ARGV"):
        if not re.search(rf"\b{what}\b", body) or "@given scripts" in head:
            continue
        said = re.search(rf"^-- (?:KEYS, )?{what}: ((?:.+\n)(?:--  +.+\n)*)", head, re.MULTILINE)
        assert said, f"its head does not say which {what} it takes"
        for number in re.findall(rf"\b{what}\[(\d+)\]", body):
            assert re.search(rf"\b{number} ", said[1]), f"{what}[{number}]"


def test_what_a_script_includes_comes_before_it_and_comments_are_not_sent() -> None:
    text = load_script("aiplane.ledger", "claim", given="local given = 1\n")
    assert text.startswith("local given = 1\nlocal function now_ms()")
    assert text.index("local function server_since") < text.index("'claim'")
    assert "--" not in text


def test_there_is_no_lua_in_a_python_string() -> None:
    for package in PACKAGES:
        for file in (REPOSITORY / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    assert not re.search(r"redis\.p?call\(|\bKEYS\[\d|\bARGV\[\d", node.value), file
