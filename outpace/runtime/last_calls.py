"""The last call of each agent, for the desk: it is shown until the next one, also when the engine has ended it."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from outpace.domain.commands import AgentStateChanged, AnyCommand
from outpace.domain.resources import CallView
from outpace.domain.states import AgentState
from outpace.engine.engine import Engine
from outpace.runtime import views

#: Calls of all agents that are remembered for their dispositions.
REMEMBERED_MAX = 20_000

_IN_HAND = (AgentState.RESERVED, AgentState.PREVIEWING, AgentState.CONNECTING, AgentState.TALKING, AgentState.HOLD)


class LastCall(msgspec.Struct, kw_only=True):
    """A call that an agent has or had, and what the agent said of it."""

    call: CallView
    number: int
    disposition: str = ""


class LastCalls:
    """Follows the agents' calls; `watch` is a watcher for the pump."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._of: dict[int, LastCall] = {}
        self._by_id: OrderedDict[int, CallView] = OrderedDict()

    def watch(self, command: AnyCommand) -> None:
        """Remember a call when an agent gets it, forget it when the agent has left it behind."""
        if type(command) is not AgentStateChanged:
            return
        if command.state in _IN_HAND and command.call_id:
            known = self._of.get(command.agent_id)
            if known is None or known.call.call_id != str(command.call_id):
                row = views.call_row(self._engine, command.call_id)
                if row >= 0:
                    (view,) = views.call_views(views.take_calls(self._engine, [row]))
                    self._of[command.agent_id] = LastCall(call=view, number=int(view.number[1:]))
                    self._by_id[command.call_id] = view
                    if len(self._by_id) > REMEMBERED_MAX:
                        self._by_id.popitem(last=False)
        elif command.state is not AgentState.WRAP_UP:
            self._of.pop(command.agent_id, None)

    def call(self, call_id: int) -> CallView | None:
        """A call that some agent had lately, as it was then."""
        return self._by_id.get(call_id)

    def of(self, agent_id: int) -> LastCall | None:
        """The call in hand or in wrap-up, as it is now; None when there is none."""
        known = self._of.get(agent_id)
        if known is None:
            return None
        row = views.call_row(self._engine, int(known.call.call_id))
        if row >= 0:
            (known.call,) = views.call_views(views.take_calls(self._engine, [row]))
        elif known.call.state != "ended":
            known.call = msgspec.structs.replace(known.call, state="ended")
        return known
