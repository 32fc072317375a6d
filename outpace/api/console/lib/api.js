// Requests to the control API. Paths are whole: api.get("/v1/campaigns", { limit: 50 }).

import { isTokenSendable, signOut, token } from "./session.js";

/** What the API refused: a problem document (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status 0 = the node could not be reached
   * @param {{type?: string, title?: string, detail?: string, errors?: {field: string, reason: string}[], version?: number}} told
   */
  constructor(status, told) {
    super(told.detail ?? told.title ?? "");
    this.status = status;
    /** The end of the problem's type: `invalid`, `conflict`, `unreachable`. */
    this.slug = (told.type ?? "").split(":").pop() ?? "";
    this.title = told.title ?? "";
    this.detail = told.detail ?? "";
    this.errors = told.errors ?? [];
    this.version = told.version;
  }

  /** Reasons by field. */
  get fields() {
    return Object.fromEntries(this.errors.map((one) => [one.field, one.reason]));
  }
}

const UNREACHABLE = { type: "urn:outpace:problem:unreachable" };
const UNAUTHORIZED = { type: "urn:outpace:problem:unauthorized" };

/**
 * @typedef {Record<string, string | number | boolean | null | undefined>} Query
 * @typedef {{idempotencyKey?: string, ifMatch?: number | "*", signal?: AbortSignal}} More
 */

/**
 * @param {string} path
 * @param {Query} [query]
 */
function addressOf(path, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * @param {More} more
 * @param {string} [media]
 */
function headersOf(more, media) {
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Bearer ${token()}` };
  if (media) headers["Content-Type"] = media;
  if (more.idempotencyKey) headers["Idempotency-Key"] = more.idempotencyKey;
  if (more.ifMatch !== undefined) headers["If-Match"] = more.ifMatch === "*" ? "*" : `"${more.ifMatch}"`;
  return headers;
}

/**
 * @param {number} status
 * @param {string} text
 */
function problemOf(status, text) {
  let told = {};
  try {
    told = JSON.parse(text);
  } catch {
    told = { detail: text.slice(0, 200) };
  }
  if (status === 401) signOut("session.ended");
  return new Problem(status, told);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {More & {query?: Query}} more
 */
async function send(method, path, body, more) {
  const media = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  // fetch would throw as if the node could not be reached
  if (!isTokenSendable()) throw problemOf(401, JSON.stringify(UNAUTHORIZED));
  let answer;
  try {
    answer = await fetch(addressOf(path, more.query), {
      method,
      headers: headersOf(more, body === undefined ? undefined : media),
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: more.signal,
    });
  } catch (error) {
    if (more.signal?.aborted) throw error;
    throw new Problem(0, UNREACHABLE);
  }
  if (!answer.ok) throw problemOf(answer.status, await answer.text());
  return answer;
}

/** @param {Response} answer */
const bodyOf = async (answer) => (answer.status === 204 ? null : answer.json());

export const api = {
  /**
   * @param {string} path
   * @param {Query} [query]
   * @param {More} [more]
   * @returns {Promise<any>}
   */
  get: async (path, query, more = {}) => bodyOf(await send("GET", path, undefined, { ...more, query })),
  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {More} [more]
   * @returns {Promise<any>}
   */
  post: async (path, body, more = {}) => bodyOf(await send("POST", path, body, more)),
  /**
   * @param {string} path
   * @param {unknown} body
   * @param {More} [more]
   * @returns {Promise<any>}
   */
  put: async (path, body, more = {}) => bodyOf(await send("PUT", path, body, more)),
  /**
   * A merge patch: what is left out stays.
   *
   * @param {string} path
   * @param {unknown} body
   * @param {More} [more]
   * @returns {Promise<any>}
   */
  patch: async (path, body, more = {}) => bodyOf(await send("PATCH", path, body, more)),
  /**
   * @param {string} path
   * @param {Query} [query]
   * @returns {Promise<any>}
   */
  del: async (path, query) => bodyOf(await send("DELETE", path, undefined, { query })),

  /**
   * All items of a paged resource, page after page.
   *
   * @param {string} path
   * @param {Query} [query]
   */
  async *pages(path, query = {}) {
    let cursor = "";
    do {
      const page = await api.get(path, { ...query, cursor });
      yield page.items;
      cursor = page.next_cursor ?? "";
    } while (cursor);
  },

  /**
   * The bytes of a file as the body of a POST, with the share that has been sent, 0 to 1.
   *
   * @param {string} path
   * @param {Blob} file
   * @param {Query} query
   * @param {(share: number) => void} onProgress
   * @param {string} media
   * @returns {Promise<any>}
   */
  upload(path, file, query, onProgress, media = "text/csv") {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", addressOf(path, query));
      for (const [name, value] of Object.entries(headersOf({}, media))) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => event.total && onProgress(event.loaded / event.total);
      request.onerror = () => reject(new Problem(0, UNREACHABLE));
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText || "null"));
        else reject(problemOf(request.status, request.responseText));
      };
      request.send(file);
    });
  },

  /**
   * The beginning of a text of any length, and whether it is all.
   *
   * @param {string} path
   */
  async head(path, most = 100_000) {
    const answer = await send("GET", path, undefined, {});
    const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (text.length < most) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), isWhole: true };
      text += decoder.decode(value, { stream: true });
    }
    await reader.cancel();
    return { text, isWhole: false };
  },

  /**
   * Save an export as a file of this name.
   *
   * @param {string} path
   * @param {Query} query
   * @param {string} name
   */
  async download(path, query, name) {
    const answer = await send("GET", path, undefined, { query });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },
};

/** A key under which a POST is carried out once, however often it is sent. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
