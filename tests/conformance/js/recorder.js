// @ts-check
/**
 * A backend between the component and its store. It records the calls, and injects faults.
 *
 * @module
 */
import * as signatures from './signatures.js';
import { camelCase } from './types.js';

/**
 * What the component's import `kv-backend` calls.
 *
 * @typedef {{ open(name: string): any }} Backend
 */

/**
 * A call of the import: the name of the bucket, the WIT name of the function, and the arguments of the glue.
 *
 * @typedef {{ bucket: string, name: string, arguments: unknown[] }} Call
 */

/**
 * The error that every function but `open` and `changes` returns, a case of `backend-error`. With `isDone`, the call
 * takes effect before it fails.
 *
 * @typedef {{ error: { tag: string, val?: unknown }, isDone: boolean }} Fault
 */

/**
 * @typedef {object} Recorder
 * @property {Backend} backend The backend to give to the component.
 * @property {() => Call[]} takeCalls Returns the calls since the last `takeCalls`.
 * @property {(fault: Fault | null) => void} fail Sets the fault; `null` clears it.
 */

/**
 * Wraps a backend in a recorder.
 *
 * @param {Backend} inner
 * @param {(error: { tag: string, val?: any }) => unknown} toThrown Returns what the host throws for a
 *   case of `backend-error`.
 * @returns {Recorder}
 */
export function record(inner, toThrown) {
  /** @type {Call[]} */
  let calls = [];
  /** @type {Fault | null} */
  let fault = null;

  /** @param {string} bucket @param {string} name @param {unknown[]} given @param {() => unknown} forward */
  const onCall = (bucket, name, given, forward) => {
    calls.push({ bucket, name, arguments: structuredClone(given) });
    if (fault === null) return forward();
    if (fault.isDone) forward();
    throw toThrown(fault.error);
  };

  return {
    backend: { open: (name) => recordingBucket(name, inner.open(name), onCall) },
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
 * @param {(bucket: string, name: string, given: unknown[], forward: () => unknown) => unknown} onCall
 */
function recordingBucket(bucketName, inner, onCall) {
  const recording = Object.keys(signatures.bucket).map((name) => {
    const method = camelCase(name);
    /** @param {unknown[]} given */
    const recorded = (...given) => onCall(bucketName, name, given, () => inner[method](...given));
    return [method, recorded];
  });
  return {
    ...Object.fromEntries(recording),
    changes: (/** @type {bigint | undefined} */ since) => inner.changes(since),
    close: () => inner.close?.(),
  };
}
