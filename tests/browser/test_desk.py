"""The agent's desk: by keys alone, in two tabs, with a callback in the person's time; and acting for an agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.browser.served import TABLET, Consoles, Node, check_accessible, served, shoot

SETTINGS = {
    "mode": "progressive",
    "wrap_up_max_s": 0.0,
    "dispositions": ["sale", "callback", "no interest"],
    "answers": {"amount": "number", "paid": "yes_no", "visit on": "date"},
    "script": "greeting-spring",
}
#: Everybody answers soon and talks until the agent hangs up.
CARRIER = 'name = "carrier"\n[mix]\nlive = 1.0\n[times]\nanswer = 2.0\ntalk = 3600.0\n'
LEADS = "phone,name,reference,city\n" + "".join(f"+4930120{n:05},Person {n},R{n},Potsdam\n" for n in range(300))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node on a carrier where calls last."""
    with served(tmp_path_factory.mktemp("desk"), speed=4.0, carrier=CARRIER) as one:
        yield one


def floor(node: Node, name: str) -> tuple[int, int]:
    """A campaign with leads that has not been started, and an agent of it who is out; their ids."""
    campaign_id = node.post("/v1/campaigns", {"name": name, **SETTINGS})["campaign_id"]
    path = f"/v1/campaigns/{campaign_id}/imports?name=leads.csv&validation=possible"
    job = node.send("POST", path, content=LEADS.encode(), headers={"Content-Type": "text/csv"})
    node.until(f"/v1/jobs/{job['job_id']}", lambda one: one["state"] == "done")
    agent = node.post("/v1/agents", {"name": f"Ada of {name}", "leg": "SIM/ada", "campaigns": [campaign_id]})
    return campaign_id, agent["agent_id"]


async def expect_state(state: str, *pages: Page) -> None:
    for page in pages:
        await expect(page.locator(".agent-state .badge").first).to_have_text(state)


async def press(page: Page, key: str) -> None:
    """Press a key when the last act is over: its effect may be shown before, and until then keys do nothing."""
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await page.keyboard.press(key)


