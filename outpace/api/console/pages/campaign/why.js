// What limits dialling now, in words.

import { api } from "../../lib/api.js";
import { dateTime } from "../../lib/format.js";
import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { said } from "../../lib/said.js";
import { useAsked } from "../../lib/ui.js";

const EVERY_MS = 3000;

/**
 * The tone of a reason.
 *
 * @type {Record<string, string>}
 */
const TONES = {
  none: "good",
  pacing: "good",
  no_agents: "warn",
  no_leads: "warn",
  trunk_channels: "warn",
  cps: "warn",
  pending_originates: "warn",
  outside_hours: "warn",
  switch_down: "bad",
  store_behind: "bad",
  call_table_full: "bad",
  budget: "bad",
};

/** @param {{campaign: any, board: any}} props */
export function Why({ campaign, board }) {
  const { value } = useAsked(() => api.get(`/v1/campaigns/${campaign.campaign_id}/why`), [campaign.campaign_id, board.state, board.reason], EVERY_MS);
  const zone = campaign.settings.calling_hours?.timezone;
  const isIdle = board.state === "running" && !board.launches_per_minute;
  return html`<section class=${`why ${TONES[board.reason] ?? ""}`}>
    <h2>
      ${t(isIdle ? "limit.nothing" : "limit.now")}${" "}
      <span role="status">${t(`reason.${board.reason}`)}</span>
    </h2>
    <ul>
      ${(value?.obstacles ?? []).map(
        (/** @type {any} */ one) => html`<li key=${one.guard + one.text}>
          ${said(one.text)}${one.opens_at && html` <span class="faint">${t("limit.until", { at: dateTime(one.opens_at, zone) })}</span>`}
        </li>`,
      )}
      ${value?.dialable && board.reason === "none" && html`<li>${t("limit.free")}</li>`}
    </ul>
  </section>`;
}
