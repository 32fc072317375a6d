// Engine time. On the simulated switch it may run faster than time: its pace is learned from the times that are told.

/** The pace is found over this or longer; the longer, the less it matters how late a time was told. */
const FIT_MS = 3000;
const LONGEST_FIT_MS = 60_000;
/** A pace that times told so late would explain is taken for 1. */
const LATE_MS = 3000;
const LOST_MS = 5000;

let anchor = { engine: Date.now(), wall: performance.now() };
let latest = anchor;
let pace = 1;
let isKnown = false;

/**
 * A moment that the node calls now.
 *
 * @param {string} at
 */
export function observe(at) {
  const seen = { engine: Date.parse(at), wall: performance.now() };
  if (!isKnown || seen.engine < latest.engine - LOST_MS || seen.wall - latest.wall > 60_000) {
    anchor = seen;
    isKnown = true;
  } else if (seen.wall - anchor.wall > FIT_MS) {
    const span = seen.wall - anchor.wall;
    const found = (seen.engine - anchor.engine) / span;
    pace = Math.abs(found - 1) < Math.max(0.1, LATE_MS / span) ? 1 : found;
    if (span > LONGEST_FIT_MS) anchor = { engine: (anchor.engine + seen.engine) / 2, wall: (anchor.wall + seen.wall) / 2 };
  }
  latest = seen;
}

/** Engine time in ms since 1970. */
export const engineNow = () => latest.engine + (performance.now() - latest.wall) * pace;

/**
 * Engine seconds since a moment, never negative.
 *
 * @param {string} since
 */
export const secondsSince = (since) => Math.max(0, (engineNow() - Date.parse(since)) / 1000);
