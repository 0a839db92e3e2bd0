"""A check of ``aiplane doctor`` that fails in a way that nobody foresaw is a row, and tells no secret."""

from __future__ import annotations

from typing import NoReturn

import pytest

from aiplane.cli.checks import CHECKS, Check
from aiplane.providers import Providers
from aiplane.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("hunter2"), "could not be tried: RuntimeError"),
        (FileNotFoundError(2, "hunter2"), "could not be tried: FileNotFoundError"),
        (ImportError("hunter2"), "could not be tried: ImportError"),
        (SettingsError(("SSL_CERT_FILE names no file",)), "SSL_CERT_FILE names no file"),
    ],
)
def test_what_is_not_foreseen_is_a_row(error: Exception, words: str) -> None:
    def look(*_: object) -> NoReturn:
        raise error

    settings = Settings.load({})
    finding = Check("storage", look).findings(settings, Providers(settings))
    assert (finding.name, finding.verdict) == ("storage", "wrong")
    assert words in finding.wrong
    assert "hunter2" not in finding.wrong


def test_each_check_has_a_row_of_its_own() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
