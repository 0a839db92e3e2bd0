"""Cases written as TOML that a person can read: long texts over several lines, as they stand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = re.compile(r'\\|"{3,}|"\Z|[\x00-\x08\x0b-\x1f\x7f]|[\ud800-\udfff]')


def toml_text(data: Mapping[str, Any]) -> str:
    """Write an object as TOML; what is ``None`` is left out, for TOML has no word for it."""
    return "\n".join(_table(data, ())) + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    present = {key: value for key, value in table.items() if value is not None}
    inner = {key: value for key, value in present.items() if isinstance(value, dict)}
    yield from (f"{_key(key)} = {_value(value)}" for key, value in present.items() if key not in inner)
    for key, value in inner.items():
        yield ""
        yield f"[{'.'.join(map(_key, (*path, key)))}]"
        yield from _table(value, (*path, key))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key)


def _value(value: Any) -> str:
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case str():
            return _text(value)
        case dict():
            return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items() if v is not None)} }}"
        case _:
            lines = "".join(f"    {_value(item)},\n" for item in value if item is not None)
            return f"[\n{lines}]" if lines else "[]"


def _text(text: str) -> str:
    if "\n" not in text:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f'"""\n{_ESCAPED.sub(_escape, text)}"""'


def _escape(match: re.Match[str]) -> str:
    return "".join(f"\\{each}" if each in '\\"' else f"\\u{ord(each):04x}" for each in match[0])
