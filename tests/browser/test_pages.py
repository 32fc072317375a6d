"""Lists with their rejects, leads, suppression; reports, trunk groups, alarms."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.served import DESKTOP, TABLET, Consoles, Node, check_accessible, report_on_days_around, shoot

ROWS = [
    "phone,name,city",
    *(f"+4930120{n:05},Person {n},Potsdam" for n in range(60)),
    "none,Nobody,Bonn",
    '12,"Short, by name",Bonn',
    "+493012000001,Twice,Potsdam",
]


ROUTES = ["/lists", "/lists/leads", "/lists/suppression", "/agents", "/reports", "/trunks", "/alarms", "/admin/audit"]


@pytest.fixture(scope="module")
def campaign_id(node: Node) -> int:
    """A campaign that runs, without agents."""
    made: int = node.post("/v1/campaigns", {"name": "spring", "mode": "progressive"})["campaign_id"]
    node.imported(made, 20, first=493_099_000_000)
    node.post(f"/v1/campaigns/{made}/start")
    return made


async def test_a_list_is_imported_and_its_rejects_are_shown(
    node: Node, consoles: Consoles, campaign_id: int, tmp_path: Path
) -> None:
    file = tmp_path / "may.csv"
    file.write_text("\n".join(ROWS) + "\n")
    page = await consoles.open(node, f"/lists?campaign={campaign_id}")
    await page.get_by_label("File (CSV)").set_input_files(file)
    await page.get_by_text("More about the file").click()
    await page.get_by_label("Numbers must be").select_option("possible")
    await page.get_by_role("button", name="Import a list").click()
    row = page.get_by_role("row", name="may.csv")
    await expect(row).to_contain_text("done")
    assert await row.locator("td").all_inner_texts() == ["spring", "done", "60", "1", "0", "2", node_time(row_of(node))]
    await check_accessible(page)
    await shoot(page, "lists")
    await row.get_by_role("button", name="Show the 2 rejected rows").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("row")).to_have_count(3)
    await expect(dialog.get_by_role("row", name="62")).to_contain_text("not a phone number")
    await expect(dialog.get_by_role("row", name="63")).to_contain_text('12,"Short, by name",Bonn')
    await check_accessible(page)
    saved = await downloaded(page, dialog.get_by_role("button", name="Download"))
    assert [row["line"] for row in saved] == ["62", "63"]


async def downloaded(page: Page, button: Locator) -> list[dict[str, str]]:
    """The rows of the CSV file that a button saves."""
    async with page.expect_download() as downloading:
        await button.click()
    text = Path(await (await downloading.value).path()).read_text()  # noqa: ASYNC240 - a small file, a test
    return list(csv.DictReader(text.splitlines()))


def row_of(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = node.get("/v1/lists")["items"][0]
    return found


def node_time(one: dict[str, Any]) -> str:
    """A list's time as the console writes it."""
    at = datetime.fromisoformat(one["created_at"]).astimezone()
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M}"


async def test_a_supervisor_sees_lines_and_reasons_without_numbers(
    node: Node, consoles: Consoles, campaign_id: int
) -> None:
    body = "phone\n+49none\n"
    path = f"/v1/campaigns/{campaign_id}/imports?name=bad.csv"
    job = node.send("POST", path, content=body.encode(), headers={"Content-Type": "text/csv"})
    node.until(f"/v1/jobs/{job['job_id']}", lambda one: one["state"] == "done")
    page = await consoles.open(node, "/lists", role="supervisor", language="zh")
    await page.get_by_role("row", name="bad.csv").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("row", name="2")).to_contain_text("不是电话号码")
    await expect(dialog).to_contain_text("只能查看行号和原因")
    assert "+49none" not in await dialog.inner_text()


async def test_a_hot_lead_is_added_and_it_is_told_why_it_is_not_dialled(
    node: Node, consoles: Consoles, campaign_id: int
) -> None:
    page = await consoles.open(node, f"/lists/leads?campaign={campaign_id}")
    await expect(page.get_by_label("Callable now")).to_contain_text("No agent is logged in and unpaused")
    await page.get_by_role("button", name="Add a hot lead").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Number", exact=True).fill("12")
    await form.get_by_role("button", name="Add").click()
    await expect(form.locator(".error")).not_to_be_empty()
    await form.get_by_label("Number", exact=True).fill("030 1234567")
    await form.get_by_label("Country of national numbers").fill("de")
    await form.get_by_label("Attributes").fill("source = web = shop\ncity=Bonn")
    await form.get_by_role("button", name="Add").click()
    await expect(form).to_contain_text("+49301234567")
    await expect(form).to_contain_text("No agent is logged in and unpaused")
    await check_accessible(page)
    lead = node.get("/v1/leads?number=%2B49301234567")["items"][0]
    assert lead["attributes"] == {"source": "web = shop", "city": "Bonn"}
    await page.keyboard.press("Escape")
    await page.get_by_label("Number").fill("+49301234567")
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_role("row")).to_have_count(2)


