// Lists that were imported, and the import of one.

import { api } from "../../lib/api.js";
import { dateTime, number } from "../../lib/format.js";
import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { useLive } from "../../lib/live.js";
import { Badge, Button, Check, ErrorBox, Field, Progress, Select, Table, toast, useAct, useAsked } from "../../lib/ui.js";
import { Rejects } from "./rejects.js";

const PAGE = 50;
const UNDER_WAY = ["queued", "running"];
/** @type {Record<string, string>} */
const TONES = { running: "busy", queued: "busy", done: "good", failed: "bad", cancelled: "warn" };
const NO_OPTIONS = { region: "", column: "", header: true, encoding: "utf-8", delimiter: "", validation: "valid" };

/** @param {{options: typeof NO_OPTIONS, change: (some: any) => void, errors: Record<string, string>}} props */
function Options({ options, change, errors }) {
  /** @type {[string, string][]} */
  const delimiters = [["", t("lists.found_out")], [",", ","], [";", ";"], ["\t", t("lists.tabulator")], ["|", "|"]];
  return html`<details>
    <summary>${t("lists.options")}</summary>
    <div class="form">
      <${Field} label=${t("lists.column")} value=${options.column} error=${errors.column ?? ""} hint=${t("lists.column_hint")}
        onInput=${(/** @type {string} */ column) => change({ column })} />
      <${Field} label=${t("lists.encoding")} value=${options.encoding} error=${errors.encoding ?? ""}
        onInput=${(/** @type {string} */ encoding) => change({ encoding })} />
      <${Select} label=${t("lists.delimiter")} value=${options.delimiter} options=${delimiters}
        onChange=${(/** @type {string} */ delimiter) => change({ delimiter })} />
      <${Select} label=${t("lists.validation")} value=${options.validation}
        options=${["valid", "possible"].map((one) => [one, t(`lists.validation.${one}`)])}
        onChange=${(/** @type {string} */ validation) => change({ validation })} />
      <${Check} label=${t("lists.header")} checked=${options.header} onChange=${(/** @type {boolean} */ header) => change({ header })} />
    </div>
  </details>`;
}

/** @param {{campaigns: [number, string][], campaign: string, onStarted: () => void}} props */
function ImportForm({ campaigns, campaign, onStarted }) {
  const [into, setInto] = useState(campaign || String(campaigns[0]?.[0] ?? ""));
  const [options, setOptions] = useState(NO_OPTIONS);
  const [sent, setSent] = useState(/** @type {number | null} */ (null));
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const { run, busy, problem } = useAct(async () => {
    const chosen = file.current?.files?.[0];
    if (!chosen || !file.current) return;
    setSent(0);
    try {
      await api.upload(`/v1/campaigns/${into}/imports`, chosen, { name: chosen.name, ...options }, setSent);
    } finally {
      setSent(null);
    }
    file.current.value = "";
    toast(t("lists.uploaded", { name: chosen.name }));
    onStarted();
  });
  const change = (/** @type {Partial<typeof NO_OPTIONS>} */ some) => setOptions((/** @type {any} */ before) => ({ ...before, ...some }));
  const errors = problem?.fields ?? {};
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<form class="card" onSubmit=${send} aria-label=${t("lists.import")}>
    <h2>${t("lists.import")}</h2>
    <div class="form">
      <${Select} label=${t("lists.campaign")} value=${into} options=${campaigns} onChange=${setInto} required />
      <div class="field">
        <label for="list-file">${t("lists.file")}</label>
        <input id="list-file" type="file" accept=".csv,.txt,text/csv" required ref=${file} aria-describedby="list-file-hint" />
        <p class="hint" id="list-file-hint">${t("lists.file_hint")}</p>
      </div>
      <${Field} label=${t("lists.region")} value=${options.region} maxlength="2" error=${errors.region ?? ""} hint=${t("lists.region_hint")}
        onInput=${(/** @type {string} */ region) => change({ region: region.toUpperCase() })} />
    </div>
    <${Options} options=${options} change=${change} errors=${errors} />
    <${ErrorBox} problem=${problem} />
    ${sent !== null && html`<${Progress} label=${t("lists.uploading")} share=${sent} />`}
    <div class="buttons"><${Button} kind="primary" type="submit" busy=${busy} disabled=${!into}>${t("lists.import")}<//></div>
  </form>`;
}

/**
 * An import under way.
 *
 * @param {{job: any}} props
 */
function Job({ job }) {
  const cancel = useAct(() => api.post(`/v1/jobs/${job.job_id}/cancel`));
  return html`<div class="job">
    <span>${job.text}</span>
    <${Progress} label=${job.text} share=${job.progress} />
    <${Button} kind="quiet" busy=${cancel.busy} onClick=${() => cancel.run()}>${t("action.cancel")}<//>
    <${ErrorBox} problem=${cancel.problem} />
  </div>`;
}

/** @param {string[]} names @returns {any[]} */
const counts = (names) =>
  names.map((name) => ({ key: name, label: t(`lists.${name}`), align: "end", render: (/** @type {any} */ list) => number(list[name]) }));

/** @param {(list: any) => void} onRejects @param {Map<number, string>} names @returns {any[]} */
const columnsOf = (onRejects, names) => [
  { key: "name", label: t("lists.name"), isHead: true },
  { key: "campaign", label: t("lists.campaign"), render: (/** @type {any} */ list) => names.get(list.campaign_id) ?? list.campaign_id },
  {
    key: "state",
    label: t("lists.state"),
    render: (/** @type {any} */ list) => html`<${Badge} tone=${TONES[list.state]}>${t(`job.state.${list.state}`)}<//>
      ${list.error && html`<p class="error" lang="en">${list.error}</p>`}`,
  },
  ...counts(["added", "duplicates", "suppressed"]),
  {
    key: "rejected",
    label: t("lists.rejected"),
    align: "end",
    render: (/** @type {any} */ list) =>
      list.rejected
        ? html`<${Button} kind="quiet small" onClick=${() => onRejects(list)} aria-label=${t("lists.show_rejects", { n: list.rejected, name: list.name })}>
            ${number(list.rejected)}
          <//>`
        : number(0),
  },
  { key: "created_at", label: t("lists.created_at"), render: (/** @type {any} */ list) => dateTime(list.created_at) },
];

