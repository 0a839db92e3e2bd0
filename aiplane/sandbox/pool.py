"""Pool of helper programs that read hostile text with code that may hang, as no thread here should.

A program is asked on its standard input and answers on its standard output, mostly one line of JSON with
another. One that does not answer in time is killed with all that it started, and the next question gets a
new one. It inherits nothing of this process's environment but where modules are: no secret of ours belongs
into a process that reads what others wrote. And since what they wrote may have taken it over, its answers are
held to a shape.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class Answer(BaseModel):
    """Answer of a program; nothing of it is quoted where it is wrong."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


T = TypeVar("T")
A = TypeVar("A", bound=Answer)

IDLE = 2
"""How many programs stand by. Where they hang, more are started, and they end after it."""

ANOTHER_AFTER = 0.25
"""Seconds in which none of them has answered, and none was started, after which a question gets a program of
its own. An answer takes a hundredth of that, and starting a program takes as much of the CPU as a hundred
answers: in a burst, more of them would only be in each other's way."""

LIFETIME = 500
"""How many questions a program answers before it is replaced, so that nothing can pile up in it."""

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes. More than any program here has to say in one line."""


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    """Question to a program; the attributes are the arguments of :meth:`HelperPool.exchange`."""

    parts: Sequence[bytes]
    give_up: float
    read: Callable[[bytearray], T | None]
    longest: int

    @property
    def seconds_left(self) -> float:
        return self.give_up - time.monotonic()


class _Standby:
    """One running program."""

    def __init__(self, program: Path, *arguments: str) -> None:
        self.asked = 0
        self._unsaid: list[memoryview] = []
        self._process = subprocess.Popen(  # noqa: S603 -- our own program; what it reads is never run
            [sys.executable, "-P", str(program), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            process_group=0,
        )

    def ask(self, question: _Question[T]) -> T:
        """Return the answer to a question."""
        self.say(question)
        return self.hear(question)

    def say(self, question: _Question[Any]) -> None:
        """Write as much of a question as the program takes without being waited for."""
        self.asked += 1
        self._unsaid = [memoryview(part) for part in question.parts]
        _say(self._pipes()[0], self._unsaid)

    def hear(self, question: _Question[T]) -> T:
        """Write what is left of that question, and return the answer."""
        writer, reader = self._pipes()
        answer = bytearray()
        ready = select.poll()
        ready.register(reader, select.POLLIN)
        if self._unsaid:
            ready.register(writer, select.POLLOUT)
        while (whole := question.read(answer)) is None:
            if not (events := ready.poll(max(0.0, question.seconds_left) * 1000)):
                raise TimeoutError
            for pipe, _ in events:
                if pipe == reader:
                    answer += self._read(reader, question.longest - len(answer))
                elif _say(writer, self._unsaid):
                    ready.unregister(writer)
        return whole

    def close(self) -> None:
        """End the program and what it started, whatever they are doing."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        # The first process of a container inherits what a dead program had started, and nobody else reaps it.
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-self._process.pid, 0)

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


def _say(writer: int, unsaid: list[memoryview]) -> bool:
    """Write what the pipe takes at once, and keep the rest; return whether nothing is left."""
    try:
        while unsaid:
            unsaid[0] = unsaid[0][os.write(writer, unsaid[0][:65536]) :]
            if not unsaid[0]:
                del unsaid[0]
    except BlockingIOError:
        return False
    return True


