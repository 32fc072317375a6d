// Lines over time by uPlot, with the same in words for those who do not see them.

import UPlot from "../vendor/uplot.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { locale, t, useLanguage } from "./i18n.js";
import { useTheme } from "./theme.js";

const HEIGHT = 170;
/** Rows of the table behind a chart. */
const ROWS = 12;

/**
 * A custom property as a colour that a canvas takes: what it is depends on the theme.
 *
 * @param {string} name
 */
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/**
 * @typedef {{name: string, colour: string, dash?: number[], fill?: boolean, format: (value: number | null) => string}} Series
 *   `colour` = a custom property, such as `--line-1`.
 */

/**
 * @param {Series[]} series
 * @param {number} width
 * @param {(seconds: number) => string} clock
 * @param {number} [most]
 */
function optionsOf(series, width, clock, most) {
  const grid = { stroke: colour("--rule"), width: 1 };
  const axis = { stroke: colour("--faint"), grid, ticks: grid, font: `11px ${getComputedStyle(document.body).fontFamily}` };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ high) => [0, Math.max(high * 1.1, most ?? 1e-9)] } },
    axes: [
      { ...axis, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(clock), space: 70, size: 26 },
      { ...axis, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(series[0].format), size: 48 },
    ],
    series: [
      {},
      ...series.map((one) => ({
        stroke: colour(one.colour),
        width: 2,
        dash: one.dash,
        fill: one.fill ? colour(one.colour).replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)") : undefined,
        points: { show: false },
      })),
    ],
  };
}

/**
 * What the lines say: the last points as a table.
 *
 * @param {{label: string, series: Series[], data: (number | null)[][], clock: (seconds: number) => string}} props
 */
function AsTable({ label, series, data, clock }) {
  const times = data[0].slice(-ROWS);
  const first = data[0].length - times.length;
  return html`<table>
    <caption>${label}</caption>
    <thead><tr><th scope="col">${t("chart.time")}</th>${series.map((one) => html`<th key=${one.name} scope="col" class="end">${one.name}</th>`)}</tr></thead>
    <tbody>
      ${times.map(
        (at, row) => html`<tr key=${at}>
          <th scope="row">${clock(Number(at))}</th>
          ${series.map((one, column) => html`<td key=${one.name} class="end">${one.format(data[column + 1][first + row])}</td>`)}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

/**
 * A chart. `data` = [seconds since 1970, values of each series ...]; a null is a gap.
 *
 * @param {{label: string, series: Series[], data: (number | null)[][], clock: (seconds: number) => string, most?: number}} props
 *   `clock` writes a time; `most` = the scale goes at least up to there.
 */
export function Chart({ label, series, data, clock, most }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const [isTable, setIsTable] = useState(false);
  const language = useLanguage();
  const theme = useTheme();
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const box = place.current;
    if (!box || isTable) return undefined;
    plot.current = new UPlot(optionsOf(series, box.clientWidth || 300, clock, most), latest.current, box);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: box.clientWidth || 300, height: HEIGHT }));
    observer.observe(box);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [language, theme, isTable, most]);
  useEffect(() => plot.current?.setData(data), [data]);
  const last = series.map((one, column) => `${one.name} ${one.format(data[column + 1].at(-1) ?? null)}`);
  return html`<figure class="chart">
    <figcaption>
      <span class="legend">
        ${series.map(
          (one) => html`<span key=${one.name} class="key"><i class=${`line ${one.colour.slice(2)}`} aria-hidden="true"></i>${one.name}</span>`,
        )}
      </span>
      <button type="button" class="button quiet small" aria-pressed=${isTable ? "true" : "false"} onClick=${() => setIsTable(!isTable)}>
        ${t("chart.table")}
      </button>
    </figcaption>
    ${isTable
      ? html`<${AsTable} label=${label} series=${series} data=${data} clock=${clock} />`
      : html`<div class="plot" role="img" aria-label=${`${label}: ${new Intl.ListFormat(locale()).format(last)}`} ref=${place}></div>`}
  </figure>`;
}