async def test_why_nothing_is_dialled_is_said_in_chinese(node: Node, consoles: Consoles, campaign_id: int) -> None:
    page = await consoles.open(node, f"/lists/leads?campaign={campaign_id}", language="zh")
    await expect(page.locator(".obstacles")).to_contain_text("没有已登录且未暂停的坐席")
    sentences = {
        "it is in a call: 7 is ringing": "正在呼叫中:7(振铃)",
        "its turn has not come: retry_wait": "尚未到期:等待重拨",
        "it has no turn any more: exhausted": "不会再拨:次数用尽",
    }
    script = "(given) => import('./lib/said.js').then(({ said }) => given.map((one) => said(one).normalize('NFKC')))"
    assert await page.evaluate(script, list(sentences)) == list(sentences.values())


async def test_a_number_is_suppressed_looked_up_and_taken_off(node: Node, consoles: Consoles) -> None:
    page = await consoles.open(node, "/lists/suppression", role="supervisor")
    adding = page.get_by_label("Suppress a number", exact=True)
    await adding.get_by_label("Number", exact=True).fill("+493012344321")
    await adding.get_by_label("Reason").fill("asked")
    await adding.get_by_role("button").click()
    row = page.get_by_role("row", name="+493*******21")
    await expect(row).to_contain_text("asked")
    await expect(row.get_by_role("button")).to_have_count(0)
    await page.get_by_label("Look up").get_by_label("Number").fill("+493012344321")
    await page.get_by_role("button", name="Look up").click()
    await row.get_by_role("button").click()
    await expect(page.get_by_text("The number is not on this list.")).to_be_visible()
    assert node.get("/v1/suppression")["items"] == []
    await check_accessible(page)


async def test_a_do_not_call_list_is_imported(node: Node, consoles: Consoles, tmp_path: Path) -> None:
    file = tmp_path / "refused.txt"
    file.write_text("+4930555000001\n+4930555000002\nnobody\n")
    page = await consoles.open(node, "/lists/suppression", role="supervisor")
    form = page.get_by_label("Import a do-not-call list", exact=True)
    await form.get_by_label("File (CSV)").set_input_files(file)
    await form.get_by_label("Reason").fill("register")
    await form.get_by_role("button", name="Import a do-not-call list").click()
    await expect(form).to_contain_text("2 added, 0 extended, 0 known, 1 rejected")
    await expect(page.get_by_role("row", name="register")).to_have_count(2)
    await form.get_by_role("button", name="Rows that cannot be dialled").click()
    await expect(page.get_by_role("dialog").get_by_role("row", name="3")).to_contain_text("not a phone number")
    await check_accessible(page)


@pytest.mark.parametrize("by", ["campaign", "agent", "hour", "outcome"])
async def test_a_report_is_shown_and_downloaded(busy_node: Node, consoles: Consoles, by: str) -> None:
    page = await consoles.open(busy_node, "/reports")
    await report_on_days_around(page)
    await page.get_by_label("By", exact=True).select_option(by)
    await expect(page.get_by_role("row", name="Total")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="Abandon rate")).to_contain_text("Abandoned ÷ Answered")
    await expect(page.locator(".meanings")).to_contain_text("People who reached no agent, of those who answered.")
    await page.get_by_role("button", name="All figures").click()
    await expect(page.locator(".meanings")).to_contain_text("Calls with the outcome busy.")
    await check_accessible(page)
    rows = await downloaded(page, page.get_by_role("button", name="Download (CSV)"))
    assert rows[-1][by] == "total"
    total = rows[-1]
    assert float(total["answer_rate"]) == pytest.approx(int(total["answered"]) / int(total["attempts"]))
    if by != "hour":
        assert int(total["attempts"]) == sum(int(row["attempts"]) for row in rows[:-1])


async def test_trunk_settings_are_changed_on_the_version_that_was_seen(node: Node, consoles: Consoles) -> None:
    page = await consoles.open(node, "/trunks")
    await expect(page.locator(".heading")).to_contain_text("Link to the switch: up")
    await page.get_by_role("button", name="Change carrier").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Calls per second").fill("12.5")
    (group,) = node.get("/v1/trunk-groups")
    node.patch(f"/v1/trunk-groups/{group['settings']['id']}", {"channels": 77})
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("Somebody else has changed the settings")
    await check_accessible(page)
    await form.get_by_role("button", name="Take over").click()
    await expect(form.get_by_label("Channels")).to_have_value("77")
    await expect(form.get_by_label("Calls per second")).to_have_value("12.5")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("row", name="carrier")).to_contain_text("12.50")
    (group,) = node.get("/v1/trunk-groups")
    assert (group["settings"]["channels"], group["settings"]["cps"]) == (77, 12.5)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("language", "theme", "size"), [("en", "light", DESKTOP), ("zh", "dark", TABLET)])
