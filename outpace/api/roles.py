"""Which roles may use which routes, and who sees a person's number in full."""

from __future__ import annotations

from outpace.domain.access import Actor, Role

ANYBODY = frozenset(Role)
OPERATORS = frozenset({Role.OPERATOR})
#: Steer campaigns, act for agents.
STEERING = frozenset({Role.OPERATOR, Role.SUPERVISOR})
#: Read figures that name nobody.
FIGURES = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.INTEGRATOR, Role.MONITOR})
#: Lists, leads, suppression, attempts.
DATA = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.INTEGRATOR})
#: The same and the agent whose own it is.
DATA_OR_OWN = DATA | {Role.AGENT}
#: Files that hold numbers in full.
NUMBERS = frozenset({Role.OPERATOR, Role.INTEGRATOR})
#: Webhooks.
PLATFORM = frozenset({Role.OPERATOR, Role.INTEGRATOR})
#: The floor, and the agent at their own desk.
FLOOR = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.AGENT})
#: The node's metrics and health in detail.
WATCHING = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.MONITOR})


def sees_numbers(actor: Actor) -> bool:
    """Whether numbers are shown in full; others see them masked and may ask for one, which is audited."""
    return actor.role in NUMBERS
