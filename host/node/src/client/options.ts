import type { Eviction, Expiry, KeyType, Options, Resilience, ValueType } from '../component/types.js';
import { CacheError } from './errors.js';
import { toComponent } from './values.js';

/** The options of a cache. Durations are in milliseconds. */
export interface CacheOptions<T extends ValueType = 'text', K extends KeyType = 'text', D = unknown> {
  /** The most entries in the local tier; 0: no local tier. By default 100. */
  localMax?: number;
  /** The most bytes of keys and encoded values in the local tier. By default unbounded. */
  localMaxBytes?: number;
  /** How a full local tier evicts. By default first in, first out. */
  eviction?: Eviction;
  /** The TTL of entries, in both tiers. Not 0. By default they do not expire. */
  ttlMs?: number;
  /** Whether a read restarts the TTL of an entry, in both tiers. */
  refreshTtlOnGet?: boolean;
  /** The type of keys. By default text; integers have 64 bits. */
  keyType?: K;
  /** The type of values. By default text. */
  valueType?: T;
  /** The value that a read of an absent key returns. */
  default?: D;
  /** Whether a read that returns the default also stores it, if the key is still absent. */
  storeDefault?: boolean;
  /**
   * How long an entry may still be served, marked stale, while the backend cannot be reached. By
   * default 0: never.
   */
  staleOnErrorMs?: number;
  /** How long an absence in the backend is cached (negative caching). By default 0: not at all. */
  absentTtlMs?: number;
  /**
   * TTL jitter: each TTL is shortened by a random share of at most this percentage, 0 to 50. By
   * default 0.
   */
  ttlJitterPercent?: number;
  /**
   * For backends that report changes only when polled (`bucket.changes`): how long the local tier
   * may serve entries without polling. By default it never polls.
   */
  maxStalenessMs?: number;
}

/** The TTL of a write. By default that of the cache. */
export interface WriteOptions {
  /** In milliseconds, not 0; or `'never'`: it does not expire. */
  ttlMs?: number | 'never';
}

const NAMES: ReadonlySet<string> = new Set<keyof CacheOptions>([
  'localMax',
  'localMaxBytes',
  'eviction',
  'ttlMs',
  'refreshTtlOnGet',
  'keyType',
  'valueType',
  'default',
  'storeDefault',
  'staleOnErrorMs',
  'absentTtlMs',
  'ttlJitterPercent',
  'maxStalenessMs',
]);

const EVICTIONS: readonly Eviction[] = ['fifo', 'lru', 's3-fifo'];
const KEY_TYPES: readonly KeyType[] = ['text', 'integer'];
const VALUE_TYPES: readonly ValueType[] = ['text', 'integer', 'float', 'boolean', 'json', 'bytes'];

/** Converts options for the component. @throws {CacheError} `invalid-options` */
export function toComponentOptions(given: CacheOptions<ValueType, KeyType>): [Options, Resilience] {
  const unknown = Object.keys(given).find((name) => !NAMES.has(name));
  if (unknown !== undefined) throw new CacheError('invalid-options', `unknown option ${unknown}`);
  const valueType = oneOf(VALUE_TYPES, 'valueType', given.valueType ?? 'text');
  const options: Options = {
    localMax: wholeNumber('localMax', given.localMax ?? 100, 0xffff_ffff),
    localMaxBytes: whole('localMaxBytes', given.localMaxBytes),
    eviction: oneOf(EVICTIONS, 'eviction', given.eviction ?? 'fifo'),
    ttlMs: whole('ttlMs', given.ttlMs),
    refreshTtlOnGet: flag('refreshTtlOnGet', given.refreshTtlOnGet),
    keyType: oneOf(KEY_TYPES, 'keyType', given.keyType ?? 'text'),
    valueType,
    default: given.default === undefined ? undefined : toComponent(valueType, given.default),
    storeDefault: flag('storeDefault', given.storeDefault),
  };
  const resilience: Resilience = {
    staleOnErrorMs: whole('staleOnErrorMs', given.staleOnErrorMs) ?? 0n,
    absentTtlMs: whole('absentTtlMs', given.absentTtlMs) ?? 0n,
    ttlJitterPercent: wholeNumber('ttlJitterPercent', given.ttlJitterPercent ?? 0, 0xff),
    maxStalenessMs: whole('maxStalenessMs', given.maxStalenessMs),
  };
  return [options, resilience];
}

/**
 * @throws {CacheError} `invalid-ttl` if it is not a whole number; the component checks the bounds.
 */
export function toExpiry({ ttlMs }: WriteOptions = {}): Expiry {
  if (ttlMs === undefined) return { tag: 'inherit' };
  if (ttlMs === 'never') return { tag: 'never' };
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0) {
    throw new CacheError('invalid-ttl', `a TTL must be a whole number of milliseconds, not ${String(ttlMs)}`);
  }
  return { tag: 'after-ms', val: BigInt(ttlMs) };
}

/**
 * Checks that a parameter is a whole number up to `most`. @throws {CacheError} `invalid-options`
 */
export function wholeNumber(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new CacheError('invalid-options', `${name} must be a whole number up to ${most}, not ${String(value)}`);
}

function whole(name: string, value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(wholeNumber(name, value, Number.MAX_SAFE_INTEGER));
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new CacheError('invalid-options', `${name} must be true or false`);
}

/**
 * Checks that a value is one of the names; the glue would silently take the first name for others.
 */
function oneOf<T extends string>(names: readonly T[], option: string, value: T): T {
  if (names.includes(value)) return value;
  throw new CacheError('invalid-options', `${option} must be one of ${names.join(', ')}, not ${String(value)}`);
}
