// Settings and figures in words.

import { duration, number, percent } from "../../lib/format.js";
import { locale, t } from "../../lib/i18n.js";
import { GROUPS } from "./fields.js";

const FIELDS = Object.fromEntries(Object.values(GROUPS).flat().map((field) => [field.path, field]));

/**
 * The name of a setting.
 *
 * @param {string} path
 */
export function settingName(path) {
  if (path.startsWith("retry.")) return `${t("setting.retry")}: ${t(`outcome.${path.slice(6)}`)}`;
  if (path.startsWith("inbound.")) return t(`inbound.${path.slice(8)}`);
  if (path.startsWith("answers.")) return `${t("setting.answers")}: ${path.slice(8)}`;
  if (path.startsWith("calling_hours.")) return t(`hours.${path.slice(14)}`);
  return t(`setting.${path}`);
}

/**
 * Names of the days of the week, Monday = 1.
 *
 * @param {number} day
 * @param {"short" | "long"} [width]
 */
export const dayName = (day, width = "short") =>
  new Intl.DateTimeFormat(locale(), { weekday: width, timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, day)));

/** @param {any} hours */
function hoursText(hours) {
  if (!hours) return t("hours.any");
  return `${hours.days.map((/** @type {number} */ day) => dayName(day)).join(" ")} ${hours.start}–${hours.end} ${hours.timezone}`;
}

/**
 * The value of a setting.
 *
 * @param {string} path
 * @param {any} value
 */
export function settingText(path, value) {
  const field = FIELDS[path];
  if (path === "calling_hours") return hoursText(value);
  if (path === "inbound" && value) return t("inbound.text", { calls: value.calls_per_h, handle: duration(value.handle_s) });
  if (path === "inbound") return t("setting.none");
  if (value === undefined || value === null) return t("setting.default");
  if (path.startsWith("retry.")) return t("retry.rule", { wait: duration(value.wait_s), most: value.max_attempts });
  if (path === "calling_hours.days") return value.map((/** @type {number} */ day) => dayName(day)).join(" ");
  if (path.startsWith("answers.")) return t(`choice.answers.${value}`);
  if (path === "answers") return Object.keys(value).join(", ") || t("setting.none");
  if (path === "mode") return t(`mode.${value}`);
  if (field?.kind === "choice") return t(`choice.${path}.${value}`);
  if (field?.kind === "percent") return percent(value);
  if (field?.kind === "number") return `${value}${field.unit ? ` ${t(`unit.${field.unit}`)}` : ""}`;
  if (typeof value === "boolean") return t(value ? "setting.yes" : "setting.no");
  if (Array.isArray(value)) return value.join(", ");
  return String(value) || t("setting.none");
}

const ANY_NUMBER = 2 ** 53;

/**
 * How many may still be abandoned.
 *
 * @param {number | null} left
 */
export const dropsText = (left) =>
  left === null || left >= ANY_NUMBER ? t("board.drops.any") : left ? t("board.drops", { n: left }) : t("board.drops.none");

/**
 * An ordinal: 7th; languages without one take the number.
 *
 * @param {number} n
 */
function ordinal(n) {
  const rules = new Intl.PluralRules(locale(), { type: "ordinal" });
  return t(`ordinal.${rules.select(n)}`, { n });
}

/**
 * A launch decision in words: how many, what was seen, what the risk was.
 *
 * @param {any} decision
 */
export function decisionText(decision) {
  const seen = decision.inputs;
  const parts = [
    t("decision.launched", { launched: decision.launched, wanted: decision.wanted }),
    t("decision.seen", { ready: seen.ready, talking: seen.talking, wrap: seen.wrap_up, ringing: seen.unanswered }),
  ];
  if (decision.cancelled) parts.push(t("decision.cancelled", { n: decision.cancelled }));
  if (seen.fallback === 1) parts.push(t("decision.budget-spent"));
  else if (seen.fallback === 2) parts.push(t("decision.feed-silent"));
  else if (seen.kappa > 0) parts.push(riskText(decision));
  return parts.join(t("decision.joint"));
}

/** @param {any} decision */
function riskText({ wanted, inputs }) {
  const [allowed, risk, next] = [inputs.kappa, inputs.risk, inputs.risk_next].map((one) => percent(one));
  if (!wanted) return t("decision.none", { next, allowed });
  const further = inputs.risk_next ? t("decision.further", { nth: ordinal(wanted + 1), next }) : "";
  return t("decision.risk", { nth: ordinal(wanted), risk, allowed }) + further;
}

/**
 * A difference of shares, in points of per cent.
 *
 * @param {number | null} value
 * @param {number} digits
 */
const points = (value, digits) => t("figure.points", { n: number(value === null ? null : value * 100, digits) });

/**
 * @param {number} digits
 * @returns {Figure}
 */
const share = (digits) => ({ write: (value) => percent(value, digits), writeDifference: (value) => points(value, digits) });

/**
 * @param {number} digits
 * @returns {Figure}
 */
const plain = (digits) => ({ write: (value) => number(value, digits), writeDifference: (value) => number(value, digits) });

/**
 * Figures of a simulated day: how each is written, and a difference of two.
 *
 * @typedef {{write: (value: number | null) => string, writeDifference: (value: number | null) => string}} Figure
 * @type {Record<string, Figure>}
 */
export const FIGURES = {
  occupancy: share(1),
  abandonment: share(2),
  connects_per_hour: plain(0),
  worst_60_min: share(2),
  idle_s_per_call: plain(1),
  dials_per_connect: plain(2),
  wait_p99_s: plain(2),
  trunk_use: share(1),
};
