"""Capabilities by role, and features by a room's mode, as two tables. A team can bring its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Role: TypeAlias = Literal["candidate", "interviewer", "observer"]
Mode: TypeAlias = Literal["ai", "peer"]
Capability: TypeAlias = Literal[
    "ai:message", "ai:request-hint", "ai:request-review", "code:view", "code:edit", "room:listen"
]
Feature: TypeAlias = Literal["message", "voice", "hint", "review", "difficulty", "speech"]
"""A thing that a mode can offer. ``difficulty`` adapts to the candidate, ``speech`` reads replies aloud."""

When: TypeAlias = Literal["active", "finished"]
"""The states of a room in which a feature is there."""


def _frozen(**rows: frozenset[Capability]) -> Mapping[str, frozenset[Capability]]:
    return MappingProxyType(rows)


@dataclass(frozen=True, slots=True)
class Rules:
    """The two tables.

    Attributes:
        roles: the capabilities of each role.
        modes: the features of each mode, and in which states of the room each is there.
    """

    roles: Mapping[str, frozenset[Capability]] = field(
        default_factory=lambda: _frozen(
            candidate=frozenset(
                {
                    "ai:message", "ai:request-hint", "ai:request-review", "code:view", "code:edit",
                    "room:listen",
                }
            ),
            interviewer=frozenset({"ai:request-review", "code:view", "room:listen"}),
            observer=frozenset({"code:view", "room:listen"}),
        )
    )  # fmt: skip
    modes: Mapping[str, Mapping[Feature, frozenset[When]]] = field(
        default_factory=lambda: MappingProxyType(
            {
                "ai": {
                    "message": frozenset({"active"}),
                    "voice": frozenset({"active"}),
                    "hint": frozenset({"active"}),
                    "review": frozenset({"active", "finished"}),
                    "difficulty": frozenset({"active"}),
                    "speech": frozenset({"active"}),
                },
                # Two people review each other while they talk; the model has its say afterwards.
                "peer": {"hint": frozenset({"active"}), "review": frozenset({"finished"})},
            }
        )
    )

    def allows(self, role: str, capability: Capability) -> bool:
        """Tell if a role may do something."""
        return capability in self.roles.get(role, frozenset())

    def whose_work(self, roles: Mapping[str, str], user_id: str) -> str | None:
        """Return whose work somebody asks about: the own, else that of the only one who writes code.

        Args:
            roles: each participant's role by the user's id.
            user_id: who asks.
        """
        writing = [user for user, role in roles.items() if self.allows(role, "code:edit")]
        if user_id in writing:
            return user_id
        return writing[0] if len(writing) == 1 else None

    def offers(self, mode: str, feature: Feature) -> bool:
        """Tell if a mode has a feature at all."""
        return feature in self.modes.get(mode, {})

    def offers_when(self, mode: str, feature: Feature, state: str) -> bool:
        """Tell if a mode has a feature in a room of this state."""
        return state in self.modes.get(mode, {}).get(feature, frozenset())
