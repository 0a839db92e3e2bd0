"""Programs that stand by: asked again and again, killed when they hang, replaced when they die."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.sandbox import pool as standby
from aiplane.sandbox.pool import Answer
from tests.support.standing_by import standing_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.sandbox.pool import HelperPool

PROGRAM = """
import json, os, sys, time
for line in sys.stdin:
    question = json.loads(line)
    if "hang" in question: time.sleep(60)
    if "slow" in question: time.sleep(0.1)
    if "touch" in question: open(question["touch"], "x").close()
    if "die" in question: os._exit(1)
    if "babble" in question: print("[" * 100, flush=True); continue
    if "lie" in question: print(json.dumps({"pid": "none of your business"}), flush=True); continue
    if "flood" in question: sys.stdout.write("x" * 20_000_000); continue
    print(json.dumps({"pid": os.getpid(), "size": len(line), "env": sorted(os.environ)}), flush=True)
"""


class Told(Answer):
    """What the program tells of itself."""

    pid: int
    size: int
    env: list[str]


def ask(pool: HelperPool, question: dict[str, Any], seconds: float) -> Told:
    return pool.ask(question, seconds, Told)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[HelperPool]:
    with standing_by(tmp_path, PROGRAM) as made:
        yield made


def test_one_program_answers_many_questions(pool: HelperPool) -> None:
    assert len({ask(pool, {}, 10).pid for _ in range(5)}) == 1


def test_one_that_is_to_stand_by_starts_before_it_is_asked(tmp_path: Path) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    tell = f"import os, pathlib; pathlib.Path({str(started)!r}).write_text(str(os.getpid()))\n"
    with standing_by(tmp_path, tell + PROGRAM) as pool:
        pool.stand_by()

        pid = int(started.read_text())
        assert ask(pool, {}, 10).pid == pid


def test_one_that_cannot_start_is_told_to_who_asks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing_by(tmp_path, PROGRAM) as pool:
        with monkeypatch.context() as nowhere:
            nowhere.setattr(sys, "executable", str(tmp_path / "no-python"))
            pool.stand_by()
            with pytest.raises(FileNotFoundError):
                ask(pool, {}, 10)
        assert ask(pool, {}, 10).size


def test_questions_larger_than_a_pipe_go_through(pool: HelperPool) -> None:
    assert ask(pool, {"text": "x" * 1_000_000}, 10).size > 1_000_000


def test_a_program_that_hangs_is_killed_and_replaced(pool: HelperPool) -> None:
    first = ask(pool, {}, 10).pid
    with pytest.raises(TimeoutError):
        ask(pool, {"hang": 1}, 0.2)
    assert not Path(f"/proc/{first}").exists()
    assert ask(pool, {}, 10).pid != first


def test_without_time_nobody_is_asked_and_nobody_killed(pool: HelperPool) -> None:
    first = ask(pool, {}, 10).pid
    with pytest.raises(TimeoutError):
        ask(pool, {}, 0)
    assert ask(pool, {}, 10).pid == first


@pytest.mark.parametrize("fault", ["die", "babble", "flood", "lie"])
def test_a_program_that_fails_costs_one_answer(pool: HelperPool, fault: str) -> None:
    with pytest.raises(OSError, match="program"):
        ask(pool, {fault: 1}, 10)
    assert ask(pool, {}, 10).pid


def test_a_program_that_died_while_it_stood_by_costs_nothing(pool: HelperPool) -> None:
    ask(pool, {}, 10)
    pool._idle[0]._process.kill()
    pool._idle[0]._process.wait()
    assert ask(pool, {}, 10).pid


def test_a_program_is_replaced_after_its_lifetime(pool: HelperPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby, "LIFETIME", 2)
    assert len({ask(pool, {}, 10).pid for _ in range(4)}) == 2


def test_our_environment_stays_here(pool: HelperPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    assert set(ask(pool, {}, 10).env) <= {"PYTHONPATH", "LC_CTYPE"}


def test_a_program_that_stands_by_works_while_its_asker_does_something_else(
    pool: HelperPool, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    first = ask(pool, {}, 10).pid

    with pool.asked({"touch": str(done)}, 30, Told) as answer:
        give_up = time.monotonic() + 20
        while not done.exists():
            assert time.monotonic() < give_up, "nothing was done before the answer was waited for"
            time.sleep(0.001)
        assert answer().pid == first


def test_a_question_is_put_while_another_one_is_under_way(pool: HelperPool) -> None:
    with pool.asked({}, 30, Told) as slower, pool.asked({"text": "x" * 1_000_000}, 30, Told) as larger:
        assert larger().size > 1_000_000
        assert slower().size < 1_000


def test_a_question_whose_answer_nobody_waits_for_ends_its_program(pool: HelperPool) -> None:
    first = ask(pool, {}, 10).pid

    with pytest.raises(KeyError), pool.asked({"hang": 1}, 30, Told):
        raise KeyError

    assert not Path(f"/proc/{first}").exists()
    assert pool._running == 0
    assert ask(pool, {}, 10).pid != first


def test_an_answer_that_was_waited_for_in_vain_is_not_waited_for_again(pool: HelperPool) -> None:
    ask(pool, {}, 10)

    with pool.asked({"hang": 1}, 0.2, Told) as answer, pytest.raises(TimeoutError):
        answer()

    assert pool._running == 0


def test_without_time_nobody_is_told_and_nobody_killed(pool: HelperPool) -> None:
    first = ask(pool, {}, 10).pid

    with pool.asked({}, 0, Told) as answer, pytest.raises(TimeoutError):
        answer()

    assert ask(pool, {}, 10).pid == first


@pytest.mark.parametrize("when", ["before it is told", "before it is heard"])
def test_a_program_that_dies_under_a_question_costs_nothing(pool: HelperPool, when: str) -> None:
    ask(pool, {}, 10)
    process = pool._idle[0]._process
    if when == "before it is told":
        process.kill()
        process.wait()

    with pool.asked({"slow": 1}, 30, Told) as answer:
        process.kill()
        assert answer().pid != process.pid

    assert pool._running == 1


def test_many_threads_ask_at_once_and_few_programs_stay(pool: HelperPool) -> None:
    pids: list[int] = []
    threads = [threading.Thread(target=lambda: pids.append(ask(pool, {}, 30).pid)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 8
    assert len(pool._idle) <= standby.IDLE


def test_a_burst_waits_for_those_that_stand_by(pool: HelperPool) -> None:
    pids: list[int] = []
    first = ask(pool, {}, 10).pid
    threads = [threading.Thread(target=lambda: pids.append(ask(pool, {}, 30).pid)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first in pids
    assert len(pids) == 50
    assert len(set(pids)) < 25


def test_a_burst_waits_for_as_long_as_others_are_answered(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "ANOTHER_AFTER", 1.0)
    pids: list[int] = []
    threads = [
        threading.Thread(target=lambda: pids.append(ask(pool, {"slow": 1}, 30).pid)) for _ in range(40)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert time.monotonic() - began > 1.5  # and so the last ones waited for longer than they have patience
    assert len(pids) == 40
    assert len(set(pids)) == standby.IDLE


def test_whoever_waits_has_the_place_of_a_program_that_ends(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "ANOTHER_AFTER", 60.0)
    hung = all_hang(pool)

    assert ask(pool, {}, 30).pid

    for thread in hung:
        thread.join()


def test_a_question_does_not_wait_for_longer_than_it_has_time(pool: HelperPool) -> None:
    busy = [threading.Thread(target=ask, args=(pool, {"slow": 1}, 30)) for _ in range(20)]
    for thread in busy:
        thread.start()
    while pool._running < standby.IDLE:
        time.sleep(0.001)

    with pytest.raises(TimeoutError):
        ask(pool, {}, 0.05)

    for thread in busy:
        thread.join()
    assert pool._running == standby.IDLE


def test_those_that_hang_hold_up_nobody(pool: HelperPool) -> None:
    hung = all_hang(pool)
    assert ask(pool, {}, 30).pid
    assert all(thread.is_alive() for thread in hung)
    for thread in hung:
        thread.join()
    assert pool._running == len(pool._idle) == 1


def all_hang(pool: HelperPool) -> list[threading.Thread]:
    """Have as many programs hang as stand by; return the threads that have asked them."""
    hung = [threading.Thread(target=hang, args=(pool,)) for _ in range(standby.IDLE)]
    for thread in hung:
        thread.start()
    while pool._running < standby.IDLE:
        time.sleep(0.001)
    return hung


def hang(pool: HelperPool) -> None:
    with pytest.raises(TimeoutError):
        ask(pool, {"hang": 1}, 2)


def test_a_machine_that_starts_no_more_processes_is_an_error_of_the_system(
    pool: HelperPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby.sys, "executable", "/nowhere/python")
    started = time.monotonic()
    with pytest.raises(FileNotFoundError):
        ask(pool, {}, 10)
    assert time.monotonic() - started < 5


FORKING = """
import os, sys, time
for line in sys.stdin:
    if os.fork() == 0:
        time.sleep(60)
    print("no answer", flush=True)
"""

FIRST_PROCESS = """
import ctypes, os, sys
from pathlib import Path
from aiplane.sandbox.pool import Answer, HelperPool

BECOME_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1, 0, 0, 0) == 0
pool = HelperPool(Path(sys.argv[1]))
for _ in range(5):
    try:
        pool.ask({}, 20, Answer)
    except BrokenPipeError:
        print(Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text())
"""


def test_the_first_process_of_a_container_reaps_what_a_program_has_started(tmp_path: Path) -> None:
    program = tmp_path / "forking.py"
    program.write_text(FORKING)
    command = [sys.executable, "-c", FIRST_PROCESS, str(program)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == []
    assert said.stdout.count("\n") == 5
