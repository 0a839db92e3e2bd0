"""The likely cause of a refusal by what stands in it, with the kind of failure that it is and what to do.

The first row that fits counts, so what is more particular stands above. The words are those of the servers in
docs/providers.md and of their like; the sentences are ours, and point at settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from aiplane.errors import LLMAuthError, LLMInvalidResponseError, LLMRequestRejectedError

if TYPE_CHECKING:
    from aiplane.errors import LLMError
    from aiplane.providers.llm.openai_refusal import Refusal


@dataclass(frozen=True, slots=True)
class SettingNames:
    """The environment variables that a sentence points at.

    Attributes:
        key: the key.
        url: the address, and what belongs to it.
        model: the model.
        form: what to do where the form of the answer is refused.
        version: the version of the API; empty where none is chosen.
        room: the limit of tokens, which takes its share of what a model can read; empty where none is sent.
    """

    key: str
    url: str
    model: str
    form: str
    version: str = ""
    room: str = ""


class Cause(NamedTuple):
    """Cause of a refusal.

    Attributes:
        kind: the failure that it is.
        advice: what it means and which setting to look at; ``{names.…}`` stands for one of the settings.
        words: what is looked for.
        sure: whether the words prove it whatever the status, that of a fault of the server's (5xx) too.
        setting: the one of :class:`SettingNames` that has to be there; empty for none.
        is_of_length: whether prompt or answer are too long, so that the same limit of tokens by another name
            cannot help.
    """

    kind: type[LLMError]
    advice: str
    words: re.Pattern[str]
    sure: bool = False
    setting: str = ""
    is_of_length: bool = False

    def fits(self, refusal: Refusal, names: SettingNames) -> bool:
        """Return whether it explains a refusal."""
        if (refusal.status >= 500 and not self.sure) or (self.setting and not getattr(names, self.setting)):
            return False
        return self.words.search(refusal.words) is not None


def _any_of(*lines: str) -> re.Pattern[str]:
    """Make a pattern of phrases, with ``|`` between them on each line.

    A blank within one may also be ``_``, ``-`` or nothing, and ``…`` is whatever stands between on the line.
    """
    phrases = (phrase for line in lines for phrase in line.split(" | "))
    escaped = (re.escape(phrase).replace(r"\ ", "[ _-]?").replace("…", r"[^\n]{0,80}?") for phrase in phrases)
    return re.compile("|".join(escaped))


_LIMITS = ("max tokens", "max completion tokens", "max output tokens", "max new tokens")
_TOO_HIGH = (
    "too large | too big | too high | less than | at most | maximum value | maximum allowed | "
    "maximum context | valid range | must be < | exceed | between"
)

BAD_ANSWER = Cause(
    LLMInvalidResponseError,
    "it says that what the model wrote is malformed, or not of the schema",
    _any_of(
        "json validate failed | output parse failed | tool use failed | malformed function call",
        "failed generation | failed to generate json | failed to generate valid",
        "failed to call a function | failed to parse…generated | failed to parse…output",
        "generated json | generated output…not | generated output…invalid | model output…invalid",
        "model output…malformed | model response…malformed | model response…invalid",
        "model…produced invalid | malformed model output | model…produced malformed",
        "model…generated invalid | model…generated malformed | model…returned invalid",
        "model…returned malformed | invalid model output | malformed output",
        "malformed json output | malformed completion | output…malformed | output does not match",
        "response does not match",
    ),
    sure=True,
)
"""A refusal that is about the model's answer and not about the request: the next answer may be better."""

NO_END = Cause(
    LLMInvalidResponseError,
    "the model came to no end within LLM_MAX_OUTPUT_TOKENS; raise it, or lower LLM_REASONING_EFFORT",
    _any_of("could not finish the message | output limit was reached | try again with higher max tokens"),
    sure=True,
    is_of_length=True,
)
"""A refusal by servers that pass on no answer without its end."""

NO_CREDIT = Cause(
    LLMRequestRejectedError,
    "the account has no credit left; add some at the provider, or check {names.key}",
    _any_of(
        "insufficient balance | insufficient account balance | insufficient credit",
        "insufficient funds | payment required | out of credit | balance is too low",
        "not enough credit | no credit | arrearage | billing hard limit",
    ),
    sure=True,
)

