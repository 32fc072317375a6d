"""A whole campaign through the control API: import, agents, start, a change while it runs, the live stream, figures.

Start a node and give yourself a token, then run it:

    outpace serve examples/node.toml &
    export OUTPACE_TOKEN=$(outpace token create examples/node.toml example --role operator)
    python examples/client.py
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from outpace.client import Client, Interrupted, Snapshot, Update, VersionConflict
from outpace.domain.resources import BoardView, JobView

LIST = Path(__file__).with_name("leads.csv")
BEGAN = datetime.now(UTC)


def main(agents: int = 10, leads: int = 500) -> None:
    """Run a campaign from its making to its report."""
    with Client() as client:  # OUTPACE_URL and OUTPACE_TOKEN
        campaign_id = prepare(client, agents, leads)
        client.start_campaign(campaign_id)
        lower_the_cap(client, campaign_id)
        follow(client, campaign_id)
        figures(client, campaign_id)
        client.archive_campaign(campaign_id)


def prepare(client: Client, agents: int, leads: int) -> int:
    """A campaign with a list, a number that is not called, and people who talk; its id."""
    made = client.create_campaign(name=f"client {BEGAN:%d %H:%M:%S}", mode="predictive", wrap_up_max_s=2.0)
    campaign_id = made.campaign_id
    with LIST.open("rb") as file:
        rows = [next(file) for _ in range(leads + 1)]

    def show(job: JobView) -> None:
        print(f"{job.job_id}: {job.state}, {job.progress:.0%} {job.text}")

    job = client.import_list(campaign_id, rows, name=LIST.name, region="DE", validation="possible")
    print("imported:", job.wait(progress=show).result)
    first = next(client.iter_leads(campaign_id=campaign_id))
    client.suppress(number=first.number, campaign_id=campaign_id, reason="asked on the phone")
    for number in range(1, agents + 1):
        agent = client.create_agent(name=f"{made.name}, {number}", leg=f"SIM/{number}", campaigns=[campaign_id])
        client.log_in(agent.agent_id)
        client.set_ready(agent.agent_id)
    return campaign_id


def lower_the_cap(client: Client, campaign_id: int) -> None:
    """Change a setting while it dials; somebody who was quicker is not overwritten."""
    seen = client.get_campaign(campaign_id)
    try:
        changed = client.change_campaign(campaign_id, version=seen.version, abandonment={"cap": 0.02})
    except VersionConflict as conflict:
        print("somebody else has changed it; it is at version", conflict.version)
    else:
        print("cap:", changed.settings.abandonment.cap, "since version", changed.version)


def follow(client: Client, campaign_id: int) -> None:
    """Watch the board until the campaign is complete."""
    with client.stream(topics=["campaigns"]) as stream:
        for message in stream:
            match message:
                case Snapshot(updates=updates):
                    boards = [one.data for one in updates]
                case Update(data=data):
                    boards = [data]
                case Interrupted(reason=reason):
                    print("no live figures for a moment:", reason)
                    continue
                case _:
                    continue
            for board in boards:
                if isinstance(board, BoardView) and board.campaign_id == campaign_id:
                    print(f"{board.connected} connected, {board.abandoned} abandoned, {board.reason_text}")
                    if board.state == "completed":
                        return


def figures(client: Client, campaign_id: int) -> None:
    """What came of it."""
    report = client.get_report("outcome", since=BEGAN - timedelta(hours=1), until=BEGAN + timedelta(days=1))
    print("attempts:", {row["outcome"]: row["attempts"] for row in report.rows})
    longest = max(client.iter_attempts(campaign_id=campaign_id, page_size=500), key=lambda one: one.talk_s)
    print(f"longest talk: {longest.talk_s:.0f} s, call {longest.call_id}")
    with client.export_attempts(format="csv", campaign_id=campaign_id) as export:
        print("exported:", sum(len(piece) for piece in export), "bytes")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
