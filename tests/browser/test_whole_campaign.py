"""A whole campaign by the console alone, in both languages: create, import, agents, start, calls with their
dispositions, another cap with its what-if, pause, drain, report.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.served import WHAT_IF_S, Consoles, Node, check_accessible, held, report_on_days_around, shoot

LEADS = 400

#: What is pressed and read, in both languages.
EN = {
    "new": "New campaign", "name": "Name", "create": "Create", "dispositions": "Dispositions",
    "wrap-up": "Wrap-up takes at most", "import": "Import a list", "imported": "done", "add": "Add an agent",
    "agent": "Agent", "leg": "Leg", "save": "Save", "save-ready": "Save and ready",
    "log-in": "Log in", "ready": "Ready", "start": "Start",
    "pause": "Pause", "resume": "Resume", "drain": "Drain", "draft": "draft", "running": "running", "paused": "paused",
    "cap": "Abandonment cap", "ask": "What if …", "apply": "Apply", "reports": "Reports",
}  # fmt: skip
ZH = {
    "new": "新建活动", "name": "名称", "create": "创建", "dispositions": "小结选项", "wrap-up": "话后处理时限",
    "import": "导入名单", "imported": "完成", "add": "新增坐席", "agent": "坐席", "leg": "话机", "save": "保存",
    "save-ready": "保存并就绪", "log-in": "签入", "ready": "就绪", "start": "启动", "pause": "暂停",
    "resume": "继续", "drain": "收尾", "draft": "草稿", "running": "运行中", "paused": "已暂停",
    "cap": "呼损率上限", "ask": "模拟效果…", "apply": "应用",
    "reports": "报表",
}  # fmt: skip


class Walk:
    """The operator's page, and what the campaign is called."""

    def __init__(self, node: Node, page: Page, language: str) -> None:
        self.node = node
        self.page = page
        self.language = language
        self.words = {"en": EN, "zh": ZH}[language]
        self.name = f"summer {language}"
        self.campaign_id = 0

    async def press(self, word: str) -> None:
        await self.page.get_by_role("button", name=self.words[word], exact=True).click()

    async def state(self, word: str) -> None:
        await expect(self.page.locator(".heading .badge")).to_have_text(self.words[word])

    async def keep(self, what: str) -> None:
        await check_accessible(self.page)
        await shoot(self.page, f"{what}-{self.language}")

    async def create(self) -> None:
        await self.page.get_by_role("link", name=self.words["new"]).click()
        await self.page.get_by_label(self.words["name"], exact=True).fill(self.name)
        await self.page.get_by_label(self.words["dispositions"]).fill("sale\nno interest")
        await self.page.get_by_label(self.words["wrap-up"]).fill("60")  # a quarter of it is what a slow page has
        await self.press("create")
        await self.state("draft")
        self.campaign_id = int(self.page.url.rpartition("/")[2])

    async def import_list(self, folder: Path, first: int) -> None:
        file = folder / "list.csv"
        file.write_text(
            "\n".join(["phone,reference", *(f"+{first + n},A-{n}" for n in range(LEADS)), "nobody,"]) + "\n"
        )
        await self.page.goto(f"{self.node.url}/console/#/lists/imports?campaign={self.campaign_id}")
        await self.page.locator("input[type=file]").set_input_files(file)
        await self.press("import")
        row = self.page.locator("main tbody tr", has_text="list.csv").filter(has_text=self.name)
        await expect(row).to_contain_text(self.words["imported"])
        await expect(row).to_contain_text(str(LEADS))
        await self.keep("lists")

    async def add_agent(self, name: str) -> int:
        await self.page.goto(f"{self.node.url}/console/#/agents")
        await self.press("add")
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label(self.words["agent"], exact=True).fill(name)
        await dialog.get_by_label(self.words["leg"], exact=True).fill(f"SIM/{name}")
        await dialog.get_by_label(self.name).check()
        await dialog.get_by_role("button", name=self.words["save"]).click()
        await expect(self.page.get_by_role("rowheader", name=name)).to_be_visible()
        return next(one["agent_id"] for one in self.node.get("/v1/agents") if one["name"] == name)

    async def act_for(self, name: str, *acts: str) -> None:
        for act in acts:
            await self.page.get_by_role("button", name=f"{self.words[act]}: {name}").click()

    async def open_campaign(self) -> None:
        await self.page.goto(f"{self.node.url}/console/#/campaigns/{self.campaign_id}")

    async def change_cap(self) -> None:
        await self.page.get_by_label(self.words["cap"]).fill("2.5")
        apply = self.page.get_by_role("button", name=self.words["apply"], exact=True)
        async with held(self.page, "**/v1/simulations"):
            await self.press("ask")
            await expect(apply).to_be_disabled()
        await expect(apply).to_be_enabled(timeout=WHAT_IF_S * 1000)
        await apply.click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)
        assert self.node.get(f"/v1/campaigns/{self.campaign_id}")["settings"]["abandonment"]["cap"] == 0.025