async def test_an_agent_works_a_call_by_keys_and_another_tab_agrees(node: Node, consoles: Consoles) -> None:
    campaign_id, agent_id = floor(node, "spring")
    page = await consoles.open(node, role="agent", agent_id=agent_id)
    other = await consoles.open(node, "/desk", role="agent", agent_id=agent_id, theme="dark", size=TABLET)
    await expect_state("logged out", page, other)
    await press(page, "l")
    await expect_state("not ready", page, other)
    await press(page, "n")
    await check_accessible(page)
    await press(page, "2")
    for one in (page, other):
        await expect(one.locator(".agent-state")).to_contain_text("Meal")
    await press(page, "r")
    await expect_state("ready", page, other)

    node.post(f"/v1/campaigns/{campaign_id}/start")
    await expect(page.locator("[aria-live=assertive]")).to_contain_text("A call: spring, +493")
    number = await page.locator(".phone > span").inner_text()
    assert "*" in number
    await expect(other.locator(".phone > span")).to_have_text(number)
    await expect(page.get_by_label("Call in hand")).to_contain_text("Potsdam")
    await expect(page.get_by_label("Call in hand")).to_contain_text("greeting-spring")
    await press(page, "v")
    await expect(page.locator(".phone > span")).to_have_text(number[:4] + "0120000" + number[-2:])
    await expect(other.locator(".phone > span")).to_have_text(number)

    await page.get_by_label("Note").fill("")
    await page.get_by_label("Note").press_sequentially("has 1 dog, wants more")
    assert "hang-up-call" not in [act["action"] for act in node.get("/v1/audit")["items"]]
    await press(page, "Escape")
    await press(page, "2")
    await expect(page.get_by_role("radio", name="callback")).to_be_checked()
    await page.get_by_label("amount").fill("12.5")
    await page.get_by_label("paid").select_option("no")
    await page.get_by_role("button", name="tomorrow at 10").click()
    await expect(page.get_by_label("Call back at, Europe/Berlin time")).not_to_be_empty()
    await check_accessible(page)
    await check_accessible(other)
    await shoot(page, "desk")
    await shoot(other, "desk-tablet-dark")
    await page.get_by_role("heading", level=1).click()
    await press(page, "h")
    await expect_state("wrap-up", page, other)
    await press(page, "s")
    for one in (page, other):
        await expect(one.get_by_text("Saved: callback. It may be changed")).to_be_visible()
    node.post(f"/v1/campaigns/{campaign_id}/pause")
    await press(page, "n")
    await press(page, "1")
    await expect_state("not ready", page, other)
    await expect(other.get_by_text("No call in hand.")).to_be_visible()

    (attempt,) = node.until(
        f"/v1/attempts?agent_id={agent_id}", lambda found: [one for one in found["items"] if one["disposition"]]
    )["items"]
    assert attempt["disposition"] == "callback"
    assert attempt["attributes"] == {"amount": 12.5, "paid": False, "note": "has 1 dog, wants more"}
    lead = node.until(f"/v1/leads/{attempt['lead_id']}", lambda found: found["state"] == "scheduled")
    due = datetime.fromisoformat(lead["due_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert (due.hour, due.minute) == (10, 0)
    call = [
        datetime.fromisoformat(attempt[at]).astimezone(ZoneInfo("Europe/Berlin")) for at in ("answered_at", "ended_at")
    ]
    assert due.date() in {at.date() + timedelta(days=1) for at in call}  # midnight may pass during the call
    node.until(  # what was done is seen before it is written down
        f"/v1/audit?actor=agent%20{agent_id}",
        lambda found: (
            {"reveal-number", "set-disposition", "log-in", "set-ready"} <= {act["action"] for act in found["items"]}
        ),
    )


async def test_what_follows_a_call_is_asked_for_while_it_lasts(node: Node, consoles: Consoles) -> None:
    campaign_id, agent_id = floor(node, "autumn")
    page = await consoles.open(node, role="agent", agent_id=agent_id, language="zh")
    await page.get_by_role("button", name="签入").click()
    await expect_state("未就绪", page)
    await page.get_by_role("button", name="就绪", exact=True).click()
    node.post(f"/v1/campaigns/{campaign_id}/start")
    await expect_state("通话中", page)
    node.post(f"/v1/campaigns/{campaign_id}/pause")
    await press(page, "o")
    await expect(page.locator(".agent-state")).to_contain_text("之后：未登录")  # noqa: RUF001 - Chinese
    await expect(page.locator("[aria-live=polite]").first).to_contain_text("未登录")
    await check_accessible(page)
    await page.get_by_text("sale").click()
    await press(page, "d")
    await expect(page.get_by_role("checkbox", name="不再呼叫")).to_be_checked()
    await page.get_by_label("备注").click()
    await press(page, "Control+Enter")
    await expect(page.locator(".toast")).to_contain_text("已保存：sale")  # noqa: RUF001 - Chinese
    suppressed = node.until("/v1/suppression", lambda found: found["items"])["items"]
    await page.get_by_role("heading", level=1).click()
    await press(page, "h")
    await expect_state("未登录", page)
    attempt = node.until(f"/v1/attempts?agent_id={agent_id}", lambda found: found["items"])["items"][0]
    assert [one["number"] for one in suppressed] == [attempt["number"]]


async def test_keys_can_be_switched_off(node: Node, consoles: Consoles) -> None:
    _, agent_id = floor(node, "winter")
    page = await consoles.open(node, role="agent", agent_id=agent_id)
    await page.get_by_label("Single keys do something").uncheck()
    await expect(page.locator("kbd")).to_have_count(0)
    await page.get_by_role("heading", level=1).click()
    await press(page, "l")
    await page.get_by_role("button", name="Log in").click()
    await expect_state("not ready", page)
    acts = node.until(f"/v1/audit?actor=agent%20{agent_id}", lambda found: found["items"])["items"]
    assert [act["action"] for act in acts] == ["log-in"]


async def test_a_supervisor_acts_for_an_agent(node: Node, consoles: Consoles) -> None:
    _, agent_id = floor(node, "summer")
    page = await consoles.open(node, "/agents", role="supervisor")
    row = page.get_by_role("row", name="Ada of summer")
    await row.get_by_role("button", name="Log in").click()
    await expect(row).to_contain_text("not ready")
    await row.get_by_role("button", name="Not ready").click()
    await page.get_by_role("button", name="Meeting").click()
    await expect(row).to_contain_text("Meeting")
    await check_accessible(page)
    await row.get_by_role("link", name="Desk").click()
    await expect_state("not ready", page)
    await expect(page.get_by_label("Desk of")).to_have_value(str(agent_id))
    await page.get_by_role("button", name="Log out").click()
    await expect_state("logged out", page)
    assert node.get(f"/v1/agents/{agent_id}")["state"] == "logged_out"


async def test_the_operator_adds_an_agent_and_changes_one(node: Node, consoles: Consoles) -> None:
    campaign_id, _ = floor(node, "market")
    page = await consoles.open(node, f"/agents?campaign={campaign_id}")
    await page.get_by_role("button", name="Add an agent").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Agent").fill("Ben")
    await form.get_by_label("Leg").fill("SIM/ben")
    await form.get_by_label("market").check()
    await form.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="Ben")
    await expect(row).to_contain_text("SIM/ben")
    await row.get_by_role("button", name="Change").click()
    await form.get_by_label("Leg").fill("SIM/other")
    await form.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("SIM/other")
