"""What-if: a campaign as it runs and with other settings, on the same simulated days."""

from __future__ import annotations

import secrets

from outpace.api import roles
from outpace.api.answers import Answer
from outpace.api.audit import note
from outpace.api.bodies import WhatIfBody
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import SIMULATION, WHAT_IF
from outpace.api.tasks import WhatIfTask
from outpace.domain.orders import GetBoard, GetCampaign, ListAgents, ListAttempts, ListTrunkGroups
from outpace.domain.resources import JobView
from outpace.runtime.registry import patched

routes = Routes("simulations", "What would happen, before it is done: the same engine on simulated days.")

#: Attempts, and conversations among them, from which on the campaign's own figures are taken.
_ATTEMPTS, _TALKS = 200, 30
_LOOKED_AT = 1000
_GONE = "logged_out"


@routes.add(
    "POST",
    "/v1/simulations",
    roles.STEERING,
    status=202,
    problems=(404,),
    headers=("Location",),
    example=SIMULATION,
    body_example=WHAT_IF,
)
async def simulate(call: Call, body: WhatIfBody) -> Answer[JobView]:
    """What if a campaign had other settings.

    A job plays the campaign as it is and with the changes, on the same simulated days with the engine's own pacing;
    its result compares them, each figure with its 95 % interval.
    """
    view = await call.ask(GetCampaign(campaign_id=body.campaign_id))
    changed = patched(view.settings, body.changes)
    live, talk_s = await _measured(call, body.campaign_id)
    groups = tuple(group.settings for group in await call.ask(ListTrunkGroups()))
    task = WhatIfTask(
        settings=view.settings,
        changed=changed,
        trunk_groups=groups,
        agents=body.agents or await _agents(call, body.campaign_id),
        hours=body.hours,
        seeds=body.seeds,
        live=body.live or live,
        talk_s=body.talk_s or talk_s,
        wrap_up_s=body.wrap_up_s,
    )
    job_id = f"what-if-{secrets.token_hex(4)}"
    job = call.api.jobs.start(
        task,
        job_id=job_id,
        kind="simulation",
        text=f"what if: {view.name}",
        actor=call.actor,
    )
    await note(call.api.node, call.actor, "simulate", f"campaign/{body.campaign_id}", {"changes": body.changes})
    return Answer(job, location=f"/v1/jobs/{job.job_id}")


async def _agents(call: Call, campaign_id: int) -> int:
    # who is there; with nobody there, who could be
    board = await call.ask(GetBoard(campaign_id=campaign_id))
    there = sum(count for state, count in board.agents.items() if state != _GONE)
    agents = await call.ask(ListAgents(campaign_id=campaign_id))
    return there or max(1, len(agents))


async def _measured(call: Call, campaign_id: int) -> tuple[float | None, float | None]:
    # share of people and mean talk time of the last attempts, None where they are too few to tell
    page = await call.ask(ListAttempts(campaign_id=campaign_id, limit=_LOOKED_AT))
    talks = [attempt.talk_s for attempt in page.items if attempt.outcome == "connected" and attempt.talk_s > 0.0]
    people = sum(attempt.outcome in ("connected", "abandoned") for attempt in page.items)
    live = people / len(page.items) if len(page.items) >= _ATTEMPTS else 0.0
    return live if 0.0 < live < 1.0 else None, sum(talks) / len(talks) if len(talks) >= _TALKS else None