class HelperPool:
    """Pool of helper programs of one kind. Any number of threads may ask at once."""

    def __init__(self, program: Path, *arguments: str) -> None:
        """Prepare; nothing is started before the first question, or :meth:`stand_by`.

        Args:
            program: a Python file that reads questions from its standard input and answers each on its
                standard output.
            arguments: what it is started with.
        """
        self._program, self._arguments = program, arguments
        self._idle: list[_Standby] = []
        self._running = 0
        self._stirred = 0.0
        self._changed = threading.Condition()
        atexit.register(self.close)

    def stand_by(self) -> None:
        """Start a program, so that the first question does not wait for its start.

        One that cannot be started now is started with that question, whose asker hears why it cannot.
        """
        with self._changed:
            self._running += 1
        with suppress(OSError):
            self._give_back(self._started())

    def ask(self, question: dict[str, Any], seconds: float, answer: type[A]) -> A:
        """Ask one of the programs, and wait for its answer: :meth:`asked`, with nothing to do meanwhile."""
        with self.asked(question, seconds, answer) as wait:
            return wait()

    @contextmanager
    def asked(self, question: dict[str, Any], seconds: float, answer: type[A]) -> Iterator[Callable[[], A]]:
        """Ask one of the programs, and do something else in the block before the answer is waited for.

        One that stands by begins at once. Where none does, nothing happens before the wait.

        Args:
            question: an object of JSON, as the answer is; each is one line.
            seconds: the longest wait, counted from now.
            answer: its shape.

        Yields:
            What waits for the answer, to be called once. It raises ``TimeoutError`` if there was none after
            ``seconds``, and ``OSError`` if the program could not be started, has ended, or answered what is
            no answer.
        """

        def read(said: bytearray) -> A | None:
            return answer.model_validate_json(said) if said.endswith(b"\n") else None

        line = json.dumps(question).encode() + b"\n"
        asking = _Question([line], time.monotonic() + seconds, read, LONGEST_LINE)
        told = self._told(asking)

        def wait() -> A:
            nonlocal told
            if told is not None:
                standby, told = told, None
                with suppress(BrokenPipeError):  # it has ended while it stood by
                    return self._heard(standby, standby.hear, asking)
            return self._answer(asking)

        try:
            yield wait
        finally:
            if told is not None:  # nobody waits for its answer any more
                self._close(told)

    def exchange(
        self, question: Sequence[bytes], seconds: float, read: Callable[[bytearray], T | None], longest: int
    ) -> T:
        """Ask one of the programs.

        Args:
            question: what is written to it, part by part; none of them empty.
            seconds: the longest wait.
            read: makes an answer of what has come; None while that is not all. ``ValueError`` if it is none.
            longest: the most bytes that an answer has.

        Raises:
            TimeoutError: there was no answer after ``seconds``.
            OSError: the program could not be started, has ended, or answered what is no answer.
        """
        return self._answer(_Question(question, time.monotonic() + seconds, read, longest))

    def _answer(self, question: _Question[T]) -> T:
        if question.seconds_left <= 0:  # and a program that does not answer in time is killed for it
            raise TimeoutError
        while (standby := self._idle_one(question.give_up)) is not None:
            with suppress(BrokenPipeError):  # it has ended while it stood by
                return self._heard(standby, standby.ask, question)
        standby = self._started()
        return self._heard(standby, standby.ask, question)

    def _idle_one(self, give_up: float) -> _Standby | None:
        """Take one that stands by, waiting for it while they answer others; None if one is to be started.

        Raises:
            TimeoutError: they have answered others until it was time to give up.
        """
        began = time.monotonic()
        with self._changed:
            while not self._idle and self._running >= IDLE:
                now = time.monotonic()
                if now >= give_up:
                    raise TimeoutError
                left = max(began, self._stirred) + ANOTHER_AFTER - now
                if left <= 0:
                    break
                self._changed.wait(min(left, give_up - now))
            if self._idle:
                return self._idle.pop()
            self._running += 1
            self._stirred = time.monotonic()
            return None

    def _started(self) -> _Standby:
        try:
            return _Standby(self._program, *self._arguments)
        except BaseException:
            self._ended()
            raise

    def _ended(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify()

    def _told(self, question: _Question[Any]) -> _Standby | None:
        """Put a question to one that stands by, and leave it to its work; None where none stands by."""
        if question.seconds_left <= 0:
            return None
        with self._changed:
            standby = self._idle.pop() if self._idle else None
        if standby is not None:
            try:
                standby.say(question)
            except OSError:  # it has ended while it stood by
                self._close(standby)
                return None
        return standby

    def _heard(self, standby: _Standby, hear: Callable[[_Question[T]], T], question: _Question[T]) -> T:
        """Return the answer of one, and have it stand by again; one that fails is ended."""
        try:
            answer = hear(question)
        except ValueError as error:
            self._close(standby)
            raise BrokenPipeError("the program answered what is no answer") from error
        except BaseException:
            self._close(standby)
            raise
        self._give_back(standby)
        return answer

    def close(self) -> None:
        """End the programs that stand by."""
        with self._changed:
            idle, self._idle = self._idle, []
        for standby in idle:
            self._close(standby)

    def _give_back(self, standby: _Standby) -> None:
        with self._changed:
            self._stirred = time.monotonic()
            if len(self._idle) < IDLE and standby.asked < LIFETIME:
                self._idle.append(standby)
                self._changed.notify()
                return
        self._close(standby)

    def _close(self, standby: _Standby) -> None:
        standby.close()
        self._ended()
