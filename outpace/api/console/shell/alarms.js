// What somebody should look at, above every page.

import { html } from "../lib/html.js";
import { hasText, t, useLanguage } from "../lib/i18n.js";
import { useEngineTime, useLive } from "../lib/live.js";
import { may, useMe } from "../lib/session.js";

/**
 * An alarm's kind in words.
 *
 * @param {string} alarm
 */
export const alarmTitle = (alarm) => (hasText(`alarm.${alarm}`) ? t(`alarm.${alarm}`) : alarm);

function Banner() {
  const { items } = useLive("alarms");
  useEngineTime();
  const alarms = [...items.values()].sort((a, b) => a.severity.localeCompare(b.severity));
  const worst = alarms[0];
  return html`<div class="alarms" role="status" aria-live="polite">
    ${worst &&
    html`<a class=${`alarm ${worst.severity}`} href="#/alarms">
      <strong>${t(`severity.${worst.severity}`)}</strong>
      <span>${alarmTitle(worst.alarm)} · ${worst.subject === "node" ? t("alarm.node") : worst.subject}</span>
      ${alarms.length > 1 && html`<span class="more">${t("alarm.more", { n: alarms.length - 1 })}</span>`}
    </a>`}
  </div>`;
}

/** The banner, for those who may hear of alarms. */
export function Alarms() {
  const me = useMe();
  useLanguage();
  return may.seeFigures(me) ? html`<${Banner} />` : null;
}
