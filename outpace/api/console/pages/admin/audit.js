// Who did what to what, when.

import { api } from "../../lib/api.js";
import { dateTime } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, ErrorBox, Field, Table, useAsked } from "../../lib/ui.js";

const PAGE = 100;

/** @returns {any[]} */
const columnsOf = () => [
  { key: "at", label: t("audit.at"), isHead: true, render: (/** @type {any} */ act) => html`<time datetime=${act.at}>${dateTime(act.at)}</time>` },
  { key: "actor", label: t("audit.actor"), render: (/** @type {any} */ act) => html`${act.actor} <small>${t(`role.${act.role}`)}</small>` },
  { key: "action", label: t("audit.action"), render: (/** @type {any} */ act) => html`<code>${act.action}</code>` },
  { key: "subject", label: t("audit.subject"), render: (/** @type {any} */ act) => html`<code>${act.subject}</code>` },
  {
    key: "detail",
    label: t("audit.detail"),
    render: (/** @type {any} */ act) => (Object.keys(act.detail).length ? html`<code class="wrap">${JSON.stringify(act.detail)}</code>` : ""),
  },
];

export function Audit() {
  const [form, setForm] = useState({ subject: "", actor: "" });
  const [filter, setFilter] = useState(form);
  const [cursors, setCursors] = useState([""]);
  const acts = useAsked(() => api.get("/v1/audit", { ...filter, cursor: cursors[cursors.length - 1], limit: PAGE }), [filter, cursors]);
  const look = (/** @type {Event} */ event) => {
    event.preventDefault();
    setFilter({ subject: form.subject.trim(), actor: form.actor.trim() });
    setCursors([""]);
  };
  const next = acts.value?.next_cursor;
  return html`<section class="card">
    <form class="filters" role="search" aria-label=${t("admin.audit")} onSubmit=${look}>
      <${Field} label=${t("audit.subject")} value=${form.subject} placeholder="campaign/1" title=${t("audit.subject_hint")}
        onInput=${(/** @type {string} */ subject) => setForm({ ...form, subject })} />
      <${Field} label=${t("audit.actor")} value=${form.actor} onInput=${(/** @type {string} */ actor) => setForm({ ...form, actor })} />
      <${Button} type="submit">${t("audit.find")}<//>
    </form>
    <${ErrorBox} problem=${acts.problem} />
    <${Table} caption=${t("audit.caption")} columns=${columnsOf()} rows=${acts.value?.items ?? []} rowKey=${(/** @type {any} */ act) => act.entry_id}
      empty=${acts.value ? t("audit.none") : ""} />
    <div class="buttons">
      ${cursors.length > 1 && html`<${Button} onClick=${() => setCursors(cursors.slice(0, -1))}>${t("lists.previous")}<//>`}
      ${next && html`<${Button} onClick=${() => setCursors([...cursors, next])}>${t("lists.next")}<//>`}
    </div>
  </section>`;
}
