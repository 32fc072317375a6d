// Start, pause, resume, drain, stop now, archive.

import { api } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { may, useMe } from "../../lib/session.js";
import { Button, Dialog, ErrorBox, problemTitle, toast, useAct } from "../../lib/ui.js";

const UNANSWERED = ["launching", "proceeding", "ringing"];
const IN_HAND = ["answered", "classifying", "queued", "connecting", "talking", "treatment"];

/**
 * What can be done in a state, the first thing first.
 *
 * @type {Record<string, string[]>}
 */
const OFFERED = {
  draft: ["start"],
  scheduled: ["start"],
  running: ["pause", "drain", "stop"],
  paused: ["resume", "drain", "stop"],
  draining: ["resume", "stop"],
  completed: ["start"],
};
const IDLE = ["draft", "scheduled", "completed"];

/** @type {Record<string, [string, unknown]>} */
const REQUESTS = {
  start: ["start", undefined],
  pause: ["pause", undefined],
  resume: ["resume", undefined],
  drain: ["stop", { now: false }],
  stop: ["stop", { now: true }],
  archive: ["archive", undefined],
};

/**
 * @param {Record<string, number> | undefined} calls
 * @param {string[]} states
 */
const count = (calls, states) => states.reduce((sum, state) => sum + (calls?.[state] ?? 0), 0);

/**
 * Asks before calls are hung up, or a campaign is put away.
 *
 * @param {any} props
 */
function Confirm({ name, act, board, onDone, onClose }) {
  const { run, busy, problem } = useAct(async () => {
    await onDone();
    onClose();
  });
  const [ringing, inHand] = [count(board?.calls, UNANSWERED), count(board?.calls, IN_HAND)];
  const footer = html`<${Button} onClick=${onClose}>${t("action.cancel")}<//>
    <${Button} kind="danger" busy=${busy} onClick=${() => run()}>${t(`act.${act}`)}<//>`;
  return html`<${Dialog} title=${t(`confirm.${act}.title`, { name })} onClose=${onClose} footer=${footer}>
    ${act === "stop" &&
    html`<ul class="points">
      <li><strong>${t("confirm.stop.unanswered", { n: ringing })}</strong> ${t("confirm.stop.unanswered.then")}</li>
      <li><strong>${t("confirm.stop.in-hand", { n: inHand })}</strong> ${t("confirm.stop.in-hand.then")}</li>
      <li>${t("confirm.stop.launches")}</li>
    </ul>`}
    ${act === "archive" && html`<p>${t("confirm.archive.text")}</p>`}
    <${ErrorBox} problem=${problem} />
  <//>`;
}

/**
 * @param {{campaignId: number, name: string, state: string, board?: any, onDone: () => void, isSmall?: boolean}} props
 */
export function Actions({ campaignId, name, state, board, onDone, isSmall = false }) {
  const [asked, setAsked] = useState("");
  const me = useMe();
  const send = async (/** @type {string} */ act) => {
    const [path, body] = REQUESTS[act];
    await api.post(`/v1/campaigns/${campaignId}/${path}`, body);
    toast(t(`done.${act}`, { name }));
    onDone();
  };
  const { run, busy } = useAct(async (/** @type {string} */ act) => {
    try {
      await send(act);
    } catch (problem) {
      toast(problemTitle(problem), "wrong");
    }
  });
  if (!may.steer(me)) return null;
  const offered = [...(OFFERED[state] ?? []), ...(!isSmall && may.create(me) && IDLE.includes(state) ? ["archive"] : [])];
  const kind = (/** @type {string} */ act) => `${{ start: "primary", resume: "primary", stop: "danger", archive: "quiet" }[act] ?? ""} ${isSmall ? "small" : ""}`;
  return html`<div class="buttons">
      ${offered.map(
        (act) => html`<${Button}
          key=${act}
          kind=${kind(act)}
          busy=${busy}
          aria-label=${isSmall ? `${t(`act.${act}`)}: ${name}` : undefined}
          onClick=${() => (act === "stop" || act === "archive" ? setAsked(act) : run(act))}
        >
          ${t(`act.${act}`)}
        <//>`,
      )}
    </div>
    ${asked && html`<${Confirm} name=${name} act=${asked} board=${board} onDone=${() => send(asked)} onClose=${() => setAsked("")} />`}`;
}
