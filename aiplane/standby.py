"""Programs that stand by to do what no thread here should: read hostile text with code that may hang.

A program is asked with one line of JSON and answers with one. One that does not answer in time is killed, and
the next question gets a new one. It inherits nothing of this process's environment but where modules are: no
secret of ours belongs into a process that reads what others wrote.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

IDLE = 2
"""How many programs stand by. Where they hang, more are started, and they end after it."""

PATIENCE = 0.25
"""Seconds that a question waits for one of them before it gets a program of its own. An answer takes a
hundredth of that, and starting a program takes as much of the CPU as a hundred answers."""

LIFETIME = 500
"""How many questions a program answers before it is replaced, so that nothing can pile up in it."""

LONGEST_ANSWER = 8 * 1024 * 1024
"""Bytes. More than any program here has to say."""


class _Standby:
    """One running program."""

    def __init__(self, program: Path) -> None:
        self.asked = 0
        self._process = subprocess.Popen(  # noqa: S603 -- our own program; what it reads is never run
            [sys.executable, "-P", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Return the answer, a line.

        Raises:
            TimeoutError: it did not come in time.
            OSError: the program has ended, or says more than it should.
        """
        self.asked += 1
        give_up = time.monotonic() + seconds
        writer, reader = self._pipes()
        answer = bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(writer, selectors.EVENT_WRITE)
            ready.register(reader, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                if not (events := ready.select(max(0.0, give_up - time.monotonic()))):
                    raise TimeoutError
                for key, _ in events:
                    if key.fd == writer:
                        question = question[os.write(writer, question[:65536]) :]
                        if not question:
                            ready.unregister(writer)
                    else:
                        answer += self._read(reader, LONGEST_ANSWER - len(answer))
        return bytes(answer)

    def close(self) -> None:
        """End the program, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def _pipes(self) -> tuple[int, int]:
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise BrokenPipeError("the program has no pipes")
        writer, reader = process.stdin.fileno(), process.stdout.fileno()
        # A write must not wait for a program that does not read.
        os.set_blocking(writer, False)
        return writer, reader

    @staticmethod
    def _read(reader: int, most: int) -> bytes:
        part = os.read(reader, min(65536, max(most, 1))) if most > 0 else b""
        if not part:
            raise BrokenPipeError("the program has ended, or says too much")
        return part


class StandbyPool:
    """Programs of one kind. Any number of threads may ask at once."""

    def __init__(self, program: Path) -> None:
        """Prepare; nothing is started before the first question.

        Args:
            program: a Python file that reads questions from its standard input and answers each on its
                standard output.
        """
        self._program = program
        self._idle: list[_Standby] = []
        self._running = 0
        self._changed = threading.Condition()
        atexit.register(self.close)

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Ask one of the programs.

        Raises:
            TimeoutError: there was no answer after ``seconds``.
            OSError: the program could not be started, has ended, or answered what is no answer.
        """
        line = json.dumps(question).encode() + b"\n"
        give_up = time.monotonic() + seconds
        while (standby := self._idle_one(seconds)) is not None:
            try:
                return self._asked(standby, line, give_up - time.monotonic())
            except TimeoutError:
                raise
            except OSError:
                continue  # it has ended while it stood by
        return self._asked(self._started(), line, give_up - time.monotonic())

    def _idle_one(self, seconds: float) -> _Standby | None:
        """Take one that stands by, waiting for it a moment; None if one is to be started."""
        with self._changed:
            if not self._idle and self._running >= IDLE:
                self._changed.wait_for(lambda: self._idle, min(PATIENCE, seconds))
            if self._idle:
                return self._idle.pop()
            self._running += 1
            return None

    def _started(self) -> _Standby:
        try:
            return _Standby(self._program)
        except BaseException:
            self._ended()
            raise

    def _ended(self) -> None:
        with self._changed:
            self._running -= 1

    def _asked(self, standby: _Standby, line: bytes, seconds: float) -> dict[str, Any]:
        try:
            answer = json.loads(standby.ask(line, seconds))
        except ValueError as error:
            self._close(standby)
            raise BrokenPipeError("the program answered what is no answer") from error
        except BaseException:
            self._close(standby)
            raise
        self._give_back(standby)
        return cast("dict[str, Any]", answer)

    def close(self) -> None:
        """End the programs that stand by."""
        with self._changed:
            idle, self._idle = self._idle, []
        for standby in idle:
            self._close(standby)

    def _give_back(self, standby: _Standby) -> None:
        with self._changed:
            if len(self._idle) < IDLE and standby.asked < LIFETIME:
                self._idle.append(standby)
                self._changed.notify()
                return
        self._close(standby)

    def _close(self, standby: _Standby) -> None:
        standby.close()
        self._ended()