_CHAT = (
    Cause(
        LLMRequestRejectedError,
        "the answer may not be as long as LLM_MAX_OUTPUT_TOKENS allows; lower it, or choose another model "
        "with {names.model}",
        _any_of(
            *(f"{limit}…{high}" for limit in _LIMITS for high in _TOO_HIGH.split(" | ")),
            *(
                f"{high}…{limit}"
                for limit in _LIMITS
                for high in ("too large", "too high", "exceed", "range of")
            ),
            *("supports at most…completion tokens", "supports at most…output tokens"),
        ),
        sure=True,
        is_of_length=True,
    ),
    Cause(
        LLMRequestRejectedError,
        "the model takes no system message, which holds its instructions; choose another with {names.model}",
        _any_of(
            "system role not | system role is not | system role…supported | system role…disabled",
            "system message not | system message is not | system messages are not",
            "system prompt is not | system instruction is not | system instructions are not",
            "no system role | developer instruction | only user and assistant roles",
            "only user and model roles | roles must alternate | support system | support the system",
            "support a system | support 'system' | support \"system\" | support `system`",
            "role 'system' | role \"system\" | role `system` | role: system",
            "should be 'user' or 'assistant'",
        ),
        sure=True,
    ),
    Cause(
        LLMRequestRejectedError,
        "the model does not take LLM_REASONING_EFFORT as it is; unset it",
        _any_of(
            "reasoning effort | reasoning.effort | thinking budget | thinking level",
            "in thinking mode",
        ),
        sure=True,
    ),
    Cause(
        LLMRequestRejectedError,
        "the model does not take LLM_TEMPERATURE as it is; unset it",
        _any_of("temperature"),
    ),
)
"""What only a chat completion is refused for."""

_REQUEST = (
    Cause(
        LLMRequestRejectedError,
        "the prompt is longer than the model can read; choose another with {names.model}{names.room}",
        _any_of(
            "context length | context size | context window | context limit | exceed context",
            "string above max length | max model len | max sequence length | maximum sequence length",
            "maximum input length | maximum prompt length | exceeds the maximum number of",
            "input token count | prompt token count | prompt is too long | prompt too long",
            "input is too long",
            "input too long | inputs tokens | too many tokens | too many input tokens",
            "reduce the length | token limit | prompt contains | prompt has…tokens | tokens exceed",
            "request too large | prompt length…exceeds | range of input length | prompt exceeds",
            "length too long",
        ),
        sure=True,
        is_of_length=True,
    ),
    Cause(
        LLMRequestRejectedError,
        "the version of its API does not know what is asked for; set {names.version} to 2024-10-21 or later",
        _any_of("api version"),
        sure=True,
        setting="version",
    ),
    Cause(
        LLMRequestRejectedError,
        "it cannot give this form of answer; {names.form}",
        _any_of(
            "response format | response schema | response json schema | response mime type",
            "json schema | json object | json mode | additionalproperties | structured output | $defs",
            "$ref | guided json | guided decoding | guided grammar | xgrammar | grammar",
            "verbose json | invalid format",
        ),
        sure=True,
    ),
    Cause(
        LLMAuthError,
        "it does not accept the key; check {names.key}",
        _any_of(
            "no db connection | api key not valid | api key is not valid | invalid api key",
            "api key invalid | incorrect api key | missing api key | no api key | wrong api key",
            "api key not found | api key is missing | api key expired | api key is invalid",
            "api key required | unauthenticated | authentication error | authenticationerror",
            "authentication fail | no auth credentials | invalid or missing api key",
            "missing or invalid authorization | invalid authorization",
        ),
    ),
    Cause(
        LLMRequestRejectedError,
        "it does not take a limit of tokens, by either name; check {names.url} and {names.model}",
        _any_of(*_LIMITS),
    ),
    Cause(
        LLMRequestRejectedError,
        "its content filter refused the prompt",
        _any_of(
            "content filter | content policy | content management policy | responsibleai | flagged",
            "data inspection failed | safety system | content moderation | prohibited content",
        ),
    ),
    Cause(
        LLMRequestRejectedError,
        "it has no such deployment; check {names.model}",
        _any_of("deploymentnotfound", "deployment for this resource does not exist"),
    ),
    Cause(
        LLMRequestRejectedError,
        "it does not know the model, or the key may not use it; check {names.model}",
        _any_of(
            "model not found | modelnotfound | invalid model | unknown model | model not exist",
            "no such model | model…does not exist | model…not found | models…do not exist",
            "model…is not supported | model…decommissioned | not a valid model",
        ),
    ),
    Cause(
        LLMRequestRejectedError,
        "it cannot read the audio, which may be damaged or of another type than its mimeType says",
        _any_of(
            "param=file | audio file | invalid file format",
        ),
    ),
    Cause(
        LLMRequestRejectedError,
        "it does not take this model here; check {names.model}",
        _any_of("param=model"),
    ),
)
"""What any request may be refused for."""

CAUSES = (BAD_ANSWER, NO_END, NO_CREDIT, *_CHAT, *_REQUEST)


def likely_cause(refusal: Refusal, names: SettingNames) -> Cause | None:
    """Return the cause that a refusal's words point at; None where nothing is recognised."""
    return next((cause for cause in CAUSES if cause.fits(refusal, names)), None)
