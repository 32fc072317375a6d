// Values outside of components that components follow.

import { useEffect, useRef, useState } from "./html.js";

/**
 * A value, and who follows it.
 *
 * @template T
 * @param {T} value
 */
export function createStore(value) {
  /** @type {Set<(value: T) => void>} */
  const followers = new Set();
  return {
    get: () => value,
    /** @param {T} next */
    set(next) {
      if (next !== value) {
        value = next;
        for (const follower of [...followers]) follower(next);
      }
    },
    /** @param {(value: T) => void} follower */
    subscribe(follower) {
      followers.add(follower);
      return () => {
        followers.delete(follower);
      };
    },
  };
}

/**
 * The value of a store; the component is drawn again when it changes.
 *
 * @template T
 * @param {{get: () => T, subscribe: (follower: (value: T) => void) => () => void}} store
 * @returns {T}
 */
export function useStore(store) {
  const [, draw] = useState({});
  const drawn = useRef(/** @type {any} */ (null));
  drawn.current = store.get();
  useEffect(() => {
    const look = () => {
      if (store.get() !== drawn.current) draw({});
    };
    look(); // it may have changed since it was drawn
    return store.subscribe(look);
  }, [store]);
  return drawn.current;
}
