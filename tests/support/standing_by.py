"""Programs that stand by, made of a test's own text."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiplane.sandbox.pool import HelperPool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def standing_by(folder: Path, text: str) -> Iterator[HelperPool]:
    """Write a program into a folder, and have it asked within the block."""
    program = folder / "program.py"
    program.write_text(text)
    pool = HelperPool(program)
    yield pool
    pool.close()
