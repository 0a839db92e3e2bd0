"""This project's pool with a model that answers at once: all of the task but for the call over HTTP.

celery -A bench.workers.instant_model worker -Q hint -n hint@%h
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.signals import worker_init

from aiplane.celery import app
from aiplane.providers.llm import Completion
from bench.work import answers

if TYPE_CHECKING:
    from aiplane.providers.llm import Prompt

__all__ = ["app"]


class InstantModel:
    """Model that answers every prompt at once."""

    provider = "instant"

    def __init__(self) -> None:
        self._answers = answers()

    def complete(self, prompt: Prompt) -> Completion:
        """Answer the prompt."""
        return Completion(self._answers[prompt.answer.__name__], "instant", 120, 45)


@worker_init.connect
def _replace_the_model(**_: Any) -> None:
    app.providers.llm = InstantModel()
