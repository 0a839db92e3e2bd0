"""Thread that writes progress to jobs, beside the work and never in its way."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from redis import RedisError

from aiplane.redis.refusals import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.bull import Note, NoteWriter

log = logging.getLogger(__name__)

LINGER = 0.1
"""Seconds that a note waits for more to come along, or for its job to end."""

MOST_WAITING = 2_000
"""Notes that are kept while Redis does not answer; what comes on top of them is dropped."""

PAUSE = 1.0
"""Seconds until the next try after one that failed."""

STOP_SECONDS = 2.0
"""How long a process that ends waits for its last notes to be written."""


class ProgressWriter(threading.Thread):
    """Best-effort writer of notes, soon and in their order.

    A note is written once or not at all: what Redis did not confirm is not sent again. Of several progress
    values of one job that wait together only the last is written, every line of its log is.
    """

    def __init__(self, writer: NoteWriter) -> None:
        super().__init__(name="notes", daemon=True)
        self.dropped = 0
        self._writer = writer
        self._guard = threading.Lock()
        self._waiting: list[Note] = []
        self._some = threading.Event()
        self._writing: set[tuple[str, str]] = set()
        self._ending = threading.Event()
        self._away = False

    def put(self, *notes: Note) -> None:
        """Have notes written; it returns at once."""
        with self._guard:
            room = MOST_WAITING - len(self._waiting)
            self._waiting += notes[:room]
            self.dropped += max(0, len(notes) - room)
        if not self._some.is_set():
            self._some.set()

    def last(self, queue: str, job_id: str, *notes: Note) -> Sequence[Note]:
        """Return what a job says at its end, with what still waits of it, to be written with its outcome.

        Where other notes of the job are being written at this moment, nothing is returned: these could come
        before those, so they are written here.
        """
        with self._guard:
            if (job := (queue, job_id)) not in self._writing:
                its_own = [note for note in self._waiting if (note.queue, note.job_id) == job]
                self._waiting = [note for note in self._waiting if (note.queue, note.job_id) != job]
                return _worth_writing([*its_own, *notes])
        self.put(*notes)
        return ()

    def run(self) -> None:
        """Wait for notes, write them, repeat; at the end write what is left."""
        while not self._ending.is_set():
            self._some.wait()
            self._ending.wait(LINGER)
            self._some.clear()
            if not self._write():
                self._ending.wait(PAUSE)
        self._write()

    def stop(self) -> None:
        """End the thread, and wait a moment for what it has still to write."""
        self._ending.set()
        self._some.set()
        self.join(STOP_SECONDS)

    def _write(self) -> bool:
        with self._guard:
            notes, self._waiting = self._waiting, []
            self._writing = {(note.queue, note.job_id) for note in notes}
        if not notes:
            return True
        try:
            self.dropped += self._writer.write(_worth_writing(notes))
        except (RedisError, OSError, ValueError) as error:
            self.dropped += len(notes)
            if not self._away:
                log.warning("progress updates paused: %s", told(error))
            self._away = True
            return False
        finally:
            with self._guard:
                self._writing = set()
        if self._away:
            log.info("progress updates resumed; %d notes were dropped so far", self.dropped)
        self._away = False
        return True


def _worth_writing(notes: Sequence[Note]) -> list[Note]:
    latest = {(note.queue, note.job_id): note for note in notes if note.is_progress}
    return [note for note in notes if not note.is_progress or latest[note.queue, note.job_id] is note]
