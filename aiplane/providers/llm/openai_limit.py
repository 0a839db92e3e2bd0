"""The name of the limit of tokens that a server knows, found out by asking.

It has two names on the wire. OpenAI's newer models refuse ``max_tokens``; many other servers ignore
``max_completion_tokens`` in silence and would write without end. So it depends on the host which is tried
first, and who refuses the one by name is sent the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiplane.providers.llm.openai_causes import likely_cause

if TYPE_CHECKING:
    from aiplane.providers.llm.openai_causes import SettingNames
    from aiplane.providers.llm.openai_refusal import Refusal

OLD_LIMIT: Final = "max_tokens"
NEW_LIMIT: Final = "max_completion_tokens"
_OTHER = {OLD_LIMIT: NEW_LIMIT, NEW_LIMIT: OLD_LIMIT}


class LimitNames:
    """The name for each model, for behind one gateway there may be many; shared by any number of threads.

    Args:
        first: the name that is tried first.
        names: the settings by which causes are told apart.
    """

    def __init__(self, first: str, names: SettingNames) -> None:
        self._first = first
        self._settings = names
        self._known: dict[str, str] = {}
        self._takes_neither: set[str] = set()

    def of(self, model: str) -> str:
        """Return the name that the model is sent."""
        return self._known.get(model, self._first)

    def other(self, model: str, name: str, refusal: Refusal) -> str | None:
        """Return the other name, if a refusal of ``name`` may be one of the name; else None."""
        if refusal.status == 429 or model in self._takes_neither:
            return None
        cause = likely_cause(refusal, self._settings)
        if cause is None:
            return _OTHER[name] if refusal.names(name) or refusal.withholds_its_reason else None
        return _OTHER[name] if refusal.names(name) and not cause.is_of_length else None

    def worked(self, model: str, name: str) -> None:
        """Keep a name that was taken."""
        self._known[model] = name
        self._takes_neither.discard(model)

    def neither_worked(self, model: str) -> None:
        """Ask this model once from now on, for it refuses both names, or means something else by them."""
        self._takes_neither.add(model)
