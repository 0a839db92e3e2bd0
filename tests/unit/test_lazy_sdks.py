"""Who uses no provider of speech and no bucket loads none of their SDKs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.processes import REPOSITORY

SDKS = ("openai", "google", "grpc", "minio", "urllib3", "httpx2", "av")

BUCKET = (
    "S3_ENDPOINT='http://127.0.0.1:1', S3_ACCESS_KEY='a', S3_SECRET_KEY='b', S3_BUCKET='audio', TTS_PROVIDER="
)


def loaded(env: str, made: str) -> set[str]:
    """Return the SDKs that a process has loaded once it has made something for some settings."""
    program = (
        "import sys, tasks.interview, tasks.transcribe; from aiplane.settings import Settings; "
        "from aiplane.providers import Providers; "
        f"Providers(Settings.load(dict({env}))).{made}; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split()) & set(SDKS)


@pytest.mark.parametrize(
    ("env", "made", "sdks"),
    [
        ("", "text_to_speech", set()),
        ("", "speech_to_text", set()),
        ("", "storage", set()),
        (f"{BUCKET}'none'", "storage", {"minio", "urllib3"}),
        (f"{BUCKET}'azure', AZURE_SPEECH_KEY='k', AZURE_SPEECH_REGION='x'", "text_to_speech", {"httpx2"}),
        (f"{BUCKET}'openai', OPENAI_API_KEY='k'", "text_to_speech", {"httpx2", "openai"}),
        ("OPENAI_API_KEY='k'", "prepare('transcribe')", set()),
    ],
)
def test_only_what_is_chosen_is_loaded(env: str, made: str, sdks: set[str]) -> None:
    assert loaded(env, made) == sdks


@pytest.mark.parametrize("kind", ["hint", "review", "interview"])
def test_what_a_first_job_needs_is_loaded_before_it(kind: str) -> None:
    assert loaded("OPENAI_API_KEY='k'", f"prepare('{kind}')") == {"httpx2", "openai"}


def test_google_s_sdk_is_loaded_for_google_alone() -> None:
    sdks = loaded(f"{BUCKET}'google'", "text_to_speech")

    assert {"google", "grpc"} <= sdks
    assert not sdks & {"openai", "minio", "av"}
