// One lead: its record, why it is not dialled now, what has become of its calls.

import { api } from "../../lib/api.js";
import { dateTime, duration, number } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, Dialog, ErrorBox, Table, useAct, useAsked } from "../../lib/ui.js";
import { Attributes } from "../desk/call.js";
import { LeadState, Obstacles } from "./leads.js";

/** @returns {any[]} */
const attemptColumns = () => [
  { key: "ended_at", label: t("leads.ended_at"), isHead: true, render: (/** @type {any} */ one) => dateTime(one.ended_at) },
  { key: "outcome", label: t("leads.outcome"), render: (/** @type {any} */ one) => t(`outcome.${one.outcome}`) },
  { key: "talk_s", label: t("leads.talk"), align: "end", render: (/** @type {any} */ one) => (one.talk_s ? duration(one.talk_s) : "–") },
  { key: "disposition", label: t("leads.disposition") },
  { key: "attributes", label: t("leads.answers"), render: (/** @type {any} */ one) => Object.entries(one.attributes).map(([name, value]) => `${name}: ${value}`).join(", ") },
];

/** @param {{lead: any, onClose: () => void}} props */
export function LeadDialog({ lead, onClose }) {
  const path = `/v1/leads/${lead.lead_id}`;
  const [revealed, setRevealed] = useState("");
  const found = useAsked(async () => {
    const [now, why, attempts] = await Promise.all([
      api.get(path),
      api.get(`${path}/why`),
      api.get("/v1/attempts", { lead_id: lead.lead_id, limit: 20 }),
    ]);
    return { now, why, attempts: attempts.items };
  }, [lead.lead_id]);
  const reveal = useAct(async () => setRevealed((await api.post(`${path}/reveal`)).full_number));
  const { now, why, attempts } = found.value ?? { now: lead, why: null, attempts: [] };
  const shown = revealed || now.number;
  return html`<${Dialog} title=${t("leads.lead", { id: now.lead_id })} onClose=${onClose} isWide>
    <${ErrorBox} problem=${found.problem ?? reveal.problem} />
    <div class="row">
      <strong class="phone" aria-live="polite">${shown}</strong>
      ${shown.includes("*") && html`<${Button} kind="quiet" busy=${reveal.busy} onClick=${() => reveal.run()} title=${t("desk.reveal_hint")}>${t("desk.reveal")}<//>`}
      <${LeadState} state=${now.state} />
      <span>${t("leads.attempts")}: ${number(now.attempts)}</span>
      <span>${t("leads.due_at")}: ${dateTime(now.due_at)}</span>
      <${Button} kind="quiet" onClick=${found.again}>${t("action.reload")}<//>
    </div>
    <h3>${t("leads.why")}</h3>
    ${why && html`<${Obstacles} why=${why} />`}
    <h3>${t("desk.record")}</h3>
    ${now.reference && html`<p>${t("desk.reference", { reference: now.reference })}</p>`}
    <${Attributes} attributes=${now.attributes} />
    <${Table} caption=${t("leads.calls")} columns=${attemptColumns()} rows=${attempts} rowKey=${(/** @type {any} */ one) => one.call_id} empty=${t("leads.no_calls")} />
  <//>`;
}
