"""The ``LLM_RESPONSE_FORMAT`` that a model server can do, found out by asking it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from pydantic import BaseModel

from aiplane.context import deadline
from aiplane.errors import (
    JobError,
    LLMInvalidResponseError,
    LLMRequestRejectedError,
    LLMUnavailableError,
)
from aiplane.providers import Providers
from aiplane.providers.llm import Message, Prompt
from aiplane.providers.llm.parsing import read_answer
from aiplane.settings.values import RESPONSE_FORMATS

if TYPE_CHECKING:
    from aiplane.settings import Settings

TIMEOUT_SECONDS = 30.0
"""How long each format is waited for."""

_ABOUT_THE_REQUEST = (LLMRequestRejectedError, LLMInvalidResponseError, LLMUnavailableError)
"""What another format may mend. A wrong key, say, is wrong in any."""


class _Word(BaseModel):
    word: str


_QUESTION = (
    Message("system", 'Answer with the JSON object {"word": "yes"}.'),
    Message("user", "Are you there?"),
)


def what_is_wrong_with_the_model(settings: Settings) -> str:
    """Ask the model for a word as tasks ask for their answers; say what is wrong, or nothing.

    Where the configured format does not work, the others are tried, the strictest first, and the one that
    works is named.
    """
    try:
        _ask(settings)
    except _ABOUT_THE_REQUEST as error:
        return f"{error.sentence} {_what_works(settings)}".strip()
    except JobError as error:
        return error.sentence
    return ""


def _what_works(settings: Settings) -> str:
    for form in RESPONSE_FORMATS:
        if form == settings.llm_response_format:
            continue
        try:
            _ask(settings.model_copy(update={"llm_response_format": form}))
        except JobError:
            continue
        return f"LLM_RESPONSE_FORMAT={form} works here; set that."
    return ""


def _ask(settings: Settings) -> None:
    """Ask once, and read the answer: a server may take a format and take no notice of it."""
    with closing(Providers(settings)) as providers, deadline.within(TIMEOUT_SECONDS):
        completion = providers.llm.complete(Prompt("hint", _QUESTION, _Word, case=None))
        read_answer(completion.text, _Word)
