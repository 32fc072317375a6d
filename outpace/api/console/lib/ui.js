// The parts that pages are made of. Names of things come in as text that is translated already.

import { secondsSince } from "./clock.js";
import { duration, number } from "./format.js";
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { hasText, t, useLanguage } from "./i18n.js";
import { createStore, useStore } from "./store.js";

/** @typedef {any} Children what html`` makes, text, or a list of these */

let ids = 0;

/** An id for `for` and `aria-*`, the same as long as the component lives. */
export const useId = () => useMemo(() => `id${(ids += 1)}`, []);

/**
 * A button. `kind`: `primary`, `danger`, `quiet`, or none. While `busy` it says so and does nothing.
 *
 * @param {{kind?: string, busy?: boolean, disabled?: boolean, onClick?: (event: Event) => void, type?: string, children?: Children, [more: string]: any}} props
 */
export function Button({ kind = "", busy = false, disabled = false, onClick, type = "button", children, ...more }) {
  return html`<button
    type=${type}
    class=${`button ${kind}`}
    aria-busy=${busy ? "true" : undefined}
    disabled=${disabled || busy}
    onClick=${onClick}
    ...${more}
  >
    ${children}
  </button>`;
}

/**
 * @param {string} id
 * @param {string} hint
 * @param {string} error
 */
