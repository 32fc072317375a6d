// Numbers and times in the chosen language.

import { locale } from "./i18n.js";

const NONE = "–";

/** @type {Map<string, Intl.NumberFormat>} */
const numbers = new Map();
/** @type {Map<string, Intl.DateTimeFormat>} */
const dates = new Map();

/** @param {Intl.NumberFormatOptions} options */
function numberFormat(options) {
  const key = locale() + JSON.stringify(options);
  const known = numbers.get(key) ?? new Intl.NumberFormat(locale(), options);
  numbers.set(key, known);
  return known;
}

/** @param {Intl.DateTimeFormatOptions} options */
function dateFormat(options) {
  const key = locale() + JSON.stringify(options);
  const known = dates.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  dates.set(key, known);
  return known;
}

/**
 * 12,345; `digits` after the point.
 *
 * @param {number | null | undefined} value
 */
export function number(value, digits = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  return numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/**
 * A share as per cent: 0.031 -> 3.1 %.
 *
 * @param {number | null | undefined} share
 */
export function percent(share, digits = 1) {
  if (share === null || share === undefined || Number.isNaN(share)) return NONE;
  return numberFormat({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share);
}

/**
 * Seconds as 0:07, 12:34 or 1:02:05.
 *
 * @param {number | null | undefined} seconds
 */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return NONE;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * @param {string | null | undefined} at
 * @param {Intl.DateTimeFormatOptions} options
 * @param {string} [zone]
 */
function moment(at, options, zone) {
  if (!at) return NONE;
  return dateFormat({ ...options, hourCycle: "h23", timeZone: zone || undefined }).format(new Date(at));
}

/**
 * Time of day; `zone` is the campaign's, else the browser's.
 *
 * @param {string | null | undefined} at
 * @param {string} [zone]
 */
export const time = (at, zone) => moment(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, zone);

/**
 * @param {string | null | undefined} at
 * @param {string} [zone]
 */
export const date = (at, zone) => moment(at, { year: "numeric", month: "short", day: "numeric" }, zone);

/**
 * @param {string | null | undefined} at
 * @param {string} [zone]
 */
export const dateTime = (at, zone) =>
  moment(at, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }, zone);
