// @ts-check
/**
 * A host for the tests of the interpreter: caches without a local tier, over a map.
 *
 * @module
 */
import { record } from '../index.js';

/** What functions throw in place of `err`. */
export class Thrown extends Error {
  /** @param {{ tag: string, val?: unknown }} payload */
  constructor(payload) {
    super('thrown');
    this.payload = payload;
  }
}

/** A store with the functions that the fake caches call. */
class FakeBackend {
  /** @type {Map<string, Uint8Array>} */
  rows = new Map();

  /** @param {string} name */
  open(name) {
    const key = (/** @type {string} */ key) => `${name}:${key}`;
    return {
      get: (/** @type {string[]} */ keys) =>
        keys.map((one) => {
          const value = this.rows.get(key(one));
          return value === undefined ? { tag: 'absent' } : { tag: 'entry', val: { value } };
        }),
      set: (/** @type {[string, Uint8Array][]} */ entries) => {
        for (const [one, value] of entries) this.rows.set(key(one), value);
      },
      scan: () => ({ keys: [...this.rows.keys()].map((full) => full.slice(name.length + 1)) }),
    };
  }
}

/** @param {any} bucket */
function fakeCache(bucket) {
  const asError = (/** @type {() => any} */ call) => {
    try {
      return call();
    } catch (error) {
      const payload = error instanceof Thrown ? error.payload : undefined;
      throw payload === undefined ? error : new Thrown({ tag: 'backend', val: payload });
    }
  };
  return {
    get: (/** @type {string} */ key) => {
      const [slot] = asError(() => bucket.get([key], undefined));
      return slot.tag === 'entry' ? { tag: 'text', val: new TextDecoder().decode(slot.val.value) } : undefined;
    },
    set: (/** @type {string} */ key, /** @type {{ tag: string, val: any }} */ value) => {
      if (value.tag !== 'text') throw new Thrown({ tag: 'invalid-value', val: 'not a text' });
      asError(() => bucket.set([[key, new TextEncoder().encode(value.val)]], undefined));
    },
    keys: () => bucket.scan(undefined, 10),
    localGet: () => {
      throw new TypeError('unreachable');
    },
    stats: () => ({ localHits: 3n, misses: 2n ** 60n, removals: { size: 1n } }),
    clear: () => bucket.clear(),
  };
}

/**
 * @param {Partial<import('../world.js').Host> & { without?: string[] }} [changes] `without`: the members that its worlds lack.
 * @returns {import('../world.js').Host & { closed: number }}
 */
export function fakeHost({ without = [], ...changes } = {}) {
  /** @type {import('../world.js').Host & { closed: number }} */
  const host = { name: 'Fake', store: 'a map', digest: '00', has: ['external-writes', 'faults'], closed: 0, open: () => world(), ...changes };
  const world = () => {
    const store = new FakeBackend();
    const recorder = record(store, (error) => new Thrown(error));
    const open = (/** @type {string} */ name) => {
      if (name === '') throw new Thrown({ tag: 'invalid-name', val: '' });
      return fakeCache(recorder.backend.open(name));
    };
    /** @type {import('../world.js').World} */
    const whole = {
      exports: { cache: { FlipCache: { open, openWith: open } }, collections: {} },
      takeCalls: recorder.takeCalls,
      fail: recorder.fail,
      store: {
        set: (key, value) => void store.rows.set(key, value),
        delete: (key) => void store.rows.delete(key),
        get: (key) => store.rows.get(key),
      },
      close: () => {
        host.closed += 1;
      },
    };
    return /** @type {any} */ (Object.fromEntries(Object.entries(whole).filter(([name]) => !without.includes(name))));
  };
  return host;
}
