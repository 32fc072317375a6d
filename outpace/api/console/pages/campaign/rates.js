// Launches and answers per minute over time, as this tab has seen them.

import { Chart } from "../../lib/chart.js";
import { number, time } from "../../lib/format.js";
import { html, useEffect, useMemo, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";

/** Points kept of a campaign: one a second. */
const KEPT = 900;

/** @type {Map<number, {at: number, launches: number, answers: number}[]>} by campaign, kept while the tab is open */
const seen = new Map();

/** @param {any} board */
function note(board) {
  const points = seen.get(board.campaign_id) ?? [];
  const at = Date.parse(board.at) / 1000;
  const last = points.at(-1);
  if (last && last.at >= at) return points;
  const kept = [...points.slice(1 - KEPT), { at, launches: board.launches_per_minute, answers: board.answers_per_minute }];
  seen.set(board.campaign_id, kept);
  return kept;
}

/** @param {{board: any, zone?: string}} props */
export function Rates({ board, zone }) {
  const [points, setPoints] = useState(() => note(board));
  useEffect(() => setPoints(note(board)), [board.at]);
  const data = useMemo(
    () => [points.map((point) => point.at), points.map((point) => point.launches), points.map((point) => point.answers)],
    [points],
  );
  const write = (/** @type {number | null} */ value) => number(value, value !== null && value < 10 && !Number.isInteger(value) ? 1 : 0);
  return html`<${Chart}
    label=${t("board.rates")}
    series=${[
      { name: t("board.launches-rate"), colour: "--line-1", format: write, fill: true },
      { name: t("board.answers-rate"), colour: "--line-2", format: write },
    ]}
    data=${data}
    most=${10}
    clock=${(/** @type {number} */ seconds) => time(new Date(seconds * 1000).toISOString(), zone)}
  />`;
}
