"""The language model, asked for a word in the form that is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.cli.checks.finding import Finding
from aiplane.cli.checks.response_formats import what_is_wrong_with_the_model

if TYPE_CHECKING:
    from aiplane.providers import Providers
    from aiplane.settings import Settings


def model(settings: Settings, providers: Providers) -> Finding:  # noqa: ARG001 -- as all checks
    """Have the model of the hints answer, and say which form of answers works where its own does not."""
    if settings.llm_provider == "offline":
        return Finding("language model", "LLM_PROVIDER=offline: the coach that needs none", used=False)
    configured = f"LLM_PROVIDER={settings.llm_provider}, {settings.model('hint')}"
    return Finding("language model", configured, what_is_wrong_with_the_model(settings))
