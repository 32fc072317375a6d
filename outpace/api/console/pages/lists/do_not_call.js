// A do-not-call list of any length onto the suppression list.

import { api } from "../../lib/api.js";
import { number } from "../../lib/format.js";
import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { useLive } from "../../lib/live.js";
import { Badge, Button, ErrorBox, Field, Progress, Select, useAct } from "../../lib/ui.js";
import { Rejects } from "./rejects.js";

/** @type {Record<string, string>} */
const TONES = { running: "busy", queued: "busy", done: "good", failed: "bad", cancelled: "warn" };

/**
 * How an import goes, and what came of it.
 *
 * @param {{job: any, onRejects: () => void}} props
 */
function Job({ job, onRejects }) {
  const { added = 0, extended = 0, known = 0, rejected = 0 } = job.result ?? {};
  return html`<div class="job">
    <span>${job.text} <${Badge} tone=${TONES[job.state]}>${t(`job.state.${job.state}`)}<//></span>
    ${job.result
      ? html`<span>${t("suppression.counts", { added: number(added), extended: number(extended), known: number(known), rejected: number(rejected) })}</span>`
      : html`<${Progress} label=${job.text} share=${job.progress} />`}
    ${rejected > 0 && html`<${Button} kind="quiet" onClick=${onRejects}>${t("lists.rejects")}<//>`}
    ${job.error && html`<p class="error" lang="en">${job.error}</p>`}
  </div>`;
}

/** @param {{campaigns: [number, string][], onDone: () => void}} props */
export function DoNotCall({ campaigns, onDone }) {
  const [form, setForm] = useState({ campaign_id: "0", reason: "", region: "" });
  const [sent, setSent] = useState(/** @type {number | null} */ (null));
  const [shown, setShown] = useState(/** @type {any} */ (null));
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const { items } = useLive("jobs");
  const jobs = [...items.values()].filter((job) => job.kind === "suppression-import");
  const done = jobs.filter((job) => job.state === "done").length;
  useEffect(() => {
    if (done) onDone();
  }, [done]);
  const change = (/** @type {Partial<typeof form>} */ some) => setForm((/** @type {any} */ before) => ({ ...before, ...some }));
  const { run, busy, problem } = useAct(async () => {
    const chosen = file.current?.files?.[0];
    if (!chosen || !file.current) return;
    setSent(0);
    try {
      await api.upload("/v1/suppression/imports", chosen, form, setSent);
    } finally {
      setSent(null);
    }
    file.current.value = "";
  });
  const errors = problem?.fields ?? {};
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<form class="card" onSubmit=${send} aria-label=${t("suppression.import")}>
      <h2>${t("suppression.import")}</h2>
      <div class="form">
        <div class="field">
          <label for="do-not-call-file">${t("lists.file")}</label>
          <input id="do-not-call-file" type="file" accept=".csv,.txt,text/csv" required ref=${file} aria-describedby="do-not-call-hint" />
          <p class="hint" id="do-not-call-hint">${t("suppression.file_hint")}</p>
        </div>
        <${Select} label=${t("suppression.scope")} value=${form.campaign_id} options=${[["0", t("suppression.by_any")], ...campaigns]}
          onChange=${(/** @type {string} */ campaign_id) => change({ campaign_id })} />
        <${Field} label=${t("suppression.reason")} value=${form.reason} maxlength="1000" onInput=${(/** @type {string} */ reason) => change({ reason })} />
        <${Field} label=${t("lists.region")} maxlength="2" value=${form.region} error=${errors.region ?? ""} hint=${t("lists.region_hint")}
          onInput=${(/** @type {string} */ region) => change({ region: region.toUpperCase() })} />
      </div>
      <${ErrorBox} problem=${problem} />
      ${sent !== null && html`<${Progress} label=${t("lists.uploading")} share=${sent} />`}
      ${jobs.map((job) => html`<${Job} key=${job.job_id} job=${job} onRejects=${() => setShown(job)} />`)}
      <div class="buttons"><${Button} kind="primary" type="submit" busy=${busy}>${t("suppression.import")}<//></div>
    </form>
    ${shown &&
    html`<${Rejects}
      path=${`/v1/suppression/imports/${shown.job_id}/rejects`}
      name=${shown.job_id}
      count=${shown.result.rejected}
      onClose=${() => setShown(null)}
    />`}`;
}
