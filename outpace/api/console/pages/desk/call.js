// The call in hand and its record.

import { api } from "../../lib/api.js";
import { engineNow, secondsSince } from "../../lib/clock.js";
import { duration, time } from "../../lib/format.js";
import { html, useEffect, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Kbd, useKeys } from "../../lib/keys.js";
import { Badge, Button, ErrorBox, Timer, useAct } from "../../lib/ui.js";
import { stateName } from "../agents/words.js";

/** @type {Record<string, string>} */
const TONES = { talking: "good", ended: "", treatment: "bad" };

/**
 * What the clocks show where the person is.
 *
 * @param {{zone: string}} props
 */
export function LocalTime({ zone }) {
  const [, draw] = useState({});
  useEffect(() => {
    const timer = setInterval(() => draw({}), 1000);
    return () => clearInterval(timer);
  }, []);
  return html`<span class="timer">${time(new Date(engineNow()).toISOString(), zone)}</span>`;
}

/**
 * How long the wrap-up has lasted, and what is left of it.
 *
 * @param {{since: string, most: number, next: string}} props
 */
function WrapUp({ since, most, next }) {
  const [, draw] = useState({});
  useEffect(() => {
    const timer = setInterval(() => draw({}), 500);
    return () => clearInterval(timer);
  }, []);
  const spent = secondsSince(since);
  const left = Math.max(0, most - spent);
  return html`<p class=${`row wrap-up ${most && left < 10 ? "bad" : ""}`}>
    <strong>${t("desk.wrap_up")}</strong> <span class="timer">${duration(spent)}</span>
    ${most ? html`<span>${t("desk.wrap_up_left", { left: duration(left), state: stateName(next || "ready") })}</span>` : html`<span>${t("desk.wrap_up_open")}</span>`}
  </p>`;
}

/**
 * A value of an attribute, in words.
 *
 * @param {unknown} value
 */
export function shownValue(value) {
  if (typeof value === "boolean") return t(value ? "answer.yes" : "answer.no");
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? "");
}

/**
 * Names and values.
 *
 * @param {{attributes: Record<string, unknown>}} props
 */
export function Attributes({ attributes }) {
  const known = Object.entries(attributes);
  if (!known.length) return html`<p class="hint">${t("desk.no_attributes")}</p>`;
  return html`<dl class="record">
    ${known.map(([name, value]) => html`<dt key=${`n-${name}`}>${name}</dt><dd key=${`v-${name}`}>${shownValue(value)}</dd>`)}
  </dl>`;
}

/**
 * Where the script is: a reference of the operator's, opened when it is an address.
 *
 * @param {{reference: string}} props
 */
function Script({ reference }) {
  if (!reference) return null;
  return html`<p>
    ${t("desk.script")}${" "}
    ${/^https?:\/\//.test(reference)
      ? html`<a href=${reference} target="_blank" rel="noreferrer noopener">${reference}</a>`
      : html`<code>${reference}</code>`}
  </p>`;
}

/**
 * The person's number: masked until it is asked for.
 *
 * @param {{lead: any, number: string, onReveal: () => void, busy: boolean}} props
 */
function PhoneNumber({ lead, number, onReveal, busy }) {
  const shown = number || lead.number;
  return html`<p class="phone">
    <span aria-live="polite">${shown}</span>
    ${shown.includes("*") &&
    html`<${Button} kind="quiet" busy=${busy} onClick=${onReveal} aria-keyshortcuts="V" title=${t("desk.reveal_hint")}>
      ${t("desk.reveal")} <${Kbd} name="v" />
    <//>`}
  </p>`;
}

/** @param {{desk: any, look: () => void}} props */
export function CallPanel({ desk, look }) {
  const { agent, call } = desk;
  const { lead } = call;
  const state = call.call.state;
  const [number, setNumber] = useState("");
  const reveal = useAct(async () => setNumber((await api.post(`/v1/leads/${lead.lead_id}/reveal`)).full_number));
  const hangUp = useAct(async () => {
    await api.post(`/v1/calls/${call.call.call_id}/hang-up`);
    look();
  });
  const isLive = state !== "ended" && agent.state !== "wrap_up";
  useKeys({ h: isLive && hangUp.run, v: lead.number.includes("*") && !number && reveal.run });
  return html`<section class="card" aria-label=${t("desk.call")}>
    <header>
      <h2>${call.campaign}</h2>
      <span class="row">
        <${Badge} tone=${TONES[state] ?? "busy"}>${t(`call.state.${state}`)}<//>
        ${isLive && html`<${Timer} since=${call.call.since} />`}
      </span>
    </header>
    <${PhoneNumber} lead=${lead} number=${number} busy=${reveal.busy} onReveal=${reveal.run} />
    <p class="hint">
      ${lead.reference && `${t("desk.reference", { reference: lead.reference })} · `}
      ${t("desk.attempt", { n: call.call.attempt_number })} · ${t("desk.their_time")} <${LocalTime} zone=${call.timezone} />${" "}(${call.timezone}${call.timezone_from === "number" ? "" : `, ${t(`desk.zone.${call.timezone_from}`)}`})
    </p>
    ${agent.state === "wrap_up" && html`<${WrapUp} since=${agent.since} most=${call.wrap_up_max_s} next=${agent.next_state} />`}
    <${Script} reference=${call.script_ref} />
    <h3>${t("desk.record")}</h3>
    <${Attributes} attributes=${lead.attributes} />
    <div class="row">
      <${Button} kind="danger" disabled=${!isLive} busy=${hangUp.busy} onClick=${hangUp.run} aria-keyshortcuts="H">
        ${t("desk.hang_up")} <${Kbd} name="h" />
      <//>
    </div>
    <${ErrorBox} problem=${reveal.problem ?? hangUp.problem} />
  </section>`;
}
