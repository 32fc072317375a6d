// Where events are posted, and those that were not taken.

import { api } from "../../lib/api.js";
import { number } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, Check, ErrorBox, Field, Table, toast, useAct, useAsked } from "../../lib/ui.js";

const TOPICS = ["attempts", "dispositions", "alarms", "campaigns", "agents", "calls", "jobs"];
const LOOK_MS = 5000;

/** @param {{onAdded: () => void}} props */
function WebhookForm({ onAdded }) {
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState("");
  const [topics, setTopics] = useState(["attempts", "dispositions"]);
  const { run, busy, problem } = useAct(async () => {
    await api.post("/v1/webhooks", { url, secret, topics });
    setUrl("");
    setSecret("");
    onAdded();
  });
  const errors = problem?.fields ?? {};
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  const choose = (/** @type {string} */ topic, /** @type {boolean} */ on) => setTopics(TOPICS.filter((one) => (one === topic ? on : topics.includes(one))));
  return html`<form class="card" onSubmit=${send} aria-label=${t("webhooks.add")}>
    <h2>${t("webhooks.add")}</h2>
    <div class="form">
      <${Field} label=${t("webhooks.url")} type="url" required value=${url} error=${errors.url ?? ""} onInput=${setUrl} />
      <${Field} label=${t("webhooks.secret")} type="password" autocomplete="off" required minlength="16" maxlength="200" value=${secret}
        hint=${t("webhooks.secret_hint")} error=${errors.secret ?? ""} onInput=${setSecret} />
    </div>
    <fieldset>
      <legend>${t("webhooks.topics")}</legend>
      <div class="form">
        ${TOPICS.map((topic) => html`<${Check} key=${topic} label=${t(`topic.${topic}`)} checked=${topics.includes(topic)} onChange=${(/** @type {boolean} */ on) => choose(topic, on)} />`)}
      </div>
    </fieldset>
    <${ErrorBox} problem=${problem} />
    <div class="buttons"><${Button} kind="primary" type="submit" busy=${busy} disabled=${!topics.length}>${t("webhooks.add")}<//></div>
  </form>`;
}

export function Webhooks() {
  const hooks = useAsked(() => api.get("/v1/webhooks"), [], LOOK_MS);
  const act = useAct(async (/** @type {() => Promise<unknown>} */ what) => {
    await what();
    await hooks.again();
  });
  const retry = (/** @type {any} */ hook) => async () => {
    const { retried } = await api.post(`/v1/webhooks/${hook.webhook_id}/dead-letters/retry`);
    toast(t("webhooks.retried", { n: retried }));
  };
  /** @type {any[]} */
  const columns = [
    { key: "url", label: t("webhooks.url"), isHead: true },
    { key: "topics", label: t("webhooks.topics"), render: (/** @type {any} */ hook) => hook.topics.map((/** @type {string} */ topic) => t(`topic.${topic}`)).join(", ") },
    { key: "delivered", label: t("webhooks.delivered"), align: "end", render: (/** @type {any} */ hook) => number(hook.delivered) },
    { key: "dead", label: t("webhooks.dead"), align: "end", render: (/** @type {any} */ hook) => number(hook.dead) },
    { key: "last_error", label: t("webhooks.last_error"), render: (/** @type {any} */ hook) => html`<small lang="en">${hook.last_error}</small>` },
    {
      key: "act",
      label: t("webhooks.act"),
      render: (/** @type {any} */ hook) => html`<div class="buttons">
        ${hook.dead > 0 && html`<${Button} kind="quiet small" busy=${act.busy} onClick=${() => act.run(retry(hook))}>${t("webhooks.retry")}<//>`}
        <${Button} kind="danger small" busy=${act.busy} onClick=${() => act.run(() => api.del(`/v1/webhooks/${hook.webhook_id}`))}
          aria-label=${t("webhooks.remove_one", { url: hook.url })}>${t("webhooks.remove")}<//>
      </div>`,
    },
  ];
  return html`<div class="stack">
    <${WebhookForm} onAdded=${hooks.again} />
    <section class="card">
      <${ErrorBox} problem=${hooks.problem ?? act.problem} />
      <${Table} caption=${t("webhooks.caption")} columns=${columns} rows=${hooks.value ?? []} rowKey=${(/** @type {any} */ hook) => hook.webhook_id}
        empty=${hooks.value ? t("webhooks.none") : ""} />
    </section>
  </div>`;
}
