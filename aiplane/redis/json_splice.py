"""JSON text put together from JSON text that is not read: a result, or a recording of tens of megabytes.

So it stays as it was written, too: what one reader makes of it is not always what another would write.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def spliced(fields: Mapping[str, str], rest: str = "{}") -> str:
    """Return the JSON text of an object: these fields, and then those of another object.

    Args:
        fields: the JSON text of each value, one field or more.
        rest: the JSON text of the other object.
    """
    head = ",".join(f"{json.dumps(name)}:{text}" for name, text in fields.items())
    tail = rest.lstrip()[1:].lstrip()
    return f"{{{head}{'' if tail.startswith('}') else ','}{tail}"
