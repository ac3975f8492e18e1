// @ts-check
/**
 * A backend between the component and its store: it notes what is asked, and fails when told.
 *
 * @module
 */
import * as signatures from './signatures.js';
import { camelCase } from './types.js';

/**
 * What stands behind the component's import `kv-backend`.
 *
 * @typedef {{ open(name: string): any }} Backend
 */

/**
 * A call of the import: the bucket's name, the function as WIT names it, and the arguments as the glue has them.
 *
 * @typedef {{ bucket: string, name: string, arguments: unknown[] }} Call
 */

/**
 * How every function but `open` and `changes` fails from now on: with this case of `backend-error`, though what it was asked has been done
 * or not.
 *
 * @typedef {{ error: { tag: string, val?: unknown }, isDone: boolean }} Fault
 */

/**
 * @typedef {object} Recorder
 * @property {Backend} backend The backend to give to the component.
 * @property {() => Call[]} takeCalls The calls since this was last asked.
 * @property {(fault: Fault | null) => void} fail Begins to fail, or ends it.
 */

/**
 * Puts a recorder before a backend.
 *
 * @param {Backend} inner
 * @param {(error: { tag: string, val?: any }) => unknown} toThrown What the host throws for a case of
 *   `backend-error`.
 * @returns {Recorder}
 */
export function record(inner, toThrown) {
  /** @type {Call[]} */
  let calls = [];
  /** @type {Fault | null} */
  let fault = null;

  /** @param {string} bucket @param {string} name @param {unknown[]} given @param {() => unknown} ask */
  const asked = (bucket, name, given, ask) => {
    calls.push({ bucket, name, arguments: structuredClone(given) });
    if (fault === null) return ask();
    if (fault.isDone) ask();
    throw toThrown(fault.error);
  };

  return {
    backend: { open: (name) => recordingBucket(name, inner.open(name), asked) },
    takeCalls() {
      const taken = calls;
      calls = [];
      return taken;
    },
    fail(next) {
      fault = next;
    },
  };
}

/**
 * @param {string} bucketName
 * @param {any} inner
 * @param {(bucket: string, name: string, given: unknown[], ask: () => unknown) => unknown} asked
 */
function recordingBucket(bucketName, inner, asked) {
  const recording = Object.keys(signatures.bucket).map((name) => {
    const method = camelCase(name);
    /** @param {unknown[]} given */
    const ask = (...given) => asked(bucketName, name, given, () => inner[method](...given));
    return [method, ask];
  });
  return {
    ...Object.fromEntries(recording),
    changes: (/** @type {bigint | undefined} */ since) => inner.changes(since),
    close: () => inner.close?.(),
  };
}
