// @ts-check
/**
 * What a host provides to the interpreter.
 *
 * @module
 */

/** @import { Call, Fault } from './recorder.js' */

/**
 * Something that a case may need and a host may lack. See the `README.md` of the suite.
 *
 * @typedef {'clock' | 'external-writes' | 'wrong-type' | 'faults' | 'coherence' | 'changes' | 'set-if-absent'
 *   | 'increment' | 'expire' | 'extend-ttl'} Need
 */

/** @type {ReadonlySet<string>} */
export const NEEDS = new Set([
  'clock',
  'external-writes',
  'wrong-type',
  'faults',
  'coherence',
  'changes',
  'set-if-absent',
  'increment',
  'expire',
  'extend-ttl',
]);

/**
 * A host of the component, with a store.
 *
 * @typedef {object} Host
 * @property {string} name For the report: `Node`.
 * @property {string} store For the report: `Redis`.
 * @property {string} digest SHA-256 of `flipcache.wasm`, in hex.
 * @property {Need[]} has
 * @property {() => World | Promise<World>} open Creates an instance over an empty store.
 */

/**
 * One instance of the component, with its own store. Members of a need that the host lacks may be missing.
 *
 * @typedef {object} World
 * @property {{ cache: any, collections: any, coherence?: any }} exports The interfaces of the glue.
 * @property {() => Call[]} [takeCalls] Returns the calls of `kv-backend` since the last `takeCalls`. Without it,
 *   calls are not compared.
 * @property {Store} [store]
 * @property {(ms: number) => void | Promise<void>} [wait] Moves both clocks.
 * @property {(fault: Fault | null) => void} [fail]
 * @property {() => void | Promise<void>} [close]
 */

/**
 * The store as another client sees it. Keys are complete.
 *
 * @typedef {object} Store
 * @property {(key: string, value: Uint8Array, ttlMs: bigint | undefined) => void | Promise<void>} set
 * @property {(key: string) => void | Promise<void>} delete
 * @property {(key: string) => Uint8Array | undefined | Promise<Uint8Array | undefined>} get
 * @property {(key: string) => void | Promise<void>} [spoil] Stores a value that is not a plain string.
 */

/**
 * @typedef {object} Report
 * @property {string} host
 * @property {string} store
 * @property {string} digest
 * @property {string[]} passed
 * @property {Record<string, string[]>} left-out The needs that are not met.
 * @property {Record<string, string>} failed
 */

export {};