/** @param {{campaigns: [number, string][], query: Record<string, string>}} props */
export function Imports({ campaigns, query }) {
  const [campaign, setCampaign] = useState(query.campaign ?? "");
  const [cursors, setCursors] = useState([""]);
  const [rejectsOf, setRejectsOf] = useState(/** @type {any} */ (null));
  const { items } = useLive("jobs");
  const jobs = [...items.values()].filter((job) => job.kind === "import");
  const underWay = jobs.filter((job) => UNDER_WAY.includes(job.state));
  const lists = useAsked(
    () => api.get("/v1/lists", { campaign_id: campaign, cursor: cursors[cursors.length - 1], limit: PAGE }),
    [campaign, cursors],
  );
  const states = jobs.map((job) => `${job.job_id} ${job.state}`).join();
  useEffect(() => {
    lists.again();
  }, [states]);
  const choose = (/** @type {string} */ id) => {
    setCampaign(id);
    setCursors([""]);
  };
  const next = lists.value?.next_cursor;
  return html`
    <div class="stack">
      <${ImportForm} campaigns=${campaigns} campaign=${campaign} onStarted=${lists.again} />
      ${underWay.length > 0 &&
      html`<section class="card" aria-label=${t("lists.under_way")}>
        <h2>${t("lists.under_way")}</h2>
        ${underWay.map((job) => html`<${Job} key=${job.job_id} job=${job} />`)}
      </section>`}
      <section class="card">
        <div class="filters"><${Select} label=${t("lists.of_campaign")} value=${campaign} options=${[["", t("lists.all_campaigns")], ...campaigns]} onChange=${choose} /></div>
        <${ErrorBox} problem=${lists.problem} />
        <${Table}
          caption=${t("lists.caption")}
          columns=${columnsOf(setRejectsOf, new Map(campaigns))}
          rows=${lists.value?.items ?? []}
          rowKey=${(/** @type {any} */ list) => list.list_id}
          empty=${lists.value ? t("lists.none") : ""}
        />
        <div class="buttons">
          ${cursors.length > 1 && html`<${Button} onClick=${() => setCursors(cursors.slice(0, -1))}>${t("lists.previous")}<//>`}
          ${next && html`<${Button} onClick=${() => setCursors([...cursors, next])}>${t("lists.next")}<//>`}
        </div>
      </section>
    </div>
    ${rejectsOf &&
    html`<${Rejects}
      path=${`/v1/lists/${rejectsOf.list_id}/rejects`}
      name=${rejectsOf.name}
      count=${rejectsOf.rejected}
      onClose=${() => setRejectsOf(null)}
    />`}
  `;
}
