// The settings of a campaign as a form, checked by the API while one types.

import { api } from "../../lib/api.js";
import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { said } from "../../lib/said.js";
import { Button, Check, Field, Select, TextArea, useAsked, useId } from "../../lib/ui.js";
import { ANSWERS, GROUPS, RETRIABLE, valueAt, withValue } from "./fields.js";
import { dayName } from "./words.js";

const CHECK_MS = 350;
const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** @typedef {Record<string, string>} Errors reasons by path */

/**
 * What the API says of settings, asked when nothing was typed for a moment.
 *
 * @param {any} settings null = nothing to check
 * @returns {{errors: Errors, isChecked: boolean}} `isChecked` = these very settings were taken
 */
export function useValidation(settings) {
  const [found, setFound] = useState(/** @type {{text: string, errors: Errors}} */ ({ text: "", errors: {} }));
  const text = JSON.stringify(settings);
  useEffect(() => {
    if (!settings) return undefined;
    let isWanted = true;
    const { id: _, ...body } = settings;
    const timer = setTimeout(() => {
      api.post("/v1/campaigns/validate", body).then(
        () => isWanted && setFound({ text, errors: {} }),
        (problem) => isWanted && setFound({ text, errors: problem.errors?.length ? problem.fields : { "": problem.message || problem.slug } }),
      );
    }, CHECK_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [text]);
  return { errors: found.errors, isChecked: found.text === text && !Object.keys(found.errors).length };
}

/**
 * A number as it is typed; what is no number is passed on as text, for the API to refuse.
 *
 * @param {any} props
 */
function NumberField({ value, onValue, scale = 1, ...more }) {
  const write = (/** @type {any} */ one) => (typeof one === "number" ? String(Number((one * scale).toPrecision(10))) : String(one ?? ""));
  const [text, setText] = useState(write(value));
  const told = useRef(value);
  if (told.current !== value) {
    told.current = value;
    setText(write(value));
  }
  return html`<${Field}
    ...${more}
    inputmode="decimal"
    value=${text}
    onInput=${(/** @type {string} */ typed) => {
      const isNumber = typed.trim() !== "" && Number.isFinite(Number(typed));
      const next = isNumber ? Number((Number(typed) / scale).toPrecision(10)) : typed;
      told.current = next;
      setText(typed);
      onValue(next);
    }}
  />`;
}

/** @type {string[]} */
const ZONES = /** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [];

/** @param {any} props */
function ZoneField({ value, onValue, ...more }) {
  const id = useId();
  return html`<div><${Field} ...${more} value=${value} onInput=${onValue} list=${id} autocomplete="off" />
    <datalist id=${id}>${ZONES.map((zone) => html`<option key=${zone} value=${zone} />`)}</datalist></div>`;
}

/**
 * When the campaign may dial.
 *
 * @param {any} props
 */
function HoursField({ value, onValue, errors }) {
  const start = { timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, start: "09:00", end: "20:00", days: [1, 2, 3, 4, 5, 6] };
  const set = (/** @type {any} */ more) => onValue({ ...value, ...more });
  const error = (/** @type {string} */ key) => said(errors[`calling_hours.${key}`] ?? "");
  const turn = (/** @type {number} */ day) => (value.days.includes(day) ? value.days.filter((/** @type {number} */ one) => one !== day) : [...value.days, day].sort());
  return html`<div class="whole">
    <${Check} label=${t("setting.calling_hours")} hint=${t("setting.calling_hours.hint")} checked=${value !== null} onChange=${(/** @type {boolean} */ on) => onValue(on ? start : null)} />
    ${value &&
    html`<div class="form">
      <${Field} label=${t("hours.start")} value=${value.start} error=${error("start")} onInput=${(/** @type {string} */ text) => set({ start: text })} />
      <${Field} label=${t("hours.end")} value=${value.end} error=${error("end")} onInput=${(/** @type {string} */ text) => set({ end: text })} />
      <${ZoneField} label=${t("hours.timezone")} value=${value.timezone} error=${error("timezone")} onValue=${(/** @type {string} */ text) => set({ timezone: text })} />
      <fieldset class="days">
        <legend>${t("hours.days")}</legend>
        ${DAYS.map((day) => html`<${Check} key=${day} label=${dayName(day)} checked=${value.days.includes(day)} onChange=${() => set({ days: turn(day) })} />`)}
        ${error("days") && html`<p class="error">${error("days")}</p>`}
      </fieldset>
    </div>`}
  </div>`;
}

/**
 * What follows each outcome.
 *
 * @param {any} props
 */
function RetryField({ value, onValue, errors }) {
  const set = (/** @type {string} */ outcome, /** @type {any} */ rule) => {
    const { [outcome]: _, ...rest } = value;
    onValue(rule ? { ...rest, [outcome]: rule } : rest);
  };
  return html`<div class="whole table">
    <table>
      <caption>${t("setting.retry")}</caption>
      <thead>
        <tr><th scope="col">${t("retry.outcome")}</th><th scope="col">${t("retry.wait")}</th><th scope="col">${t("retry.most")}</th></tr>
      </thead>
      <tbody>
        ${RETRIABLE.map((outcome) => {
          const rule = value[outcome];
          const error = (/** @type {string} */ key) => said(errors[`retry.${outcome}.${key}`] ?? "");
          const label = t("retry.again", { outcome: t(`outcome.${outcome}`) });
          return html`<tr key=${outcome}>
            <th scope="row"><${Check} label=${label} checked=${rule !== undefined} onChange=${(/** @type {boolean} */ on) => set(outcome, on ? { wait_s: 3600, max_attempts: 3 } : null)} /></th>
            <td>${rule && html`<${NumberField} label=${html`<span class="unseen">${label}: ${t("retry.wait")}</span>`} unit=${t("unit.s")} value=${rule.wait_s} error=${error("wait_s")} onValue=${(/** @type {any} */ wait_s) => set(outcome, { ...rule, wait_s })} />`}</td>
            <td>${rule && html`<${NumberField} label=${html`<span class="unseen">${label}: ${t("retry.most")}</span>`} value=${rule.max_attempts} error=${error("max_attempts")} onValue=${(/** @type {any} */ max_attempts) => set(outcome, { ...rule, max_attempts })} />`}</td>
          </tr>`;
        })}
      </tbody>
    </table>
    <p class="hint">${t("setting.retry.hint")}</p>
  </div>`;
}

/** @type {[string, string, number][]} name, unit, scale */
const INBOUND = [["calls_per_h", "", 1], ["handle_s", "s", 1], ["service_level", "%", 100], ["within_s", "s", 1], ["patience_s", "s", 1]];

/**
 * Calls that come in to the same agents.
 *
 * @param {any} props
 */
function InboundField({ value, onValue, errors }) {
  const start = { calls_per_h: 10, handle_s: 180, service_level: 0.8, within_s: 20, patience_s: 0 };
  return html`<div class="whole">
    <${Check} label=${t("setting.inbound")} hint=${t("setting.inbound.hint")} checked=${value !== null} onChange=${(/** @type {boolean} */ on) => onValue(on ? start : null)} />
    ${value &&
    html`<div class="form">
      ${INBOUND.map(
        ([key, unit, scale]) => html`<${NumberField}
          key=${key}
          label=${t(`inbound.${key}`)}
          unit=${unit === "s" ? t("unit.s") : unit}
          scale=${scale}
          value=${value[key]}
          error=${said(errors[`inbound.${key}`] ?? "", scale > 1 ? asPercent : undefined)}
          onValue=${(/** @type {any} */ next) => onValue({ ...value, [key]: next })}
        />`,
      )}
    </div>`}
  </div>`;
}

/**
 * What agents are asked for beside the disposition: names, and what kind of answer each is.
 *
 * @param {any} props
 */
function AnswersField({ value, onValue, errors }) {
  const entries = Object.entries(value);
  const put = (/** @type {number} */ place, /** @type {[string, unknown][]} */ ...instead) =>
    onValue(Object.fromEntries([...entries.slice(0, place), ...instead, ...entries.slice(place + 1)]));
  const wrong = Object.entries(errors).find(([path]) => path.startsWith("answers"));
  return html`<fieldset class="whole">
    <legend>${t("setting.answers")}</legend>
    <p class="hint">${t("setting.answers.hint")}</p>
    ${entries.map(
      ([name, kind], place) => html`<div key=${place} class="answer">
        <${Field} label=${t("answers.name")} value=${name} onInput=${(/** @type {string} */ text) => put(place, [text, kind])} />
        <${Select}
          label=${t("answers.kind")}
          value=${/** @type {string} */ (kind)}
          options=${ANSWERS.map((one) => [one, t(`choice.answers.${one}`)])}
          onChange=${(/** @type {string} */ one) => put(place, [name, one])}
        />
        <${Button} kind="quiet" onClick=${() => put(place)} aria-label=${t("answers.remove", { name })}>✕<//>
      </div>`,
    )}
    ${wrong && html`<p class="error">${said(String(wrong[1]))}</p>`}
    <${Button} disabled=${"" in value} onClick=${() => onValue({ ...value, "": "text" })}>${t("answers.add")}<//>
  </fieldset>`;
}

/** @param {any} props */
function TrunksField({ value, onValue, error }) {
  const { value: groups } = useAsked(() => api.get("/v1/trunk-groups"), []);
  const turn = (/** @type {number} */ id, /** @type {boolean} */ on) => onValue(on ? [...value, id] : value.filter((/** @type {number} */ one) => one !== id));
  return html`<fieldset>
    <legend>${t("setting.trunk_groups")}</legend>
    ${(groups ?? []).map(
      (/** @type {any} */ group) => html`<${Check}
        key=${group.settings.id}
        label=${group.settings.name}
        hint=${t("setting.trunk_groups.channels", { n: group.channels })}
        checked=${value.includes(group.settings.id)}
        onChange=${(/** @type {boolean} */ on) => turn(group.settings.id, on)}
      />`,
    )}
    ${error && html`<p class="error">${error}</p>`}
  </fieldset>`;
}

const lines = (/** @type {string} */ text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/**
 * Several values, one a line.
 *
 * @param {any} props
 */
function ListField({ value, onValue, ...more }) {
  const [text, setText] = useState(value.join("\n"));
  const told = useRef(value.join("\n"));
  if (told.current !== value.join("\n")) {
    told.current = value.join("\n");
    setText(told.current);
  }
  return html`<${TextArea} ...${more} rows=${5} value=${text} onInput=${(/** @type {string} */ typed) => {
    told.current = lines(typed).join("\n");
    setText(typed);
    onValue(lines(typed));
  }} />`;
}

const PER_CENT = 100;
/** Limits in the words of the API are shares; here one types per cent. */
const asPercent = (/** @type {string} */ _, /** @type {string} */ value) => (Number.isFinite(Number(value)) ? `${Number((Number(value) * PER_CENT).toPrecision(8))} %` : value);

/**
 * One setting.
 *
 * @param {{field: import("./fields.js").FieldSpec, settings: any, errors: Errors, onSettings: (settings: any) => void}} props
 */
export function Setting({ field, settings, errors, onSettings }) {
  const { path, kind } = field;
  const value = valueAt(settings, path);
  const more = {
    label: t(`setting.${path}`),
    hint: path === "mode" ? t(`mode-hint.${value}`) : t(`setting.${path}.hint`),
    error: said(errors[path] ?? "", kind === "percent" ? asPercent : undefined),
  };
  const onValue = (/** @type {unknown} */ next) => onSettings(withValue(settings, path, next));
  switch (kind) {
    case "choice": {
      const name = (/** @type {string} */ one) => t(path === "mode" ? `mode.${one}` : `choice.${path}.${one}`);
      return html`<${Select} ...${more} value=${value} options=${(field.choices ?? []).map((one) => [one, name(one)])} onChange=${onValue} />`;
    }
    case "number":
      return html`<${NumberField} ...${more} value=${value} unit=${field.unit ? t(`unit.${field.unit}`) : ""} onValue=${onValue} />`;
    case "percent":
      return html`<${NumberField} ...${more} value=${value} unit="%" scale=${PER_CENT} onValue=${onValue} />`;
    case "check":
      return html`<${Check} ...${more} checked=${value} onChange=${onValue} />`;
    case "list":
      return html`<${ListField} ...${more} value=${value} onValue=${onValue} />`;
    case "zone":
      return html`<${ZoneField} ...${more} value=${value} onValue=${onValue} />`;
    case "hours":
      return html`<${HoursField} value=${value} errors=${errors} onValue=${onValue} />`;
    case "retry":
      return html`<${RetryField} value=${value} errors=${errors} onValue=${onValue} />`;
    case "inbound":
      return html`<${InboundField} value=${value} errors=${errors} onValue=${onValue} />`;
    case "answers":
      return html`<${AnswersField} value=${value} errors=${errors} onValue=${onValue} />`;
    case "trunks":
      return html`<${TrunksField} value=${value} error=${more.error} onValue=${onValue} />`;
    default:
      return html`<${Field} ...${more} type=${kind} value=${value} onInput=${onValue} />`;
  }
}

/**
 * All settings but the name, in their groups.
 *
 * @param {{settings: any, errors: Errors, onSettings: (settings: any) => void}} props
 */
export function SettingsForm({ settings, errors, onSettings }) {
  useLanguage();
  return html`${Object.entries(GROUPS).map(
    ([group, fields]) => html`<fieldset key=${group} class="card">
      <legend>${t(`group.${group}`)}</legend>
      <div class="form">
        ${fields
          .filter((field) => field.when?.(settings) ?? true)
          .map((field) => html`<${Setting} key=${field.path} field=${field} settings=${settings} errors=${errors} onSettings=${onSettings} />`)}
      </div>
    </fieldset>`,
  )}`;
}
