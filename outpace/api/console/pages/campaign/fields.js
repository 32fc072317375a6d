// The settings of a campaign: their groups, kinds and units. Their names and hints are in the catalogue.

/**
 * @typedef {{
 *   path: string,
 *   kind: "text" | "number" | "percent" | "check" | "choice" | "list" | "date" | "zone" | "hours" | "retry" | "answers" | "inbound" | "trunks",
 *   unit?: string,
 *   choices?: string[],
 *   step?: number,
 *   when?: (settings: any) => boolean,
 * }} FieldSpec
 *   `unit` and `choices` are ends of keys (`unit.s`, `choice.<path>.<value>`); `when` = whether it has a meaning now.
 */

export const MODES = ["precise", "progressive", "ratio", "predictive", "erlang", "agentless"];

/** Settings that are a whole or nothing: null is their value, where elsewhere it is the default again. */
const WHOLE = ["calling_hours", "inbound"];

/** Kinds of what a disposition asks for. */
export const ANSWERS = ["text", "number", "date", "yes_no"];

/** Outcomes after which a lead may be dialled again. */
export const RETRIABLE = ["no_answer", "busy", "machine", "abandoned", "congestion", "rejected", "failed", "cancelled", "overdialled", "lost"];

/** @param {any} settings */
const hasAmd = (settings) => settings.amd;

/** @type {Record<string, FieldSpec[]>} */
export const GROUPS = {
  pacing: [
    { path: "mode", kind: "choice", choices: MODES },
    { path: "ratio", kind: "number", step: 0.1, when: (settings) => settings.mode === "ratio" },
    { path: "ratio_counts", kind: "choice", choices: ["ready", "logged_in"], when: (settings) => settings.mode === "ratio" },
    { path: "reserve", kind: "number", unit: "agents", step: 1, when: (settings) => settings.mode === "precise" },
    { path: "inbound", kind: "inbound" },
  ],
  abandonment: [
    { path: "abandonment.cap", kind: "percent", step: 0.1 },
    { path: "abandonment.guard", kind: "choice", choices: ["target", "bound"] },
    { path: "abandonment.confidence", kind: "percent", step: 0.1 },
    { path: "abandonment.window", kind: "choice", choices: ["day", "rolling", "block"] },
    { path: "abandonment.hours", kind: "number", unit: "h", step: 1, when: (settings) => settings.abandonment.window === "rolling" },
    { path: "abandonment.days", kind: "number", unit: "days", step: 1, when: (settings) => settings.abandonment.window === "block" },
    { path: "abandonment.since", kind: "date", when: (settings) => settings.abandonment.window === "block" },
    { path: "abandonment.timezone", kind: "zone", when: (settings) => settings.abandonment.window !== "rolling" },
    { path: "abandonment.counts_caller_left", kind: "check" },
  ],
  calls: [
    { path: "ring_timeout_s", kind: "number", unit: "s", step: 1 },
    { path: "connect_limit_s", kind: "number", unit: "s", step: 0.1 },
    { path: "connect_clock", kind: "choice", choices: ["answer", "greeting_end", "verdict"] },
    { path: "cancels", kind: "check" },
    { path: "min_ring_s", kind: "number", unit: "s", step: 1, when: (settings) => settings.cancels },
    { path: "trunk_groups", kind: "trunks" },
  ],
  machines: [
    { path: "amd", kind: "check" },
    { path: "amd_timeout_s", kind: "number", unit: "s", step: 0.5, when: hasAmd },
    { path: "machine_action", kind: "choice", choices: ["hang_up", "message"], when: hasAmd },
    { path: "message", kind: "text" },
    { path: "message_max_s", kind: "number", unit: "s", step: 1 },
  ],
  agents: [
    { path: "wrap_up_max_s", kind: "number", unit: "s", step: 1 },
    { path: "dispositions", kind: "list" },
    { path: "answers", kind: "answers" },
    { path: "script", kind: "text" },
  ],
  hours: [{ path: "calling_hours", kind: "hours" }],
  leads: [
    { path: "retry", kind: "retry" },
    { path: "hopper_size", kind: "number", unit: "leads", step: 10 },
  ],
};

/** Settings on which pacing depends: a change of one is played in a simulation before it is made. */
const PLAYED = [
  "mode", "ratio", "ratio_counts", "reserve", "abandonment", "ring_timeout_s", "connect_limit_s", "connect_clock",
  "amd", "amd_timeout_s", "machine_action", "cancels", "min_ring_s", "trunk_groups", "wrap_up_max_s",
  "inbound",
];

/**
 * Whether a simulation can tell what a change does.
 *
 * @param {Record<string, unknown>} patch
 */
export const isPlayed = (patch) => Object.keys(patch).some((key) => PLAYED.includes(key));

/**
 * @param {any} settings
 * @param {string} path
 */
export const valueAt = (settings, path) => path.split(".").reduce((found, key) => found?.[key], settings);

/**
 * The settings with another value at a path.
 *
 * @param {any} settings
 * @param {string} path
 * @param {unknown} value
 * @returns {any}
 */
export function withValue(settings, path, value) {
  const [key, ...rest] = path.split(".");
  return { ...settings, [key]: rest.length ? withValue(settings[key] ?? {}, rest.join("."), value) : value };
}

/** @param {unknown} one */
const isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);

/**
 * The merge patch that makes one of the other; {} = they are the same.
 *
 * @param {any} before
 * @param {any} after
 * @returns {Record<string, any>}
 */
export function patchOf(before, after) {
  /** @type {Record<string, any>} */
  const patch = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[key], after[key]];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    if (!(key in after)) patch[key] = null;
    else patch[key] = isObject(was) && isObject(is) ? patchOf(was, is) : is;
  }
  return patch;
}

/**
 * Settings after a merge patch.
 *
 * @param {any} settings
 * @param {any} patch
 * @returns {any}
 */
export function patched(settings, patch) {
  if (!isObject(patch)) return patch;
  const result = isObject(settings) ? { ...settings } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null && !WHOLE.includes(key)) delete result[key];
    else result[key] = patched(result[key], value);
  }
  return result;
}

/**
 * What a patch changes: path, value before, value after.
 *
 * @param {any} before
 * @param {any} patch
 * @param {string} [path]
 * @returns {[string, unknown, unknown][]}
 */
export function changesOf(before, patch, path = "") {
  return Object.entries(patch).flatMap(([key, value]) => {
    const whole = path ? `${path}.${key}` : key;
    const was = before?.[key];
    if (isObject(value) && (isObject(was) || !WHOLE.includes(key)) && !whole.startsWith("retry.")) return changesOf(was ?? {}, value, whole);
    return [/** @type {[string, unknown, unknown]} */ ([whole, was, value])];
  });
}
