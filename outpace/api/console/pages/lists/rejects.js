// Rows of a list that could not be dialled.

import { api } from "../../lib/api.js";
import { number } from "../../lib/format.js";
import { html } from "../../lib/html.js";
import { hasText, t } from "../../lib/i18n.js";
import { Button, Dialog, ErrorBox, Table, useAct, useAsked } from "../../lib/ui.js";
import { rowsOf } from "./csv.js";

/** So many are shown; all are in the file. */
const SHOWN = 200;

/**
 * A reason in the chosen language where it is a known one; what the file holds is English.
 *
 * @param {string} reason
 */
function reasonText(reason) {
  const key = `reject.${reason.replace(/\W+/g, "_")}`;
  return hasText(key) ? t(key) : html`<span lang="en">${reason}</span>`;
}

/** @param {string} name @param {string} cell */
function shownCell(name, cell) {
  if (name === "reason") return reasonText(cell);
  return name === "row" ? html`<code>${cell}</code>` : cell;
}

/** @param {{path: string, name: string, count: number, onClose: () => void}} props */
export function Rejects({ path, name, count, onClose }) {
  const found = useAsked(async () => {
    const { text, isWhole } = await api.head(path);
    return rowsOf(text, SHOWN + 1, isWhole);
  }, [path]);
  const save = useAct(() => api.download(path, {}, `${name}.rejects.csv`));
  const [head, ...rows] = found.value ?? [[]];
  /** @type {any[]} */
  const columns = head.map((column, place) => ({
    key: column,
    label: t(`lists.reject.${column}`),
    isHead: place === 0,
    align: place === 0 ? "end" : undefined,
    render: (/** @type {string[]} */ row) => shownCell(column, row[place]),
  }));
  const footer = html`<${Button} kind="primary" busy=${save.busy} onClick=${() => save.run()}>${t("lists.download")}<//>`;
  return html`<${Dialog} title=${t("lists.rejects_of", { name })} onClose=${onClose} footer=${footer} isWide>
    <${ErrorBox} problem=${found.problem ?? save.problem} />
    ${count > SHOWN && html`<p class="hint">${t("lists.first_rejects", { n: number(SHOWN), all: number(count) })}</p>`}
    ${found.value &&
    html`<${Table} caption=${t("lists.rejects")} columns=${columns} rows=${rows} rowKey=${(/** @type {string[]} */ row) => row[0]} isCaptionHidden />`}
    ${found.value && !head.includes("row") && html`<p class="hint">${t("lists.no_rows")}</p>`}
  <//>`;
}