const described = (id, hint, error) => [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;

/**
 * Label, control, hint and error of a form's field.
 *
 * @param {{id: string, label: Children, hint?: string, error?: string, children?: Children}} props
 */
function Labelled({ id, label, hint = "", error = "", children }) {
  return html`<div class=${`field ${error ? "wrong" : ""}`}>
    <label for=${id}>${label}</label>
    ${children}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
  </div>`;
}

/**
 * One value to type. `onInput` gets the text. `unit` stands behind the control. Other attributes go to the input.
 *
 * @param {{label: Children, value: string | number, onInput: (text: string) => void, hint?: string, error?: string, unit?: string, type?: string, [more: string]: any}} props
 */
export function Field({ label, value, onInput, hint = "", error = "", unit = "", type = "text", ...more }) {
  const id = useId();
  return html`<${Labelled} id=${id} label=${label} hint=${hint} error=${error}>
    <span class="control">
      <input
        id=${id}
        type=${type}
        value=${value}
        aria-invalid=${error ? "true" : undefined}
        aria-describedby=${described(id, hint, error)}
        onInput=${(/** @type {any} */ event) => onInput(event.currentTarget.value)}
        ...${more}
      />
      ${unit && html`<span class="unit">${unit}</span>`}
    </span>
  <//>`;
}

/**
 * Several lines to type.
 *
 * @param {{label: Children, value: string, onInput: (text: string) => void, hint?: string, error?: string, rows?: number, [more: string]: any}} props
 */
export function TextArea({ label, value, onInput, hint = "", error = "", rows = 3, ...more }) {
  const id = useId();
  return html`<${Labelled} id=${id} label=${label} hint=${hint} error=${error}>
    <textarea
      id=${id}
      rows=${rows}
      value=${value}
      aria-invalid=${error ? "true" : undefined}
      aria-describedby=${described(id, hint, error)}
      onInput=${(/** @type {any} */ event) => onInput(event.currentTarget.value)}
      ...${more}
    />
  <//>`;
}

/**
 * One of several. `options` are [value, text] pairs.
 *
 * @param {{label: Children, value: string | number, options: [string | number, string][], onChange: (value: string) => void, hint?: string, error?: string, [more: string]: any}} props
 */
export function Select({ label, value, options, onChange, hint = "", error = "", ...more }) {
  const id = useId();
  return html`<${Labelled} id=${id} label=${label} hint=${hint} error=${error}>
    <select
      id=${id}
      value=${value}
      aria-invalid=${error ? "true" : undefined}
      aria-describedby=${described(id, hint, error)}
      onChange=${(/** @type {any} */ event) => onChange(event.currentTarget.value)}
      ...${more}
    >
      ${options.map(([one, text]) => html`<option key=${one} value=${one} selected=${String(one) === String(value)}>${text}</option>`)}
    </select>
  <//>`;
}

/**
 * Yes or no.
 *
 * @param {{label: Children, checked: boolean, onChange: (checked: boolean) => void, hint?: string, [more: string]: any}} props
 */
export function Check({ label, checked, onChange, hint = "", ...more }) {
  const id = useId();
  return html`<div class="field check">
    <input
      id=${id}
      type="checkbox"
      checked=${checked}
      aria-describedby=${described(id, hint, "")}
      onChange=${(/** @type {any} */ event) => onChange(event.currentTarget.checked)}
      ...${more}
    />
    <label for=${id}>${label}</label>
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "").localeCompare(String(b ?? ""), undefined, { numeric: true });
}

/**
 * @template T
 * @typedef {{key: string, label: string, render?: (row: T) => Children, align?: "end", sort?: (row: T) => unknown, isHead?: boolean}} Column
 */

/**
 * Rows under a caption. A column with `sort` sorts by what it returns; `isHead` marks the cell that names the row.
 *
 * @template T
 * @param {{caption: string, columns: Column<T>[], rows: T[], rowKey: (row: T) => string | number, empty?: string, isCaptionHidden?: boolean, first?: string, footer?: Children}} props
 *   `first` = key of the column that sorts at the beginning, "-key" from the largest down.
 */
export function Table({ caption, columns, rows, rowKey, empty = "", isCaptionHidden = false, first = "", footer = null }) {
  const [order, setOrder] = useState(first);
  const sorting = columns.find((column) => column.key === order.replace(/^-/, ""))?.sort;
  const isDown = order.startsWith("-");
  const shown = sorting ? [...rows].sort((a, b) => (isDown ? -1 : 1) * compare(sorting(a), sorting(b))) : rows;
  return html`<div class="table" role="region" aria-label=${caption} tabindex="0">
    <table>
      <caption class=${isCaptionHidden ? "unseen" : ""}>${caption}</caption>
      <thead>
        <tr>
          ${columns.map(({ key, label, align, sort }) => {
            const mine = order.replace(/^-/, "") === key;
            const sorted = mine && sort ? (isDown ? "descending" : "ascending") : undefined;
            return html`<th key=${key} scope="col" class=${align ?? ""} aria-sort=${sorted}>
              ${sort
                ? html`<button type="button" class="sort" onClick=${() => setOrder(mine && !isDown ? `-${key}` : key)}>
                    ${label}<span aria-hidden="true">${sorted ? (isDown ? " ▾" : " ▴") : ""}</span>
                  </button>`
                : label}
            </th>`;
          })}
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (row) => html`<tr key=${rowKey(row)}>
            ${columns.map(({ key, render, align, isHead }) => {
              const content = render ? render(row) : /** @type {any} */ (row)[key];
              return isHead
                ? html`<th key=${key} scope="row" class=${align ?? ""}>${content}</th>`
                : html`<td key=${key} class=${align ?? ""}>${content}</td>`;
            })}
          </tr>`,
        )}
        ${!rows.length && empty && html`<tr><td class="empty" colspan=${columns.length}>${empty}</td></tr>`}
      </tbody>
      ${footer && html`<tfoot>${footer}</tfoot>`}
    </table>
  </div>`;
}

/**
 * A dialogue over the page; Escape and its cross close it, and the focus goes back where it was.
 *
 * @param {{title: string, onClose: () => void, children?: Children, footer?: Children, isWide?: boolean}} props
 */
export function Dialog({ title, onClose, children, footer = null, isWide = false }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useLanguage();
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    element.current?.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return html`<dialog
    ref=${element}
    class=${isWide ? "wide" : ""}
    aria-labelledby=${id}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      onClose();
    }}
  >
    <header>
      <h2 id=${id}>${title}</h2>
      <${Button} kind="quiet" onClick=${onClose} aria-label=${t("action.close")}>✕<//>
    </header>
    <div class="content">${children}</div>
    ${footer && html`<footer>${footer}</footer>`}
  </dialog>`;
}

const TOAST_MS = 6000;
const toasts = createStore(/** @type {{id: number, text: string, kind: string}[]} */ ([]));
let toastIds = 0;

/**
 * Say something that passes. `kind`: `done` or `wrong`.
 *
 * @param {string} text
 */
export function toast(text, kind = "done") {
  const id = (toastIds += 1);
  toasts.set([...toasts.get().slice(-3), { id, text, kind }]);
  setTimeout(() => toasts.set(toasts.get().filter((one) => one.id !== id)), TOAST_MS);
}

/** What `toast` has said; once, in the shell. */
export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${useStore(toasts).map(({ id, text, kind }) => html`<p key=${id} class=${`toast ${kind}`}>${text}</p>`)}
  </div>`;
}

/**
 * A share against limits. `marks` are lines on the scale with a name each; `tone`: `good`, `warn`, `bad`, or none.
 *
 * @param {{label: string, value: number | null, max?: number, text: string, marks?: {at: number, name: string}[], tone?: string}} props
 *   `text` = the value as it is read.
 */
export function Meter({ label, value, max = 1, text, marks = [], tone = "" }) {
  const place = (/** @type {number} */ at) => `${Math.min(100, Math.max(0, (at / max) * 100))}%`;
  return html`<div
    class=${`meter ${tone}`}
    role="meter"
    aria-label=${label}
    aria-valuemin="0"
    aria-valuemax=${max}
    aria-valuenow=${Math.min(max, value ?? 0)}
    aria-valuetext=${text}
  >
    <span class="fill" style=${{ width: place(value ?? 0) }}></span>
    ${marks.map(({ at, name }) => html`<span key=${name} class="mark" title=${name} style=${{ left: place(at) }}></span>`)}
  </div>`;
}

