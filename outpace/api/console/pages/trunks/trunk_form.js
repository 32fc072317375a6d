// Settings of a trunk group, changed on the version that was seen.

import { api } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, Dialog, ErrorBox, Field, Select, useAct } from "../../lib/ui.js";

const KINDS = ["sip", "isdn_pri", "ss7", "mfc_r2", "analogue"];
const SUPERVISIONS = ["trusted", "guessed"];
const NUMBERS = ["channels", "cps", "burst", "max_pending"];
const TEXTS = ["dial", "strip", "prefix"];
const NEW = {
  name: "", kind: "sip", channels: 30, cps: 10, burst: 1, max_pending: 200, caller_ids: [], answer_supervision: "trusted",
  dial: "PJSIP/{number}@carrier", strip: "", prefix: "",
};

/**
 * Settings as a form holds them: all texts.
 *
 * @param {any} settings
 * @returns {Record<string, string>}
 */
function formOf(settings) {
  const all = { ...NEW, ...settings };
  return Object.fromEntries(Object.keys(NEW).map((key) => [key, key === "caller_ids" ? all.caller_ids.join(", ") : String(all[key])]));
}

/**
 * One setting out of its text.
 *
 * @param {string} key
 * @param {string} text
 */
function valueOf(key, text) {
  if (NUMBERS.includes(key)) return Number(text);
  return key === "caller_ids" ? text.split(/[\s,]+/).filter(Boolean) : text;
}

/** @param {{group: any, onClose: () => void, onSaved: (name: string) => void}} props version 0 = a new one */
export function TrunkForm({ group, onClose, onSaved }) {
  const [base, setBase] = useState(group);
  const [form, setForm] = useState(formOf(group.settings));
  const { run, busy, problem, clear } = useAct(async () => {
    const before = formOf(base.settings);
    const changed = Object.entries(form).filter(([key, text]) => !base.version || text !== before[key]);
    const body = Object.fromEntries(changed.map(([key, text]) => [key, valueOf(key, text)]));
    if (!base.version) await api.post("/v1/trunk-groups", body);
    else if (changed.length) await api.patch(`/v1/trunk-groups/${base.settings.id}`, body, { ifMatch: base.version });
    onSaved(form.name);
  });
  // what somebody else has changed meanwhile is taken over, what was typed here stays
  const takeOver = useAct(async () => {
    const now = await api.get(`/v1/trunk-groups/${base.settings.id}`);
    const [was, is] = [formOf(base.settings), formOf(now.settings)];
    setForm(Object.fromEntries(Object.entries(form).map(([key, text]) => [key, text === was[key] ? is[key] : text])));
    setBase(now);
    clear();
  });
  const errors = problem?.fields ?? {};
  const field = (/** @type {string} */ key, /** @type {any} */ more = {}) => html`<${Field}
    label=${t(`trunks.${key}`)} value=${form[key]} error=${errors[key] ?? ""} onInput=${(/** @type {string} */ text) => setForm({ ...form, [key]: text })} ...${more} />`;
  const choice = (/** @type {string} */ key, /** @type {string[]} */ values, /** @type {string} */ words) => html`<${Select}
    label=${t(`trunks.${key}`)} value=${form[key]} options=${values.map((one) => [one, t(`${words}.${one}`)])} onChange=${(/** @type {string} */ text) => setForm({ ...form, [key]: text })} />`;
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  const title = base.version ? t("trunks.change_one", { name: base.settings.name }) : t("trunks.add");
  return html`<${Dialog} title=${title} onClose=${onClose} isWide>
    <form class="stack" onSubmit=${send}>
      <div class="form">
        ${field("name", { required: true })} ${choice("kind", KINDS, "trunk.kind")}
        ${NUMBERS.map((key) => field(key, { type: "number", min: key === "cps" ? "0.01" : "1", step: key === "cps" ? "any" : "1", required: true }))}
        ${field("caller_ids", { hint: t("trunks.caller_ids_hint") })} ${choice("answer_supervision", SUPERVISIONS, "trunk.supervision")}
        ${TEXTS.map((key) => field(key, key === "dial" ? { hint: t("trunks.dial_hint"), required: true } : {}))}
      </div>
      <${ErrorBox} problem=${problem ?? takeOver.problem} />
      <div class="buttons">
        ${base.version > 0 && html`<span class="hint">${t("trunks.version")} ${base.version}</span>`}
        ${problem?.slug === "version-conflict" && html`<${Button} busy=${takeOver.busy} onClick=${() => takeOver.run()}>${t("trunks.take_over")}<//>`}
        <${Button} kind="primary" type="submit" busy=${busy}>${t("action.save")}<//>
      </div>
    </form>
  <//>`;
}
