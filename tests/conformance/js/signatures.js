// @ts-check
/**
 * The functions of `wit/` that cases call: their parameters, return types and errors.
 *
 * @module
 */
import { enumeration, list, option, record, tuple, variant } from './types.js';

/** @import { Type } from './types.js' */

/**
 * A function: its parameters, what it returns (the `ok` of a `result`; `null` if nothing), and its error type.
 *
 * @typedef {{ takes: Type[], returns: Type | null, fails?: Type }} Signature
 */

/** @param {Type[]} takes @param {Type | null} [returns] @param {Type} [fails] @returns {Signature} */
const func = (takes, returns = null, fails) => (fails ? { takes, returns, fails } : { takes, returns });

const value = variant({ text: 'string', integer: 's64', float: 'f64', boolean: 'bool', json: 'string', bytes: 'bytes' });
const expiry = variant({ inherit: null, never: null, 'after-ms': 'u64' });

export const backendError = variant({
  unavailable: 'string',
  'outcome-unknown': 'string',
  timeout: null,
  'access-denied': 'string',
  'too-large': 'u64',
  unsupported: 'string',
  other: 'string',
});

export const options = record({
  'local-max': 'u32',
  'local-max-bytes': option('u64'),
  eviction: enumeration('fifo', 'lru', 's3-fifo'),
  'ttl-ms': option('u64'),
  'refresh-ttl-on-get': 'bool',
  'key-type': enumeration('text', 'integer'),
  'value-type': enumeration('text', 'integer', 'float', 'boolean', 'json', 'bytes'),
  default: option(value),
  'store-default': 'bool',
});

export const resilience = record({
  'stale-on-error-ms': 'u64',
  'absent-ttl-ms': 'u64',
  'ttl-jitter-percent': 'u8',
  'max-staleness-ms': option('u64'),
});

const found = record({
  value: option(value),
  source: enumeration('local', 'backend', 'default', 'stale', 'none'),
});

export const cacheError = variant({
  'invalid-name': 'string',
  'invalid-options': 'string',
  conflict: 'string',
  denied: 'string',
  'invalid-key': 'string',
  'invalid-value': 'string',
  'invalid-ttl': 'u64',
  'too-large': 'u64',
  undecodable: 'string',
  'wrong-type': 'string',
  backend: backendError,
});

const removals = record({ size: 'u64', expired: 'u64', explicit: 'u64', replaced: 'u64', invalidated: 'u64', flushed: 'u64' });

const stats = record({
  'local-hits': 'u64',
  'backend-hits': 'u64',
  misses: 'u64',
  'stale-hits': 'u64',
  'absent-hits': 'u64',
  removals,
  'refused-fills': 'u64',
  'too-large': 'u64',
  'backend-errors': 'u64',
  'local-len': 'u64',
  'local-bytes': 'u64',
});

const keyPage = record({ keys: list('string'), cursor: option('string') });

/** @param {Type[]} takes @param {Type | null} [returns] */
const ofCache = (takes, returns = null) => func(takes, returns, cacheError);

/** The methods of `cache`'s resource `flip-cache`. @type {Record<string, Signature>} */
export const flipCache = {
  get: ofCache(['string'], option(value)),
  'get-detailed': ofCache(['string'], found),
  'get-many': ofCache([list('string')], list(option(value))),
  set: ofCache(['string', value, expiry]),
  'set-many': ofCache([list(tuple('string', value)), expiry]),
  'set-if-absent': ofCache(['string', value, expiry], 'bool'),
  increment: ofCache(['string', 's64'], 's64'),
  delete: ofCache(['string'], 'bool'),
  'delete-many': ofCache([list('string')], 'u64'),
  contains: ofCache(['string'], 'bool'),
  refresh: ofCache(['string'], 'bool'),
  ttl: ofCache(['string'], option(expiry)),
  keys: ofCache([option('string'), 'u32'], keyPage),
  len: ofCache([], 'u64'),
  clear: ofCache([], 'u64'),
  'local-get': func(['string'], option(value)),
  'local-keys': func([], list('string')),
  'local-clear': func([]),
  stats: func([], stats),
};

export const order = enumeration('fifo', 'lru');
export const dictError = variant({ 'invalid-capacity': null, 'too-large': 'u64' });
const item = tuple('string', value);

/** @param {Type[]} takes @param {Type | null} [returns] */
const ofDict = (takes, returns = null) => func(takes, returns, dictError);

/** The methods of `collections`' resource `dict`. @type {Record<string, Signature>} */
export const dict = {
  get: func(['string'], option(value)),
  peek: func(['string'], option(value)),
  set: ofDict(['string', value], option(item)),
  'set-default': ofDict(['string', value], value),
  update: ofDict([list(item)]),
  contains: func(['string'], 'bool'),
  'mark-as-used': func(['string'], 'bool'),
  pop: func(['string'], option(value)),
  'pop-item': func(['bool'], option(item)),
  clear: func([]),
  len: func([], 'u32'),
  'max-items': func([], 'u32'),
  keys: func([], list('string')),
  values: func([], list(value)),
  items: func([], list(item)),
};

/** The functions of `coherence`. @type {Record<string, Signature>} */
export const coherence = {
  invalidate: func(['string', list('string')]),
  'invalidate-all': func([]),
  suspend: func([]),
  resume: func([]),
};

const entries = list(tuple('string', 'bytes'));

/**
 * The parameters of the functions of `kv-backend`'s resource `bucket` that are recorded: all but `open` and `changes`.
 *
 * @type {Record<string, Type[]>}
 */
export const bucket = {
  get: [list('string'), option('u64')],
  set: [entries, option('u64')],
  'set-if-absent': [entries, option('u64')],
  increment: ['string', 's64', option('u64')],
  delete: [list('string')],
  exists: [list('string')],
  expire: [list('string'), option('u64')],
  scan: [option('string'), 'u32'],
  count: [],
  clear: [],
};

/** The options and resilience of a case that gives none. */
export const DEFAULTS = {
  options: {
    'local-max': 100,
    'local-max-bytes': null,
    eviction: 'fifo',
    'ttl-ms': null,
    'refresh-ttl-on-get': false,
    'key-type': 'text',
    'value-type': 'text',
    default: null,
    'store-default': false,
  },
  resilience: {
    'stale-on-error-ms': 0,
    'absent-ttl-ms': 0,
    'ttl-jitter-percent': 0,
    'max-staleness-ms': null,
  },
};