/**
 * Tabs with their panel. `tabs` are [key, name] pairs; arrow keys go from one to the next.
 *
 * @param {{label: string, tabs: [string, string][], selected: string, onSelect: (key: string) => void, children?: Children}} props
 */
export function Tabs({ label, tabs, selected, onSelect, children }) {
  const id = useId();
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = (tabs.findIndex(([key]) => key === selected) + step + tabs.length) % tabs.length;
    onSelect(tabs[at][0]);
    /** @type {HTMLElement | undefined} */ (list.current?.children[at])?.focus();
  };
  return html`<div class="tabs">
    <div class="tablist" role="tablist" aria-label=${label} ref=${list} onKeyDown=${onKeyDown}>
      ${tabs.map(
        ([key, name]) => html`<button
          key=${key}
          type="button"
          role="tab"
          id=${`${id}-${key}`}
          aria-selected=${key === selected ? "true" : "false"}
          aria-controls=${`${id}-panel`}
          tabindex=${key === selected ? 0 : -1}
          onClick=${() => onSelect(key)}
        >
          ${name}
        </button>`,
      )}
    </div>
    <div role="tabpanel" id=${`${id}-panel`} aria-labelledby=${`${id}-${selected}`}>${children}</div>
  </div>`;
}

/**
 * Nothing here, and what to do about it.
 *
 * @param {{text: string, children?: Children}} props
 */
export function Empty({ text, children }) {
  return html`<div class="nothing"><p>${text}</p>${children}</div>`;
}

/**
 * What went wrong, in words.
 *
 * @param {{problem: any}} props `problem` = a Problem, null = nothing
 */
export function ErrorBox({ problem }) {
  useLanguage();
  if (!problem) return null;
  return html`<div class="problem" role="alert">
    <strong>${problemTitle(problem)}</strong>
    ${problem.message && html`<p lang="en">${problem.message}</p>`}
  </div>`;
}

/**
 * The kind of a problem in the chosen language.
 *
 * @param {any} problem
 */
export function problemTitle(problem) {
  const key = `problem.${problem.slug || "internal"}`;
  return hasText(key) ? t(key) : problem.title || t("problem.internal");
}

/**
 * Seconds of engine time since a moment, counted on every second.
 *
 * @param {{since: string | null}} props
 */
export function Timer({ since }) {
  const [, draw] = useState({});
  useEffect(() => {
    const timer = setInterval(() => draw({}), 1000);
    return () => clearInterval(timer);
  }, []);
  return html`<span class="timer">${duration(since ? secondsSince(since) : null)}</span>`;
}

/**
 * A state with its sign and its name. `tone`: `good`, `warn`, `bad`, `busy`, or none.
 *
 * @param {{tone?: string, children?: Children}} props
 */
export function Badge({ tone = "", children }) {
  return html`<span class=${`badge ${tone}`}>${children}</span>`;
}

/**
 * How far long work is.
 *
 * @param {{label: string, share: number}} props share = 0 to 1
 */
export function Progress({ label, share }) {
  return html`<div class="progress">
    <progress aria-label=${label} max="1" value=${share}></progress>
    <span class="digits">${number(share * 100)} %</span>
  </div>`;
}

/**
 * Ask again, whenever something in `given` is another one, and every `everyMs` if that is set.
 *
 * @template T
 * @param {() => Promise<T>} ask
 * @param {unknown[]} given
 * @param {number} [everyMs]
 * @returns {{value: T | null, problem: any, again: () => Promise<void>}} the last value stays while a new one is asked for
 */
export function useAsked(ask, given, everyMs = 0) {
  const [found, setFound] = useState(/** @type {{value: T | null, problem: any}} */ ({ value: null, problem: null }));
  const turn = useRef(0);
  const again = async () => {
    const mine = (turn.current += 1);
    try {
      const value = await ask();
      if (mine === turn.current) setFound({ value, problem: null });
    } catch (problem) {
      if (mine === turn.current) setFound((/** @type {any} */ before) => ({ value: before.value, problem }));
    }
  };
  useEffect(() => {
    setFound({ value: null, problem: null });
    again();
    const timer = everyMs ? setInterval(again, everyMs) : undefined;
    return () => {
      clearInterval(timer);
      turn.current += 1;
    };
  }, given);
  return { ...found, again };
}

/**
 * Something that is told to the node: not twice at once, with what was refused kept.
 *
 * @template {any[]} A
 * @param {(...args: A) => Promise<unknown>} act
 * @returns {{run: (...args: A) => Promise<boolean>, busy: boolean, problem: any, clear: () => void}} run answers whether it was done
 */
export function useAct(act) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const run = async (/** @type {A} */ ...args) => {
    if (busy) return false;
    setBusy(true);
    try {
      await act(...args);
      setProblem(null);
      return true;
    } catch (error) {
      setProblem(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { run, busy, problem, clear: () => setProblem(null) };
}
