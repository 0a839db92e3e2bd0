"""Lua scripts, each a file, with what it includes before it.

A script stands in ``lua/`` of the package that calls it. Its head says what it does, and which keys and
arguments it takes; lines of it that begin with ``-- @include`` name the files whose functions it calls.
Comments are not sent to Redis.
"""

from __future__ import annotations

import re
from importlib.resources import files

_INCLUDE = re.compile(r"-- @include (?:(?P<folder>[\w/]+)/lua/)?(?P<name>\w+)\.lua")
_COMMENT = re.compile(r"^--(?! @(?:body|functions)$).*\n", re.MULTILINE)


def load_script(package: str, name: str, *, given: str = "") -> str:
    """Return the text of a script.

    Args:
        package: the package in whose ``lua/`` it stands.
        name: the name of its file, without ``.lua``.
        given: Lua that comes before it, where that is made and no file.
    """
    text = files(package).joinpath("lua", f"{name}.lua").read_text("utf-8")
    included = (
        load_script((found["folder"] or package).replace("/", "."), found["name"])
        for found in map(_INCLUDE.fullmatch, text.splitlines())
        if found
    )
    return given + "".join(included) + _COMMENT.sub("", text)
