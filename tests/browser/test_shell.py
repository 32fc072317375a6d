"""Signing in, the menu by role, language and theme, and a stream that comes back."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.served import WAIT_S, Consoles, Node, check_accessible


async def test_a_token_signs_in_and_a_wrong_one_is_told(node: Node, consoles: Consoles) -> None:
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/")
    await check_accessible(page)
    for wrong in ("outpace_wrong", "outpace_…"):  # no header can carry the second
        await page.get_by_label("Token").fill(wrong)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("No valid token")
        assert not await page.evaluate("sessionStorage.length")
        await page.reload()
    await page.get_by_label("Token").fill(node.token())
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Campaigns")
    await expect(page.locator(".stream")).to_have_text("live")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Token")).to_be_visible()


async def test_a_token_in_the_address_signs_in_and_leaves_the_address(node: Node, consoles: Consoles) -> None:
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/#/sign-in?token={node.token()}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Campaigns")
    assert "outpace_" not in page.url
    await page.goto(f"{node.url}/console/#/sign-in?token={node.token('monitor')}")  # the tab is open already
    await expect(page.locator(".who")).to_contain_text("monitor")
    assert "outpace_" not in page.url


async def test_an_agent_is_led_to_the_desk_and_hears_nothing_else(node: Node, consoles: Consoles) -> None:
    campaign_id = node.post("/v1/campaigns", {"name": "desk", "mode": "progressive"})["campaign_id"]
    agent = node.post("/v1/agents", {"name": "Eve", "leg": "SIM/eve", "campaigns": [campaign_id]})["agent_id"]
    page = await consoles.blank()
    asked: list[str] = []
    page.on("websocket", lambda socket: asked.append(socket.url))
    await page.goto(f"{node.url}/console/#/sign-in?token={node.token('agent', agent)}")
    await expect(page.locator(".stream")).to_have_text("live")
    await page.locator(".brand").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Desk")
    await page.goto(f"{node.url}/console/#/campaigns")
    await expect(page.get_by_role("alert")).to_contain_text("Your role does not allow this")
    await page.goto(f"{node.url}/console/#/desk")
    await expect(page.locator(".agent-state")).to_be_visible()
    await expect(page.locator(".stream")).to_have_text("live")
    assert {url.partition("topics=")[2].partition("&")[0] for url in asked} == {"agents"}


async def test_arrow_keys_stay_on_the_tabs(node: Node, consoles: Consoles) -> None:
    page = await consoles.open(node, "/lists")
    await page.get_by_role("tab", selected=True).focus()
    for name in ("Leads", "Suppression"):
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("tab", selected=True)).to_have_text(name)
        await expect(page.get_by_role("tab", selected=True)).to_be_focused()


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        ("operator", ["Campaigns", "Lists", "Agents", "Reports", "Trunks", "Alarms", "Administration"]),
        ("monitor", ["Campaigns", "Reports", "Trunks", "Alarms"]),
    ],
)
async def test_the_menu_shows_what_the_role_may_see(
    node: Node, consoles: Consoles, role: str, pages: list[str]
) -> None:
    page = await consoles.open(node, role=role)
    assert await page.locator("nav li").all_inner_texts() == pages


async def test_language_and_theme_are_kept(node: Node, consoles: Consoles) -> None:
    page = await consoles.open(node, "/campaigns")
    await page.get_by_label("Language").select_option("zh")
    await expect(page.get_by_role("heading", level=1)).to_have_text("活动")
    await page.get_by_role("button", name="浅色").click()
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("活动")
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"


async def test_the_stream_comes_back_after_a_break(node: Node, consoles: Consoles) -> None:
    page = await consoles.blank()
    broken: list[WebSocketRoute] = []
    mended = asyncio.Event()
    mended.set()

    async def pass_on(route: WebSocketRoute) -> None:
        broken.append(route)
        await mended.wait()
        route.connect_to_server()

    await page.route_web_socket("**/v1/stream**", pass_on)
    await page.goto(f"{node.url}/console/#/sign-in?token={node.token()}")
    await expect(page.locator(".stream")).to_have_text("live")
    mended.clear()  # else the stream may be back before anybody has looked
    await broken[-1].close(code=1012)
    await expect(page.locator(".stream")).to_have_text("reconnecting …")
    mended.set()
    await expect(page.locator(".stream")).to_have_text("live")
    assert len(broken) > 1


async def test_a_token_that_ends_while_the_link_is_down_ends_the_session(node: Node, consoles: Consoles) -> None:
    made = node.post("/v1/tokens", {"name": "guest", "role": "monitor"})
    page = await consoles.blank()
    streams: list[WebSocketRoute] = []

    async def pass_on(route: WebSocketRoute) -> None:
        streams.append(route)
        if len(streams) == 2:
            node.send("DELETE", f"/v1/tokens/{made['view']['token_id']}")
        route.connect_to_server()

    await page.route_web_socket("**/v1/stream**", pass_on)
    await page.goto(f"{node.url}/console/#/sign-in?token={made['token']}")
    await expect(page.locator(".stream")).to_have_text("live")
    await streams[0].close(code=1012)
    await expect(page.get_by_role("alert")).to_contain_text("does not hold")


async def test_a_token_that_is_revoked_ends_the_session(node: Node, consoles: Consoles) -> None:
    made = node.post("/v1/tokens", {"name": "guest", "role": "monitor"})
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/#/sign-in?token={made['token']}")
    await expect(page.locator(".stream")).to_have_text("live")
    node.send("DELETE", f"/v1/tokens/{made['view']['token_id']}")
    await expect(page.get_by_role("alert")).to_contain_text("does not hold")


@pytest.mark.parametrize("speed", [1, 4])
async def test_the_clock_finds_its_pace_though_times_are_told_late(node: Node, consoles: Consoles, speed: int) -> None:
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/")
    found = await page.evaluate(
        """async (speed) => {
            let wall = 0;
            performance.now = () => wall;
            const { engineNow, observe } = await import("./lib/clock.js?alone");
            const late = [900, 0, 0, 0];  // ms; the first answer of a page is slow
            for (const ms of late) {
                observe(new Date((wall - ms) * speed).toISOString());
                wall += 3100;
            }
            const before = engineNow();
            wall += 60_000;
            return (engineNow() - before) / 60_000;
        }""",
        speed,
    )
    assert found == pytest.approx(speed, rel=0.1)


async def test_engine_time_is_learned_on_every_page(busy_node: Node, consoles: Consoles) -> None:
    page = await consoles.open(busy_node, "/alarms")
    await expect(page.locator(".stream")).to_have_text("live")
    script = "import('./lib/clock.js').then((clock) => clock.engineNow() / 1000)"
    ends = time.monotonic() + WAIT_S
    while True:  # the browser's own clock falls behind by nine seconds every second
        told = datetime.fromisoformat(busy_node.get("/v1/campaigns/1/board")["at"]).timestamp()
        if abs(await page.evaluate(script) - told) < 10:
            break
        assert time.monotonic() < ends
        await asyncio.sleep(0.1)
