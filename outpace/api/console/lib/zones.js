// Wall-clock times of a time zone, as `datetime-local` fields hold them: 2026-03-01T15:30.

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone */
function formatOf(zone) {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(zone, made);
  return made;
}

/**
 * What the zone's clocks show at a moment, as if it were UTC.
 *
 * @param {number} ms
 * @param {string} zone
 */
function shownAt(ms, zone) {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
}

/** The browser's own zone. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * What the zone's clocks show at a moment, to the minute.
 *
 * @param {number} ms
 * @param {string} zone
 */
export const wallTime = (ms, zone) => new Date(shownAt(Math.floor(ms / 1000) * 1000, zone)).toISOString().slice(0, 16);

/**
 * The moment at which the zone's clocks show this; null for what is no time. A time that a change of the clocks leaves
 * out is taken as so much later, one that it repeats as the first.
 *
 * @param {string} wall
 * @param {string} zone
 */
export function momentOf(wall, zone) {
  const shown = Date.parse(`${wall}Z`);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(wall) || Number.isNaN(shown)) return null;
  const offsets = [-86_400_000, 86_400_000].map((away) => shownAt(shown + away, zone) - (shown + away));
  const found = offsets.map((offset) => shown - offset).sort((a, b) => a - b);
  return new Date(found.find((ms) => shownAt(ms, zone) === shown) ?? found[1]).toISOString();
}
