// @ts-check
/**
 * What a host gives the interpreter.
 *
 * @module
 */

/** @import { Call, Fault } from './recorder.js' */

/**
 * Of all that a case may need, what a host has not left out. See `README.md` of the suite.
 *
 * @typedef {'clock' | 'foreign' | 'wrong-type' | 'faults' | 'coherence' | 'changes' | 'set-if-absent' | 'increment'
 *   | 'expire' | 'prolong'} Need
 */

/** @type {ReadonlySet<string>} */
export const NEEDS = new Set([
  'clock',
  'foreign',
  'wrong-type',
  'faults',
  'coherence',
  'changes',
  'set-if-absent',
  'increment',
  'expire',
  'prolong',
]);

/**
 * A host of the component, and a store that it has behind it.
 *
 * @typedef {object} Host
 * @property {string} name For the report: `Node`.
 * @property {string} store For the report: `Redis`.
 * @property {string} digest SHA-256 of the very `flipcache.wasm`, in hex.
 * @property {Need[]} has
 * @property {() => World | Promise<World>} open A new instance over an empty store.
 */

/**
 * One instance of the component, over a store of its own. What belongs to a need that the host does not have may be
 * missing.
 *
 * @typedef {object} World
 * @property {{ cache: any, collections: any, coherence?: any }} exports The interfaces, as the glue names things.
 * @property {() => Call[]} [takeCalls] The calls of `kv-backend` since this was last asked. Without it, what the
 *   component asks is not compared.
 * @property {Store} [store]
 * @property {(ms: number) => void | Promise<void>} [wait] Moves both clocks.
 * @property {(fault: Fault | null) => void} [fail]
 * @property {() => void | Promise<void>} [close]
 */

/**
 * The store as somebody else sees it; keys are complete.
 *
 * @typedef {object} Store
 * @property {(key: string, value: Uint8Array, ttlMs: bigint | undefined) => void | Promise<void>} set
 * @property {(key: string) => void | Promise<void>} delete
 * @property {(key: string) => Uint8Array | undefined | Promise<Uint8Array | undefined>} get
 * @property {(key: string) => void | Promise<void>} [spoil] Puts something there that is no plain string.
 */

/**
 * @typedef {object} Report
 * @property {string} host
 * @property {string} store
 * @property {string} digest
 * @property {string[]} passed
 * @property {Record<string, string[]>} left-out Which needs are not met.
 * @property {Record<string, string>} failed
 */

export {};
