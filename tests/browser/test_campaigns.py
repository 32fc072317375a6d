"""Campaigns in the browser: a new one, its board, the dial with its what-if, two operators, stop, accessibility."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.served import TABLET, WHAT_IF_S, Consoles, Node, check_accessible, held, shoot

WORDS = {
    "en": {"cap": "Abandonment cap", "ask": "What if …", "apply": "Apply", "again": "Apply on top of that"},
    "zh": {"cap": "呼损率上限", "ask": "模拟效果…", "apply": "应用", "again": "在此基础上应用"},
}


async def ask_for_cap(page: Page, per_cent: str, language: str = "en") -> None:
    """Turn the cap and ask what that would do."""
    words = WORDS[language]
    await page.get_by_label(words["cap"]).fill(per_cent)
    async with held(page, "**/v1/simulations"):
        await page.get_by_role("button", name=words["ask"]).click()
        await expect(page.get_by_role("button", name=words["apply"], exact=True)).to_be_disabled()


async def answered(page: Page) -> None:
    """The what-if has been answered: every figure as it is, with the change, and the difference."""
    rows = page.get_by_role("dialog").locator("table").last.locator("tbody tr")
    await expect(rows).to_have_count(8, timeout=WHAT_IF_S * 1000)
    await expect(rows.first.locator(".estimate")).to_have_count(3)


async def test_a_campaign_is_created_and_checked_while_one_types(node: Node, consoles: Consoles) -> None:
    page = await consoles.open(node, "/campaigns/new")
    create = page.get_by_role("button", name="Create")
    await expect(create).to_be_disabled()
    await page.get_by_label("Name", exact=True).fill("autumn")
    await expect(create).to_be_enabled()
    await page.get_by_label("Abandonment cap").fill("300")
    await expect(page.locator(".error")).to_have_text("From 0 % to 100 %, not 300 %")
    await expect(create).to_be_disabled()
    await page.get_by_label("Abandonment cap").fill("2")
    await page.get_by_label("Ring time", exact=True).fill("soon")
    await expect(page.locator(".error")).to_have_text("A number is wanted")
    await page.get_by_label("Ring time", exact=True).fill("30")
    await page.get_by_label("Dial in certain hours only").check()
    await page.get_by_label("Time zone", exact=True).fill("Europe/Berlin")
    await page.get_by_label("busy").check()
    await page.get_by_label("Dispositions").fill("sale\nno interest\n")
    await check_accessible(page)
    await create.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("autumn")
    (made,) = [one for one in node.get("/v1/campaigns")["items"] if one["name"] == "autumn"]
    settings = made["settings"]
    assert settings["mode"] == "predictive"
    assert settings["abandonment"]["cap"] == 0.02
    assert settings["ring_timeout_s"] == 30.0
    assert settings["calling_hours"]["timezone"] == "Europe/Berlin"
    assert settings["retry"] == {"busy": {"wait_s": 3600.0, "max_attempts": 3}}
    assert settings["dispositions"] == ["sale", "no interest"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_board_says_how_it_goes(busy_node: Node, consoles: Consoles, language: str) -> None:
    page = await consoles.open(
        busy_node, "/campaigns/1", language=language, theme="dark" if language == "zh" else "light"
    )
    board = busy_node.get("/v1/campaigns/1/board")
    await expect(page.locator(".kpi").first.locator(".big")).to_have_text(re.compile(r"\d+\.\d%"))
    await expect(page.get_by_role("meter").nth(1)).to_have_attribute("aria-valuetext", re.compile("3.0%"))
    await expect(page.locator(".why li").first).to_be_visible()
    await expect(page.locator(".decisions li").first).to_contain_text({"en": "launched of", "zh": "实发起"}[language])
    agents = page.locator(".tally").first.locator("tbody tr td:nth-child(2)")
    await expect(agents.first).to_be_visible()
    assert sum(map(int, await agents.all_inner_texts())) == sum(board["agents"].values()) == 12
    connected = page.locator(".kpi").nth(4).locator(".big")
    before = await connected.inner_text()
    await expect(connected).not_to_have_text(before)  # it lives
    await page.locator(".u-over").wait_for()
    await check_accessible(page)
    await shoot(page, f"board-{language}")


async def test_on_a_tablet_nothing_runs_over_the_edge(busy_node: Node, consoles: Consoles) -> None:
    for route in ("/campaigns", "/campaigns/1", "/campaigns/1/settings", "/campaigns/new"):
        page = await consoles.open(busy_node, route, size=TABLET)
        await page.locator("main h1").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= TABLET[0], route


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tab", ["", "/1/settings", "/1/decisions", "/1/history"])
async def test_pages_are_accessible(busy_node: Node, consoles: Consoles, tab: str, theme: str) -> None:
    page = await consoles.open(busy_node, f"/campaigns{tab}", theme=theme)
    await page.locator("main .card, main .nothing").first.wait_for()
    await check_accessible(page)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_turn_of_the_dial_shows_what_it_would_do_before_it_is_made(
    busy_node: Node, consoles: Consoles, language: str
) -> None:
    before = busy_node.get("/v1/campaigns/1")
    cap = {"en": ("2", 0.02), "zh": ("4", 0.04)}[language]
    page = await consoles.open(busy_node, "/campaigns/1", language=language)
    await ask_for_cap(page, cap[0], language)
    await answered(page)
    await check_accessible(page)
    await shoot(page, f"what-if-{language}")
    assert busy_node.get("/v1/campaigns/1")["version"] == before["version"]
    await page.get_by_role("button", name=WORDS[language]["apply"], exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert busy_node.get("/v1/campaigns/1")["settings"]["abandonment"]["cap"] == cap[1]


async def test_a_simulation_that_the_node_forgot_is_not_waited_for(busy_node: Node, consoles: Consoles) -> None:
    page = await consoles.open(busy_node, "/campaigns/1")
    job = {"job_id": "what-if-dead", "kind": "what-if", "state": "queued", "progress": 0.0, "text": "", "error": ""}
    await page.route("**/v1/simulations", lambda route: route.fulfill(status=202, json=job))
    await page.get_by_label(WORDS["en"]["cap"]).fill("1")
    await page.get_by_role("button", name=WORDS["en"]["ask"]).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("alert")).to_contain_text("The node has forgotten the simulation")
    await expect(dialog.get_by_role("button", name="Apply", exact=True)).to_be_enabled()


async def test_who_comes_second_sees_what_the_other_has_changed(busy_node: Node, consoles: Consoles) -> None:
    page = await consoles.open(busy_node, "/campaigns/1")
    await ask_for_cap(page, "1")
    await answered(page)
    busy_node.patch("/v1/campaigns/1", {"reserve": 2})
    await page.get_by_role("button", name="Apply", exact=True).click()
    told = page.get_by_role("dialog").get_by_role("alert")
    await expect(told).to_contain_text("somebody else has changed")
    await expect(told).to_contain_text("Reserve")
    await expect(told).to_contain_text("2 agents")
    assert busy_node.get("/v1/campaigns/1")["settings"]["abandonment"]["cap"] != 0.01
    await answered(page)  # what it would do on top of that
    await page.get_by_role("button", name="Apply on top of that").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    settings = busy_node.get("/v1/campaigns/1")["settings"]
    assert (settings["abandonment"]["cap"], settings["reserve"]) == (0.01, 2)
    busy_node.patch("/v1/campaigns/1", {"reserve": 0, "abandonment": {"cap": 0.03}})


async def test_a_setting_that_pacing_does_not_need_is_changed_without_a_simulation(
    busy_node: Node, consoles: Consoles
) -> None:
    page = await consoles.open(busy_node, "/campaigns/1/settings")
    await page.get_by_label("Dispositions").fill("sale\nno interest\ncall back")
    await page.get_by_role("button", name="Review the change").click()
    await expect(page.get_by_role("dialog")).to_contain_text("sale, no interest, call back")
    await page.get_by_role("button", name="Apply", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert busy_node.get("/v1/campaigns/1")["settings"]["dispositions"] == ["sale", "no interest", "call back"]
    await page.get_by_role("tab", name="History").click()
    await expect(page.locator("caption").first).to_contain_text("by operator")


async def test_stopping_says_what_becomes_of_the_calls_first(node: Node, consoles: Consoles) -> None:
    made = node.post("/v1/campaigns", {"name": "to stop", "mode": "ratio", "ratio": 5.0})
    campaign = f"/v1/campaigns/{made['campaign_id']}"
    agent = node.post("/v1/agents", {"name": "eve", "leg": "SIM/eve", "campaigns": [made["campaign_id"]]})["agent_id"]
    node.imported(made["campaign_id"], 500)
    node.post(f"/v1/agents/{agent}/desk/log-in")
    node.until(f"/v1/agents/{agent}", lambda one: one["leg_state"] == "up")
    node.post(f"/v1/agents/{agent}/desk/ready")
    page = await consoles.open(node, "/campaigns")
    await page.get_by_role("button", name="Start: to stop").click()
    await expect(page.get_by_role("button", name="Pause: to stop")).to_be_visible()
    node.until(f"{campaign}/board", lambda board: board["calls"]["talking"] and board["calls"]["ringing"])
    await page.get_by_role("button", name="Stop now: to stop").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("1 call with a person: let end")
    await expect(dialog).to_contain_text("hung up at once")
    await check_accessible(page)
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    assert node.get(campaign)["state"] == "running"
    await page.get_by_role("button", name="Stop now: to stop").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop now").click()
    # the switch tells that they are hung up a moment after the state has changed
    node.until(f"{campaign}/board", lambda board: board["state"] != "running" and not board["calls"]["ringing"])
    subject = f"campaign/{made['campaign_id']}"
    acts = node.until(f"/v1/audit?subject={subject}", lambda found: found["items"][0]["action"] == "stop-campaign")[
        "items"
    ]
    assert acts[0]["detail"] == {"now": True}


async def test_a_monitor_sees_the_board_and_no_levers(busy_node: Node, consoles: Consoles) -> None:
    page = await consoles.open(busy_node, "/campaigns/1", role="monitor")
    await expect(page.locator(".kpi").first).to_be_visible()
    for name in ("Pause", "Drain", "Stop now", "What if …"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)


async def test_what_the_node_says_is_said_in_chinese(busy_node: Node, consoles: Consoles) -> None:
    page = await consoles.open(busy_node, "/campaigns", language="zh")
    body = {"name": "x", "mode": "agentless"}
    refused = [
        {**body, "mode": "ratio", "ratio": 1000},
        body,
        {"name": ""},
        {"name": "x", "dispositions": []},
        {"name": "x", "connect_clock": "verdict"},
        {"name": "x", "calling_hours": {"timezone": "Mars/Base"}},
        {"name": "x", "calling_hours": {"timezone": "UTC", "start": "20:00", "end": "09:00"}},
        {"name": "x", "calling_hours": {"timezone": "UTC", "start": "9"}},
        {"name": "x", "abandonment": {"since": "soon"}},
        {"name": "x", "ring_timeout_s": "soon"},
    ]
    found = await page.evaluate(
        """async (bodies) => {
            const { said } = await import("./lib/said.js");
            const { api } = await import("./lib/api.js");
            const told = [];
            for (const body of bodies) {
                const problem = await api.post("/v1/campaigns/validate", body).catch((error) => error);
                told.push([problem.errors[0].reason, said(problem.errors[0].reason)]);
            }
            return told;
        }""",
        refused,
    )
    assert not [pair for pair in found if not re.search("[\u4e00-\u9fff]", pair[1])]
