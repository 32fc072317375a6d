// Numbers that are never dialled: look up, add, take off.

import { api } from "../../lib/api.js";
import { dateTime } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, ErrorBox, Field, Select, Table, toast, useAct, useAsked } from "../../lib/ui.js";
import { DoNotCall } from "./do_not_call.js";

const PAGE = 50;
const EMPTY = { number: "", region: "", campaign_id: "0", reason: "", expires_at: "" };

/** @param {{campaigns: [number, string][], onAdded: () => void}} props */
function AddForm({ campaigns, onAdded }) {
  const [form, setForm] = useState(EMPTY);
  const change = (/** @type {Partial<typeof EMPTY>} */ some) => setForm((/** @type {any} */ before) => ({ ...before, ...some }));
  const { run, busy, problem } = useAct(async () => {
    const expires_at = form.expires_at ? new Date(form.expires_at).toISOString() : null;
    await api.post("/v1/suppression", { ...form, campaign_id: Number(form.campaign_id), expires_at });
    setForm(EMPTY);
    toast(t("suppression.added"));
    onAdded();
  });
  const errors = problem?.fields ?? {};
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<form class="card" onSubmit=${send} aria-label=${t("suppression.add")}>
    <h2>${t("suppression.add")}</h2>
    <div class="form">
      <${Field} label=${t("leads.number")} type="tel" required value=${form.number} error=${errors.number ?? ""}
        onInput=${(/** @type {string} */ number) => change({ number })} />
      <${Field} label=${t("lists.region")} maxlength="2" value=${form.region} error=${errors.region ?? ""} hint=${t("lists.region_hint")}
        onInput=${(/** @type {string} */ region) => change({ region: region.toUpperCase() })} />
      <${Select} label=${t("suppression.scope")} value=${form.campaign_id} options=${[["0", t("suppression.by_any")], ...campaigns]}
        onChange=${(/** @type {string} */ campaign_id) => change({ campaign_id })} />
      <${Field} label=${t("suppression.reason")} value=${form.reason} maxlength="1000"
        onInput=${(/** @type {string} */ reason) => change({ reason })} />
      <${Field} label=${t("suppression.until")} type="datetime-local" value=${form.expires_at} hint=${t("suppression.until_hint")} error=${errors.expires_at ?? ""}
        onInput=${(/** @type {string} */ expires_at) => change({ expires_at })} />
    </div>
    <${ErrorBox} problem=${problem} />
    <div class="buttons"><${Button} kind="primary" type="submit" busy=${busy}>${t("suppression.add")}<//></div>
  </form>`;
}

/**
 * Which are looked at: of which campaign, or one number.
 *
 * @param {{campaigns: [number, string][], onLook: (filter: any) => void, scope: string}} props
 */
function Filter({ campaigns, onLook, scope }) {
  const [number, setNumber] = useState("");
  const look = (/** @type {Event} */ event) => {
    event.preventDefault();
    onLook({ scope, number: number.trim() });
  };
  return html`<form class="filters" role="search" aria-label=${t("suppression.look_up")} onSubmit=${look}>
    <${Select} label=${t("suppression.scope")} value=${scope} options=${[["0", t("suppression.by_any")], ...campaigns]}
      onChange=${(/** @type {string} */ chosen) => onLook({ scope: chosen, number: number.trim() })} />
    <${Field} label=${t("leads.number")} type="tel" value=${number} onInput=${setNumber} placeholder="+4930…" />
    <${Button} type="submit">${t("suppression.look_up")}<//>
  </form>`;
}

/** @param {{campaigns: [number, string][]}} props */
export function Suppression({ campaigns }) {
  const [filter, setFilter] = useState({ scope: "0", number: "" });
  const [cursors, setCursors] = useState([""]);
  const found = useAsked(
    () => api.get("/v1/suppression", { campaign_id: filter.scope, number: filter.number, cursor: cursors[cursors.length - 1], limit: PAGE }),
    [filter, cursors],
  );
  // who sees numbers masked takes off the one that they looked up
  const numberOf = (/** @type {any} */ one) => (one.number.includes("*") ? filter.number : one.number);
  const remove = useAct(async (/** @type {any} */ one) => {
    await api.del(`/v1/suppression/${encodeURIComponent(numberOf(one))}`, { campaign_id: one.campaign_id });
    toast(t("suppression.removed"));
    found.again();
  });
  const look = (/** @type {any} */ some) => {
    setFilter(some);
    setCursors([""]);
  };
  const next = found.value?.next_cursor;
  /** @type {any[]} */
  const columns = [
    { key: "number", label: t("leads.number"), isHead: true },
    { key: "reason", label: t("suppression.reason") },
    { key: "added_at", label: t("suppression.added_at"), render: (/** @type {any} */ one) => dateTime(one.added_at) },
    { key: "added_by", label: t("suppression.added_by") },
    { key: "expires_at", label: t("suppression.until"), render: (/** @type {any} */ one) => (one.expires_at ? dateTime(one.expires_at) : t("suppression.always")) },
    {
      key: "remove",
      label: t("suppression.act"),
      render: (/** @type {any} */ one) =>
        !numberOf(one)
          ? html`<span class="hint">${t("suppression.masked")}</span>`
          : html`<${Button} kind="quiet small" busy=${remove.busy} onClick=${() => remove.run(one)} aria-label=${t("suppression.remove_one", { number: one.number })}>
              ${t("suppression.remove")}
            <//>`,
    },
  ];
  return html`<div class="stack">
    <${AddForm} campaigns=${campaigns} onAdded=${found.again} />
    <${DoNotCall} campaigns=${campaigns} onDone=${found.again} />
    <section class="card">
      <${Filter} campaigns=${campaigns} scope=${filter.scope} onLook=${look} />
      <${ErrorBox} problem=${found.problem ?? remove.problem} />
      <${Table}
        caption=${t("suppression.caption")}
        columns=${columns}
        rows=${found.value?.items ?? []}
        rowKey=${(/** @type {any} */ one) => `${one.campaign_id} ${one.number}`}
        empty=${found.value ? t(filter.number ? "suppression.not_on" : "suppression.none") : ""}
      />
      <div class="buttons">
        ${cursors.length > 1 && html`<${Button} onClick=${() => setCursors(cursors.slice(0, -1))}>${t("lists.previous")}<//>`}
        ${next && html`<${Button} onClick=${() => setCursors([...cursors, next])}>${t("lists.next")}<//>`}
      </div>
    </section>
  </div>`;
}
