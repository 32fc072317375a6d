"""The same answer by FastAPI: `run_fastapi.py PEERS ANSWER.json TOKEN`; prints its address as one line of JSON.

As one writes it there: a bearer token that is looked up, pydantic models, an ETag. uvicorn, httptools and uvloop as
ours.
"""

from __future__ import annotations

import json
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

sys.path.insert(0, sys.argv[1])

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel


class Abandonment(BaseModel):
    cap: float
    window: str
    hours: float
    days: int
    since: str
    timezone: str
    counts_caller_left: bool
    guard: str
    confidence: float


class Settings(BaseModel):
    id: int
    name: str
    mode: str
    ratio: float
    ratio_counts: str
    reserve: int
    trunk_groups: list[int]
    ring_timeout_s: float
    connect_limit_s: float
    connect_clock: str
    amd: bool
    amd_timeout_s: float
    machine_action: str
    message: str
    message_max_s: float
    wrap_up_max_s: float
    hopper_size: int
    dispositions: list[str]
    answers: dict[str, Any]
    script: str
    retry: dict[str, Any]
    calling_hours: dict[str, Any] | None
    abandonment: Abandonment
    cancels: bool
    min_ring_s: float
    inbound: dict[str, Any] | None


class CampaignView(BaseModel):
    campaign_id: int
    name: str
    settings: Settings
    version: int
    state: str
    reason: str
    reason_text: str
    created_at: datetime
    changed_at: datetime
    changed_by: str


CAMPAIGNS = {1: CampaignView.model_validate_json(Path(sys.argv[2]).read_bytes())}
TOKENS = {sys.argv[3]: "operator"}
app = FastAPI()
bearer = HTTPBearer()


async def role(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    try:
        return TOKENS[credentials.credentials]
    except KeyError:
        raise HTTPException(401) from None


@app.get("/v1/campaigns/{campaign_id}")
async def get_campaign(campaign_id: int, response: Response, _: Annotated[str, Depends(role)]) -> CampaignView:
    if campaign_id not in CAMPAIGNS:
        raise HTTPException(404)
    campaign = CAMPAIGNS[campaign_id]
    response.headers["ETag"] = f'"{campaign.version}"'
    return campaign


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}"}), flush=True)
    config = uvicorn.Config(app, http="httptools", loop="uvloop", log_level="error", access_log=False)
    uvicorn.Server(config).run([listening])