async def test_pages_are_accessible_and_not_wider_than_the_screen(
    busy_node: Node, consoles: Consoles, route: str, language: str, theme: str, size: tuple[int, int]
) -> None:
    page = await consoles.open(busy_node, route, language=language, theme=theme, size=size)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await check_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    await shoot(page, f"{route[1:].replace('/', '-')}-{language}")


async def test_an_alarm_is_open_and_then_past(node: Node, consoles: Consoles, campaign_id: int) -> None:
    page = await consoles.open(node, "/alarms")
    is_open = page.get_by_role("region", name="Open").get_by_role("row", name="No agent is logged in")
    await expect(is_open).to_contain_text("spring")
    node.post(f"/v1/campaigns/{campaign_id}/pause")
    await expect(is_open).to_have_count(0)
    past = page.get_by_role("region", name="Past").get_by_role("row", name="No agent is logged in")
    await expect(past).to_contain_text("spring")
    await check_accessible(page)


async def test_a_token_is_made_shown_once_and_revoked(node: Node, consoles: Consoles) -> None:
    page = await consoles.open(node, "/admin")
    form = page.get_by_label("Make a token", exact=True)
    await form.get_by_label("Name").fill("wall board")
    await form.get_by_label("Role").select_option("monitor")
    await form.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    token = await dialog.locator("code").inner_text()
    await page.evaluate("() => void (navigator.clipboard.writeText = () => Promise.reject(new Error('denied')))")
    await dialog.get_by_role("button", name="Copy").click()
    await expect(page.locator(".toast")).to_contain_text("mark the text and copy it")
    board = await consoles.blank()
    await board.goto(f"{node.url}/console/#/sign-in?token={token}")
    await expect(board.locator(".stream")).to_have_text("live")
    await check_accessible(page)
    await page.keyboard.press("Escape")
    assert token not in await page.content()
    await page.get_by_role("button", name="Revoke the token of wall board").click()
    await expect(page.get_by_role("row", name="wall board")).to_contain_text("revoked")
    await expect(board.get_by_role("alert")).to_contain_text("does not hold")
    await page.get_by_role("tab", name="Audit").click()
    await expect(page.get_by_role("row").nth(1)).to_contain_text("revoke-token")


async def test_a_webhook_is_added_and_removed(node: Node, consoles: Consoles) -> None:
    page = await consoles.open(node, "/admin", role="integrator")
    await expect(page.get_by_role("tab")).to_have_text(["Webhooks"])
    await page.get_by_label("Address").fill("http://127.0.0.1:9/events")
    await page.get_by_label("Secret that signs").fill("0123456789abcdef")
    await page.get_by_label("alarms").check()
    await page.get_by_role("button", name="Add a webhook").click()
    row = page.get_by_role("row", name="http://127.0.0.1:9/events")
    await expect(row).to_contain_text("attempts that ended, dispositions, alarms")
    await check_accessible(page)
    await row.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("There is no webhook.")).to_be_visible()
    assert node.get("/v1/webhooks") == []


@pytest.mark.parametrize(
    ("wall", "zone", "moment"),
    [
        ("2026-03-02T15:30", "Europe/Berlin", "2026-03-02T14:30:00.000Z"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"),  # left out: as much later, 03:30
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"),  # twice: the first
        ("2026-10-25T03:30", "Europe/Berlin", "2026-10-25T02:30:00.000Z"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00.000Z"),
        ("2026-07-01T00:00", "Asia/Kolkata", "2026-06-30T18:30:00.000Z"),
        ("2026-07-01T00:00", "UTC", "2026-07-01T00:00:00.000Z"),
        ("", "UTC", None),
        ("2026-13-01T00:00", "UTC", None),
    ],
)
async def test_times_of_a_zone_are_moments(
    node: Node, consoles: Consoles, wall: str, zone: str, moment: str | None
) -> None:
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/")
    script = "([wall, zone]) => import('./lib/zones.js').then((zones) => zones.momentOf(wall, zone))"
    assert await page.evaluate(script, [wall, zone]) == moment


async def test_rows_of_a_csv_text_that_is_cut_off(node: Node, consoles: Consoles) -> None:
    page = await consoles.blank()
    await page.goto(f"{node.url}/console/")
    script = "(given) => import('./pages/lists/csv.js').then((csv) => csv.rowsOf(...given))"
    text = 'line,row\r\n2,"a,""b""\nc"\r\n3,\r\n4,"cut'
    whole = [["line", "row"], ["2", 'a,"b"\nc'], ["3", ""]]
    assert await page.evaluate(script, [text, 10, False]) == whole
    assert await page.evaluate(script, [text, 2, False]) == whole[:2]
    assert await page.evaluate(script, [text, 10, True]) == [*whole, ["4", "cut"]]
