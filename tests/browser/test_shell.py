"""Signing in, the menu by role, language and theme, and a stream that comes back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.served import Consoles, Node, check_accessible


async def test_a_token_signs_in_and_a_wrong_one_is_told(node: Node, consoles: Consoles) -> None:
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/")
    await check_accessible(page)
    await page.get_by_label("Token").fill("outpace_wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("No valid token")
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
    broken: list[object] = []

    async def pass_on(route: object) -> None:
        broken.append(route)
        route.connect_to_server()  # type: ignore[attr-defined]

    await page.route_web_socket("**/v1/stream**", pass_on)
    await page.goto(f"{node.url}/console/#/sign-in?token={node.token()}")
    await expect(page.locator(".stream")).to_have_text("live")
    await broken[-1].close(code=1012)  # type: ignore[attr-defined]
    await expect(page.locator(".stream")).to_have_text("reconnecting …")
    await expect(page.locator(".stream")).to_have_text("live")
    assert len(broken) > 1


async def test_a_token_that_is_revoked_ends_the_session(node: Node, consoles: Consoles) -> None:
    made = node.post("/v1/tokens", {"name": "guest", "role": "monitor"})
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/#/sign-in?token={made['token']}")
    await expect(page.locator(".stream")).to_have_text("live")
    node.send("DELETE", f"/v1/tokens/{made['view']['token_id']}")
    await expect(page.get_by_role("alert")).to_contain_text("does not hold", timeout=15_000)
