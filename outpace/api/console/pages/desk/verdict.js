// What the agent says of a call: a disposition, answers of their kinds, a callback in the person's time, no more calls.

import { api, newKey } from "../../lib/api.js";
import { engineNow } from "../../lib/clock.js";
import { dateTime } from "../../lib/format.js";
import { html, useRef, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Kbd, useKeys } from "../../lib/keys.js";
import { Button, Check, ErrorBox, Field, Select, TextArea, toast, useAct } from "../../lib/ui.js";
import { momentOf, ownZone, wallTime } from "../../lib/zones.js";
import { isInCall } from "./status.js";

const DAY_MS = 86_400_000;
const MORNING = "T10:00";

/**
 * An answer's value out of what was filled in; undefined = nothing was.
 *
 * @param {string} kind
 * @param {string} text
 */
function valueOf(kind, text) {
  if (text === "" || text === undefined) return undefined;
  if (kind === "number") return Number(text);
  return kind === "yes_no" ? text === "yes" : text;
}

/**
 * A field of the right kind.
 *
 * @param {{name: string, kind: string, value: string, onInput: (text: string) => void, error: string}} props
 */
function AnswerField({ name, kind, value, onInput, error }) {
  if (kind === "yes_no") {
    const options = [["", "–"], ["yes", t("answer.yes")], ["no", t("answer.no")]];
    return html`<${Select} label=${name} value=${value} options=${options} onChange=${onInput} error=${error} />`;
  }
  const type = { number: "number", date: "date" }[kind] ?? "text";
  const step = kind === "number" ? "any" : undefined;
  return html`<${Field} label=${name} type=${type} step=${step} value=${value} onInput=${onInput} error=${error} />`;
}

/** @param {{names: string[], chosen: string, onChoose: (name: string) => void}} props */
function Choices({ names, chosen, onChoose }) {
  return html`<fieldset class="verdicts">
    <legend>${t("desk.disposition")}</legend>
    ${names.map(
      (name, place) => html`<label key=${name} class="verdict">
        <input type="radio" name="disposition" value=${name} checked=${chosen === name} onChange=${() => onChoose(name)} />
        ${place < 9 && html`<${Kbd} name=${String(place + 1)} />`} <span>${name}</span>
      </label>`,
    )}
  </fieldset>`;
}

/**
 * When to call back, in the person's time.
 *
 * @param {{call: any, wall: string, onInput: (wall: string) => void, error: string, field: any}} props
 */
