// The last launch decisions: how many calls, why, and the numbers that went in.

import { api } from "../../lib/api.js";
import { number, percent, time } from "../../lib/format.js";
import { html } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { ErrorBox, Table, useAsked } from "../../lib/ui.js";
import { decisionText } from "./words.js";

const EVERY_MS = 5000;

/**
 * What bound it, without the explanation behind its colon.
 *
 * @param {any} decision
 */
const limitOf = ({ limited_by }) => t(`reason.${limited_by}`).split(/[:：]/)[0];

/** Numbers of a decision that have a column. */
const INPUTS = /** @type {[string, (value: number) => string][]} */ ([
  ["ready", number],
  ["talking", number],
  ["wrap_up", number],
  ["unanswered", number],
  ["waiting", number],
  ["trunk_room", number],
  ["kappa", (value) => percent(value)],
  ["risk", (value) => percent(value)],
  ["live_rate", (value) => percent(value)],
]);

/** @param {{campaign: any}} props */
export function Decisions({ campaign }) {
  useLanguage();
  const { value, problem } = useAsked(() => api.get(`/v1/campaigns/${campaign.campaign_id}/decisions`), [campaign.campaign_id], EVERY_MS);
  const zone = campaign.settings.calling_hours?.timezone;
  const columns = [
    { key: "at", label: t("decision.at"), isHead: true, render: (/** @type {any} */ one) => time(one.at, zone) },
    { key: "launched", label: t("decision.launches"), align: "end" },
    { key: "limit", label: t("decision.limit"), render: (/** @type {any} */ one) => limitOf(one) },
    ...INPUTS.map(([key, write]) => ({ key, label: t(`decision.input.${key}`), align: "end", render: (/** @type {any} */ one) => write(one.inputs[key]) })),
    { key: "words", label: t("decision.words"), render: (/** @type {any} */ one) => html`<span class="words">${decisionText(one)}</span>` },
  ];
  return html`<${ErrorBox} problem=${problem} />
    <section class="card">
      <${Table} caption=${t("decision.caption")} columns=${columns} rows=${[...(value ?? [])].reverse()} rowKey=${(/** @type {any} */ one) => one.sequence} empty=${t("board.no-decision")} />
    </section>`;
}
