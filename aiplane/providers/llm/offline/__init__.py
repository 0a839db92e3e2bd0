"""The offline coach: hints, reviews and replies by rules, for a laptop without a key and for tests.

It knows what the metrics and the tests say and what a few patterns find in the code; it does not understand
the code, and it writes English whatever language was asked for. Production never falls back to it: it
answers only where ``LLM_PROVIDER`` is ``offline``, or where a development setup has no key.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiplane.coaching.cases import HintCase, InterviewCase, ReviewCase
from aiplane.providers.llm import Completion
from aiplane.providers.llm.offline.hints import write_hint
from aiplane.providers.llm.offline.interviews import write_reply
from aiplane.providers.llm.offline.reviews import write_review

if TYPE_CHECKING:
    from aiplane.coaching.answers import Answer
    from aiplane.providers.llm import Prompt

log = logging.getLogger(__name__)

MODEL = "offline-coach"


class OfflineCoach:
    """An answerer that calls nobody and costs nothing. The same case always gets the same answer."""

    provider = "offline"

    def __init__(self) -> None:
        log.info("the offline coach answers by rules; no language model is asked")

    def complete(self, prompt: Prompt) -> Completion:
        """Answer the prompt from its case: see :meth:`aiplane.providers.llm.LLM.complete`."""
        text = _answer(prompt.case).model_dump_json(by_alias=True)
        return Completion(text=text, model=MODEL, input_tokens=0, output_tokens=0)


def _answer(case: object) -> Answer:
    match case:
        case HintCase():
            return write_hint(case)
        case ReviewCase():
            return write_review(case)
        case InterviewCase():
            return write_reply(case)
        case _:
            raise TypeError(f"the offline coach has no rules for a {type(case).__name__}")