function Callback({ call, wall, onInput, error, field }) {
  const zone = call.timezone;
  const now = engineNow();
  const tomorrow = wallTime(now + DAY_MS, zone).slice(0, 10) + MORNING;
  const at = momentOf(wall, zone);
  return html`<fieldset>
    <legend>${t("desk.callback")} <${Kbd} name="c" /></legend>
    <div ref=${field}>
      <${Field}
        label=${t("desk.callback_at", { zone })}
        type="datetime-local"
        min=${wallTime(now, zone)}
        value=${wall}
        onInput=${onInput}
        error=${error}
        hint=${t(`desk.zone_hint.${call.timezone_from}`)}
      />
    </div>
    <div class="row">
      <${Button} kind="quiet" onClick=${() => onInput(wallTime(now + 3_600_000, zone))}>${t("desk.in_an_hour")}<//>
      <${Button} kind="quiet" onClick=${() => onInput(tomorrow)}>${t("desk.tomorrow")}<//>
      ${wall && html`<${Button} kind="quiet" onClick=${() => onInput("")}>${t("desk.no_callback")}<//>`}
    </div>
    ${at && zone !== ownZone() && html`<p class="hint">${t("desk.own_time", { time: dateTime(at) })}</p>`}
  </fieldset>`;
}

/** What is said of a call, as the form holds it. */
function useForm(/** @type {any} */ call) {
  const [form, setForm] = useState({
    chosen: call.disposition || (call.dispositions.length === 1 ? call.dispositions[0] : ""),
    answers: /** @type {Record<string, string>} */ ({}),
    note: "",
    wall: "",
    suppress: false,
  });
  return { form, change: (/** @type {Partial<typeof form>} */ some) => setForm((/** @type {any} */ before) => ({ ...before, ...some })) };
}

/**
 * The body that a form makes.
 *
 * @param {any} call
 * @param {any} form
 * @param {boolean} ready
 */
function bodyOf(call, form, ready) {
  const given = Object.entries(call.answers).map(([name, kind]) => [name, valueOf(/** @type {string} */ (kind), form.answers[name])]);
  const attributes = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  if (form.note.trim()) attributes.note = form.note.trim();
  return {
    call_id: call.call.call_id,
    disposition: form.chosen,
    attributes,
    callback_at: momentOf(form.wall, call.timezone),
    suppress: form.suppress,
    ready,
  };
}

/** @param {{desk: any, look: () => void}} props */
export function Verdict({ desk, look }) {
  const { agent, call } = desk;
  const { form, change } = useForm(call);
  const callbackField = useRef(/** @type {HTMLElement | null} */ (null));
  const { run, busy, problem } = useAct(async (/** @type {boolean} */ ready) => {
    await api.post(`/v1/agents/${agent.agent_id}/desk/disposition`, bodyOf(call, form, ready), { idempotencyKey: newKey() });
    toast(t("desk.saved", { disposition: form.chosen }));
    look();
  });
  const errors = problem?.fields ?? {};
  const save = () => form.chosen && run(false);
  // ready ends a wrap-up; during the call it would only take back what was asked for after it
  const mayReady = !isInCall(agent);
  const saveAndReady = () => form.chosen && mayReady && run(true);
  const digits = call.dispositions.slice(0, 9).map((/** @type {string} */ name, /** @type {number} */ place) => [place + 1, () => change({ chosen: name })]);
  useKeys({
    ...Object.fromEntries(digits),
    c: () => callbackField.current?.querySelector("input")?.focus(),
    d: () => change({ suppress: !form.suppress }),
    s: save,
    w: saveAndReady,
    submit: mayReady ? saveAndReady : save,
  });
  return html`<section class="card" aria-label=${t("desk.verdict")}>
    <h2>${t("desk.verdict")}</h2>
    ${call.disposition && html`<p class="hint" role="status">${t("desk.said_already", { disposition: call.disposition })}</p>`}
    <${Choices} names=${call.dispositions} chosen=${form.chosen} onChoose=${(/** @type {string} */ chosen) => change({ chosen })} />
    ${Object.entries(call.answers).map(
      ([name, kind]) => html`<${AnswerField}
        key=${name}
        name=${name}
        kind=${kind}
        value=${form.answers[name] ?? ""}
        error=${errors[`attributes.${name}`] ?? ""}
        onInput=${(/** @type {string} */ text) => change({ answers: { ...form.answers, [name]: text } })}
      />`,
    )}
    <${TextArea} label=${t("desk.note")} value=${form.note} rows=${2} onInput=${(/** @type {string} */ note) => change({ note })} />
    <${Callback}
      call=${call}
      wall=${form.wall}
      error=${errors.callback_at ?? ""}
      field=${callbackField}
      onInput=${(/** @type {string} */ wall) => change({ wall })}
    />
    <${Check}
      label=${html`${t("desk.suppress")} <${Kbd} name="d" />`}
      checked=${form.suppress}
      hint=${t("desk.suppress_hint")}
      onChange=${(/** @type {boolean} */ suppress) => change({ suppress })}
    />
    <div class="row">
      <${Button} kind="primary" busy=${busy} disabled=${!form.chosen || !mayReady} onClick=${saveAndReady} aria-keyshortcuts="W">
        ${t("desk.save_ready")} <${Kbd} name="w" />
      <//>
      <${Button} busy=${busy} disabled=${!form.chosen} onClick=${save} aria-keyshortcuts="S">${t("desk.save")} <${Kbd} name="s" /><//>
    </div>
    <${ErrorBox} problem=${problem} />
  </section>`;
}
