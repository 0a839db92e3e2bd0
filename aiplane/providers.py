"""The outside services that the settings choose, each made when it is first needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from aiplane.llm import create_llm
from aiplane.speech import create_speech_to_text

if TYPE_CHECKING:
    from aiplane.llm import LLM
    from aiplane.settings import Settings
    from aiplane.speech import SpeechToText


class Providers:
    """What tasks ask for words, and for text of what was said.

    One process holds one of these and shares it between its threads.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def llm(self) -> LLM:
        """The language model."""
        return create_llm(self._settings)

    @cached_property
    def speech_to_text(self) -> SpeechToText | None:
        """The transcription service; None where ``STT_PROVIDER`` is ``none``."""
        return create_speech_to_text(self._settings)
