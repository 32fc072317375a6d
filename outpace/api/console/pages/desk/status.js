// What the agent does, for how long, what follows; and the acts that change it.

import { api } from "../../lib/api.js";
import { html, useLayoutEffect, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Kbd, useKeys } from "../../lib/keys.js";
import { useMe } from "../../lib/session.js";
import { Badge, Button, Dialog, ErrorBox, Field, Timer, useAct } from "../../lib/ui.js";
import { legName, REASONS, reasonName, stateName, toneOf } from "../agents/words.js";

const IN_CALL = ["reserved", "previewing", "connecting", "talking", "hold"];

/**
 * Whether the agent has something in hand, so that what is asked for waits.
 *
 * @param {any} agent
 */
export const isInCall = (agent) => IN_CALL.includes(agent.state);

/**
 * Choosing why one is not ready; digits choose at once.
 *
 * @param {{onChoose: (code: number) => void, onClose: () => void}} props
 */
export function Reasons({ onChoose, onClose }) {
  // at once, so that a digit may follow N however fast
  useLayoutEffect(() => {
    const listen = (/** @type {KeyboardEvent} */ event) => {
      const code = Number(event.key);
      if (/^\d$/.test(event.key) && (code === 0 || REASONS.includes(code))) {
        event.preventDefault();
        onChoose(code);
      }
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
  return html`<${Dialog} title=${t("desk.why_not_ready")} onClose=${onClose}>
    <ul class="reasons">
      ${[...REASONS, 0].map(
        (code) => html`<li key=${code}>
          <${Button} onClick=${() => onChoose(code)} aria-keyshortcuts=${String(code)}>
            <kbd aria-hidden="true">${code}</kbd> ${code ? reasonName(code) : t("desk.no_reason")}
          <//>
        </li>`,
      )}
    </ul>
  <//>`;
}

/**
 * What the agent is, since when, and what follows.
 *
 * @param {{agent: any}} props
 */
function State({ agent }) {
  return html`<div class="agent-state">
    <strong class="who">${agent.name}</strong>
    <${Badge} tone=${toneOf(agent.state)}>${stateName(agent.state)}<//>
    ${agent.state === "not_ready" && agent.reason && html`<span>${reasonName(agent.reason)}</span>`}
    <${Timer} since=${agent.since} />
    ${agent.next_state && html`<${Badge} tone="warn">${t("desk.then", { state: stateName(agent.next_state) })}<//>`}
    ${agent.state !== "logged_out" && html`<span class="hint">${t("desk.leg", { leg: agent.leg, state: legName(agent.leg_state) })}</span>`}
  </div>`;
}

/** @param {{agent: any, onLogIn: (leg: string) => void, busy: boolean}} props */
function LogIn({ agent, onLogIn, busy }) {
  const { names_legs } = useMe();
  const [named, setLeg] = useState(agent.leg);
  const leg = names_legs ? named : agent.leg;
  useKeys({ l: () => onLogIn(leg) });
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    onLogIn(leg);
  };
  return html`<form class="row" onSubmit=${send}>
    <${Field} label=${t("desk.leg_field")} value=${leg} onInput=${setLeg} maxlength="200" readonly=${!names_legs} hint=${t(names_legs ? "desk.leg_hint" : "desk.leg_set_hint")} />
    <${Button} kind="primary" type="submit" busy=${busy} aria-keyshortcuts="L">${t("desk.log_in")} <${Kbd} name="l" /><//>
  </form>`;
}

/** @param {{desk: any, look: () => void}} props */
export function StatusBar({ desk, look }) {
  const { agent } = desk;
  const [choosing, setChoosing] = useState(false);
  const address = `/v1/agents/${agent.agent_id}/desk`;
  const { run, busy, problem } = useAct(async (/** @type {string} */ what, /** @type {any} */ body) => {
    try {
      await api.post(`${address}/${what}`, body);
    } finally {
      look();
    }
  });
  const isOut = agent.state === "logged_out";
  const mayReady = !isOut && (agent.state !== "ready" || agent.next_state);
  const chosen = (/** @type {number} */ code) => {
    setChoosing(false);
    run("not-ready", { reason: code });
  };
  const pause = () => setChoosing(true);
  const ready = () => run("ready");
  const leave = () => run("log-out");
  useKeys({ r: mayReady && ready, n: !isOut && pause, o: !isOut && leave });
  const later = isInCall(agent) ? html`<span class="hint">${t("desk.after_call")}</span>` : null;
  return html`<section class="status" aria-label=${t("desk.status")}>
    <${State} agent=${agent} />
    ${isOut
      ? html`<${LogIn} agent=${agent} busy=${busy} onLogIn=${(/** @type {string} */ leg) => run("log-in", leg === agent.leg ? {} : { leg })} />`
      : html`<div class="row">
          <${Button} kind="primary" busy=${busy} disabled=${!mayReady} onClick=${ready} aria-keyshortcuts="R">${t("desk.ready")} <${Kbd} name="r" /><//>
          <${Button} onClick=${pause} aria-keyshortcuts="N">${t("desk.not_ready")} <${Kbd} name="n" /><//>
          <${Button} busy=${busy} onClick=${leave} aria-keyshortcuts="O">${t("desk.log_out")} <${Kbd} name="o" /><//>
          ${later}
        </div>`}
    <${ErrorBox} problem=${problem} />
    ${choosing && html`<${Reasons} onChoose=${chosen} onClose=${() => setChoosing(false)} />`}
  </section>`;
}