async def work(desk: Page, words: dict[str, str], language: str) -> None:
    """An agent at their desk: log in, be ready, say of two calls what they were, by the keyboard."""
    await desk.get_by_role("button", name=words["log-in"]).click()
    ready = desk.get_by_role("button", name=re.compile(f"^{words['ready']}"))
    await expect(ready).to_be_enabled()
    await ready.click()
    for call in range(2):
        await expect(desk.locator(".phone span").first).to_contain_text("*")  # agents see numbers masked
        record = await desk.get_by_text(re.compile(r"\bA-\d+\b")).first.inner_text()
        reference = re.search(r"\bA-\d+\b", record)
        assert reference
        await desk.keyboard.press(str(call + 1))
        await expect(desk.locator("input[name=disposition]").nth(call)).to_be_checked()
        if not call:
            await check_accessible(desk)
            await shoot(desk, f"desk-{language}")
        await desk.keyboard.press("h")
        await expect(desk.get_by_role("button", name=words["save-ready"])).to_be_enabled()  # when the call has ended
        await desk.keyboard.press("w")
        await expect(desk.get_by_text(re.compile(rf"\b{reference.group()}\b"))).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_whole_campaign(node: Node, consoles: Consoles, tmp_path: Path, language: str) -> None:
    walk = Walk(node, await consoles.open(node, "/campaigns", language=language), language)
    await walk.create()
    await walk.import_list(tmp_path, {"en": 493_013_000_000, "zh": 493_014_000_000}[language])
    ada, bob = f"ada {language}", f"bob {language}"
    ada_id = await walk.add_agent(ada)
    await walk.add_agent(bob)
    await walk.act_for(bob, "log-in", "ready")
    await walk.open_campaign()
    await walk.press("start")
    await walk.state("running")
    desk = await consoles.open(node, "/desk", role="agent", agent_id=ada_id, language=language)
    await work(desk, walk.words, language)
    await walk.keep("campaign")
    await walk.change_cap()
    await walk.press("pause")
    await walk.state("paused")
    await walk.press("resume")
    await walk.state("running")
    await walk.press("drain")
    node.until(f"/v1/campaigns/{walk.campaign_id}/board", lambda board: board["state"] != "draining")
    assert not sum(node.get(f"/v1/campaigns/{walk.campaign_id}/board")["calls"].values())
    await walk.page.get_by_role("link", name=walk.words["reports"]).click()
    await report_on_days_around(walk.page)
    row = walk.page.locator("main tbody tr", has_text=walk.name)
    await expect(row).to_be_visible()
    await walk.keep("report")
    said = node.get(f"/v1/attempts?campaign_id={walk.campaign_id}&agent_id={ada_id}")["items"]
    assert {"sale", "no interest"} <= {one["disposition"] for one in said}
