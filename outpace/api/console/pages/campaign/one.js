// One campaign: its live board, settings, decisions and history.

import { api } from "../../lib/api.js";
import { html, useEffect } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { useLive } from "../../lib/live.js";
import { go } from "../../lib/route.js";
import { may, useMe } from "../../lib/session.js";
import { ErrorBox, Tabs, useAsked } from "../../lib/ui.js";
import { Actions } from "./actions.js";
import { Board } from "./board.js";
import { Decisions } from "./decisions.js";
import { State } from "./list.js";
import { History, Settings } from "./settings.js";

const EVERY_MS = 10_000;

/** @param {{campaignId: number, tab: string}} props */
export function OneCampaign({ campaignId, tab }) {
  const me = useMe();
  useLanguage();
  const { items } = useLive("campaigns");
  const board = items.get(String(campaignId));
  const { value: campaign, problem, again } = useAsked(() => api.get(`/v1/campaigns/${campaignId}`), [campaignId], EVERY_MS);
  useEffect(() => {
    if (board && campaign && board.state !== campaign.state) again();
  }, [board?.state]);
  if (!campaign) return html`<${ErrorBox} problem=${problem} />`;
  const state = board?.state ?? campaign.state;
  const tabs = /** @type {[string, string][]} */ (
    ["live", "settings", "decisions", ...(may.steer(me) ? ["history"] : [])].map((key) => [key, t(`tab.${key}`)])
  );
  const parts = {
    live: () => html`<${Board} campaign=${campaign} board=${board} onCampaign=${again} />`,
    settings: () => html`<${Settings} key=${campaign.campaign_id} campaign=${campaign} onCampaign=${again} />`,
    decisions: () => html`<${Decisions} campaign=${campaign} />`,
    history: () => html`<${History} campaign=${campaign} />`,
  };
  const part = parts[/** @type {keyof typeof parts} */ (tab)] ?? parts.live;
  return html`<div class="heading">
      <h1><a class="up" href="#/campaigns">${t("page.campaigns")}</a> ${campaign.name}</h1>
      <${State} state=${state} />
      <span class="faint">${t(`mode.${campaign.settings.mode}`)}</span>
      <${Actions} campaignId=${campaignId} name=${campaign.name} state=${state} board=${board} onDone=${again} />
    </div>
    <${ErrorBox} problem=${problem} />
    <${Tabs} label=${campaign.name} tabs=${tabs} selected=${tab in parts ? tab : "live"} onSelect=${(/** @type {string} */ key) => go(`/campaigns/${campaignId}/${key}`)}>
      ${part()}
    <//>`;
}
