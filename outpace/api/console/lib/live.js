// The live stream: one WebSocket for all that listens; a snapshot, then what changes.

import { api } from "./api.js";
import { observe } from "./clock.js";
import { useEffect, useState } from "./html.js";
import { may, session, signOut, token } from "./session.js";
import { createStore, useStore } from "./store.js";

const TOKEN_ENDED = 4401;
const FIRST_MS = 500;
const LONGEST_MS = 10_000;
/** Updates are drawn together, so often. */
const DRAW_MS = 100;
/** Topics that nobody listens to any more are left after this. */
const LINGER_MS = 5000;
/** Its updates carry engine time. */
const TIMED = "campaigns";
/** Topics of things that happen; the others are of things that are. */
const EVENTS = ["attempts", "dispositions"];

/**
 * @typedef {{sequence: number, topic: string, key: string, data: any}} Update
 * @typedef {{items: Map<string, any>, ready: boolean}} Live
 */

/** `off`, `connecting`, `live`, or `reconnecting` after a break. */
export const connection = createStore(/** @type {"off" | "connecting" | "live" | "reconnecting"} */ ("off"));

/** @type {Map<string, number>} users by topic */
const users = new Map();
/** @type {Map<string, Map<string, any>>} */
const state = new Map();
/** @type {Map<string, Set<() => void>>} */
const followers = new Map();
/** @type {Map<string, Set<(update: Update) => void>>} */
const listeners = new Map();
/** @type {Set<string>} */
const changed = new Set();

/** @type {WebSocket | null} */
let socket = null;
/** @type {string[]} */
let topics = [];
let sequence = 0;
let delay = FIRST_MS;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let planned;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let drawing;

/** @param {string} topic */
function touch(topic) {
  changed.add(topic);
  if (drawing !== undefined) return;
  drawing = setTimeout(() => {
    drawing = undefined;
    const told = [...changed];
    changed.clear();
    for (const one of told) for (const follower of [...(followers.get(one) ?? [])]) follower();
  }, DRAW_MS);
}

/** @param {Update} update */
function take(update) {
  const { topic, key, data } = update;
  sequence = update.sequence;
  if (!EVENTS.includes(topic)) {
    const items = state.get(topic) ?? new Map();
    state.set(topic, items);
    if (data === null) items.delete(key);
    else items.set(key, data);
    touch(topic);
  }
  if (topic === TIMED && data) observe(data.at);
}

/** @param {Update} update */
function tell(update) {
  take(update);
  for (const listener of [...(listeners.get(update.topic) ?? [])]) listener(update);
}

/** @param {string} text */
function hear(text) {
  const told = JSON.parse(text);
  if (told.type === "update") {
    tell(told);
    return;
  }
  if (told.type === "snapshot") {
    for (const topic of topics) {
      state.set(topic, new Map());
      touch(topic);
    }
  }
  for (const update of told.updates) (told.type === "resumed" ? tell : take)(update);
  delay = FIRST_MS;
  connection.set("live");
}

// One topic that the role may not hear, such as one that lingers from whoever was signed in before, and the node would
// refuse the others with it.
const wantedTopics = () => [...users.keys()].filter((topic) => may.hear(session.get().me, topic)).sort();

function connect() {
  clearTimeout(planned);
  topics = wantedTopics();
  if (!topics.length || !token()) return;
  connection.set(connection.get() === "off" ? "connecting" : "reconnecting");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const after = sequence ? `&after=${sequence}` : "";
  const opened = new WebSocket(`${scheme}://${location.host}/v1/stream?topics=${topics.join(",")}${after}`, [
    "outpace.v1",
    `bearer.${token()}`,
  ]);
  socket = opened;
  let wasOpen = false;
  opened.onopen = () => {
    wasOpen = true;
  };
  opened.onmessage = (event) => {
    if (socket === opened) hear(event.data);
  };
  opened.onclose = (event) => {
    if (socket !== opened) return;
    socket = null;
    if (event.code === TOKEN_ENDED) {
      signOut("session.ended");
      return;
    }
    connection.set("reconnecting");
    // a browser does not tell why a handshake was refused; where the token has ended this request signs out
    if (!wasOpen) api.get("/v1/me").catch(() => undefined);
    planned = setTimeout(connect, delay * (0.5 + Math.random() / 2));
    delay = Math.min(delay * 2, LONGEST_MS);
  };
}

/** Close the stream and forget what it told. */
export function hangUp() {
  clearTimeout(planned);
  const closing = socket;
  socket = null;
  closing?.close();
  state.clear();
  sequence = 0;
  connection.set("off");
}

// The topics in use have changed: another stream, from the start, since the old one does not know of the new topics.
function reopen() {
  clearTimeout(planned);
  planned = setTimeout(() => {
    const wanted = wantedTopics();
    if (socket && wanted.join() === topics.join()) return;
    const known = new Map([...state].filter(([topic]) => wanted.includes(topic)));
    const was = connection.get();
    hangUp();
    for (const [topic, items] of known) state.set(topic, items);
    if (!wanted.length) return;
    connection.set(was);
    connect();
  }, 0);
}

/** @param {string} topic */
function use(topic) {
  users.set(topic, (users.get(topic) ?? 0) + 1);
  if (!topics.includes(topic) || !socket) reopen();
  return () => {
    const left = (users.get(topic) ?? 1) - 1;
    users.set(topic, left);
    setTimeout(() => {
      if (users.get(topic) === 0) {
        users.delete(topic);
        reopen();
      }
    }, LINGER_MS);
  };
}

/**
 * What a topic holds: `items` by key, kept up to date; `ready` is false until the snapshot has come. After a break the
 * last state stays while the stream comes back; `useConnection` tells of that.
 *
 * @param {string} topic `campaigns`, `agents`, `calls`, `alarms` or `jobs`
 * @returns {Live}
 */
export function useLive(topic) {
  const [, draw] = useState({});
  useEffect(() => {
    const follower = () => draw({});
    const found = followers.get(topic) ?? new Set();
    followers.set(topic, found.add(follower));
    const leave = use(topic);
    follower();
    return () => {
      found.delete(follower);
      leave();
    };
  }, [topic]);
  const items = state.get(topic);
  return { items: items ?? new Map(), ready: items !== undefined };
}

/**
 * Every update of a topic as it comes; those of the snapshot are left out.
 *
 * @param {string} topic
 * @param {(update: Update) => void} listener
 */
export function useUpdates(topic, listener) {
  useEffect(() => {
    const found = listeners.get(topic) ?? new Set();
    listeners.set(topic, found.add(listener));
    const leave = use(topic);
    return () => {
      found.delete(listener);
      leave();
    };
  }, [topic, listener]);
}

/** Learn engine time from the stream, wherever one is in the console. */
export const useEngineTime = () => useEffect(() => use(TIMED), []);

/** How the stream is. */
export const useConnection = () => useStore(connection);
