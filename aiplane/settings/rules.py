"""Rules between settings: which one needs which other, and which may not be the same.

Each rule is a generator of :class:`Fault`; :func:`broken_rules` runs them all, so that one start of a
process tells everything that is wrong with its environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiplane.queues import KINDS, dead_letters_of, results_of
from aiplane.settings.redis_url import FILE_OPTIONS, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from aiplane.settings import Settings

Rule: TypeAlias = "Callable[[Any], Iterator[Fault]]"
"""Yields what some settings owe each other, and break."""

_STORAGE = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the environment.

    Attributes:
        variables: the variables that it is about.
        sentence: what is wrong and what to do, without any value.
    """

    variables: tuple[str, ...]
    sentence: str


def broken_rules(settings: Settings, wrong: Collection[str], rules: Collection[Rule]) -> Iterator[Fault]:
    """Yield every rule that the settings break.

    Args:
        settings: the settings, with the default in the place of each value that could not be read.
        wrong: the variables that could not be read. Nothing is said of them twice.
        rules: which rules.
    """
    for rule in rules:
        for fault in rule(settings):
            if not set(fault.variables) & set(wrong):
                yield fault


def _needs(settings: Settings) -> Iterator[Fault]:
    """Gather what is missing, one fault for each variable with all who need it."""
    needed: dict[tuple[str, ...], list[str]] = {}
    for need in (_language_model, _speech, _storage):
        for variables, needed_by in need(settings):
            needed.setdefault(variables, []).append(needed_by)
    for variables, users in needed.items():
        if not any(_is_set(settings, variable) for variable in variables):
            verb = "needs" if len(users) == 1 else "need"
            missing = " or ".join(variables)
            yield Fault(variables, f"{missing} is missing: {' and '.join(users)} {verb} it")
    if settings.app_env == "production" and not _has_chosen_a_provider(settings):
        yield Fault(
            ("LLM_PROVIDER", "OPENAI_API_KEY"),
            "OPENAI_API_KEY is missing: in production set it, or choose another provider with LLM_PROVIDER",
        )


def _has_chosen_a_provider(settings: Settings) -> bool:
    return settings.openai_api_key is not None or _was_given(settings, "LLM_PROVIDER")


def _language_model(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    user = f"LLM_PROVIDER={settings.llm_provider}"
    if settings.llm_provider == "openai":
        yield _openai(settings), user
    if settings.llm_provider == "azure":
        yield ("AZURE_OPENAI_ENDPOINT",), user
        yield ("AZURE_OPENAI_API_KEY",), user


def _speech(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    for variable, provider in (
        ("TTS_PROVIDER", settings.tts_provider),
        ("STT_PROVIDER", settings.stt_provider),
    ):
        user = f"{variable}={provider}"
        if provider == "openai":
            yield _openai(settings), user
        if provider == "azure":
            yield ("AZURE_SPEECH_KEY",), user
            yield ("AZURE_SPEECH_REGION", "AZURE_SPEECH_ENDPOINT"), user


def _openai(settings: Settings) -> tuple[str, ...]:
    """A server of one's own that speaks the API often asks for no key; production asks for one always."""
    if settings.app_env == "production":
        return ("OPENAI_API_KEY",)
    return ("OPENAI_API_KEY", "OPENAI_BASE_URL")


def _storage(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Speech that is synthesised has to be put somewhere; audio to transcribe may come from there."""
    for variable in _STORAGE:
        if settings.tts_provider != "none":
            yield (variable,), f"TTS_PROVIDER={settings.tts_provider}"
        elif settings.stt_provider != "none":
            given = next((other for other in _STORAGE if _was_given(settings, other)), None)
            if given:
                yield (variable,), given


def queues_are_distinct(settings: Settings) -> Iterator[Fault]:
    """No two queues may share a name, the result queues and dead-letter queues included."""
    owners: dict[str, str] = {}
    for kind in KINDS:
        variable = f"{kind.upper()}_QUEUE"
        queue = settings.queue_name(kind)
        for name in (queue, results_of(queue), dead_letters_of(queue)):
            owner = owners.setdefault(name, variable)
            if owner != variable:
                yield Fault(
                    (owner, variable),
                    f"{owner} and {variable} must differ, and neither may be the other's .results or .dlq",
                )
                break


def _credentials_exist(settings: Settings) -> Iterator[Fault]:
    path = settings.google_application_credentials
    if path and "google" in (settings.tts_provider, settings.stt_provider) and not Path(path).is_file():
        variable = "GOOGLE_APPLICATION_CREDENTIALS"
        yield Fault((variable,), f"{variable} must be the path of a file that exists")


def _certificates_exist(settings: Settings) -> Iterator[Fault]:
    for variable in ("REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"):
        options = options_of(getattr(settings, variable.lower()))
        missing = [name for name in FILE_OPTIONS if name in options and not Path(options[name]).is_file()]
        # What was not given is the value of another variable, and told there.
        if missing and _was_given(settings, variable):
            yield Fault((variable,), f"{variable}: {missing[0]} must be the path of a file that exists")


def _is_set(settings: Settings, variable: str) -> bool:
    return getattr(settings, variable.lower()) is not None


def _was_given(settings: Settings, variable: str) -> bool:
    return variable.lower() in settings.model_fields_set


RULES: Final[tuple[Rule, ...]] = (_needs, queues_are_distinct, _credentials_exist, _certificates_exist)
"""What a bridge and a pool need."""
