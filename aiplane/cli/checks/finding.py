"""Findings: the results of the checks, one a dependency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiplane.context import deadline
from aiplane.errors import JobError
from aiplane.providers.speech import SpeechFailedError
from aiplane.providers.storage.errors import StorageError
from aiplane.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.providers import Providers
    from aiplane.settings import Settings

TIMEOUT_SECONDS = 30.0
"""How long each dependency is waited for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """State of one dependency, its configuration, and its fault; there is none if that is empty.

    Attributes:
        name: what it is.
        configured: the settings that choose it; no secret.
        wrong: what is wrong, and what to do.
        used: whether it is used at all.
        note: something that is as it may be, and worth knowing.
    """

    name: str
    configured: str
    wrong: str = ""
    used: bool = True
    note: str = ""

    @property
    def verdict(self) -> str:
        """The state in a word."""
        if self.wrong:
            return "wrong"
        return "works" if self.used else "not used"


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        name: what it looks at.
        look: looks at it, with the settings and what they choose.
    """

    name: str
    look: Callable[[Settings, Providers], Finding]

    def findings(self, settings: Settings, providers: Providers) -> Finding:
        """Look, and make a finding of whatever is raised."""
        try:
            return self.look(settings, providers)
        except SettingsError as error:
            return Finding(self.name, "", "; ".join(error.faults))
        except Exception as error:  # noqa: BLE001 -- the other rows are worth as much
            # Not its text, which is not ours and may hold a secret.
            return Finding(self.name, "", f"could not be tried: {type(error).__name__}. Please report this.")


def complaint(work: Callable[[], object]) -> str:
    """Run a trial and return the sentence of what it raises; empty if it raises nothing."""
    try:
        with deadline.within(TIMEOUT_SECONDS):
            work()
    except (JobError, SpeechFailedError, StorageError) as error:
        return error.sentence
    return ""
