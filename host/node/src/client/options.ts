import type { Eviction, Expiry, KeyType, Options, Resilience, ValueType } from '../component/types.js';
import { CacheError } from './errors.js';
import { toComponent } from './values.js';

/** How a cache is opened. Durations are in milliseconds. */
export interface CacheOptions<T extends ValueType = 'text', K extends KeyType = 'text', D = unknown> {
  /** Entries that the local tier holds; 0: no local tier. By default 100. */
  localMax?: number;
  /** Bytes of keys and values, in wire form, that the local tier holds. By default as many as there are. */
  localMaxBytes?: number;
  /** Which entry leaves a full local tier first. By default the one that entered first. */
  eviction?: Eviction;
  /** Time to live of entries, in both tiers. Not 0. By default they do not expire. */
  ttlMs?: number;
  /** A read starts an entry's time to live anew, in both tiers. */
  refreshTtlOnGet?: boolean;
  /** What keys are. By default text; integers are of 64 bits. */
  keyType?: K;
  /** What values are. By default text. */
  valueType?: T;
  /** What a read of an absent key answers. */
  default?: D;
  /** A read that answers the default also stores it, if the key is still absent. */
  storeDefault?: boolean;
  /** How long an entry may still answer, marked stale, while the store cannot be reached. By default 0: never. */
  staleOnErrorMs?: number;
  /** How long it is remembered that the store has nothing for a key. By default 0: not at all. */
  absentTtlMs?: number;
  /** Each time to live is shortened by a random part of at most this many percent, 0 to 50. By default 0. */
  ttlJitterPercent?: number;
  /**
   * For a store that tells nobody of changes but can be asked for them (`bucket.changes`): how long the local tier
   * may answer without asking. By default it never asks.
   */
  maxStalenessMs?: number;
}

/** How long an entry lives that is written. By default as long as the cache's options say. */
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

/** What the component takes. @throws {CacheError} `invalid-options` */
export function toComponentOptions(given: CacheOptions<ValueType, KeyType>): [Options, Resilience] {
  const unknown = Object.keys(given).find((name) => !NAMES.has(name));
  if (unknown !== undefined) throw new CacheError('invalid-options', `there is no option ${unknown}`);
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

/** @throws {CacheError} `invalid-ttl` if it is no whole number; the component refuses those out of bounds. */
export function toExpiry({ ttlMs }: WriteOptions = {}): Expiry {
  if (ttlMs === undefined) return { tag: 'inherit' };
  if (ttlMs === 'never') return { tag: 'never' };
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0) {
    throw new CacheError('invalid-ttl', `a time to live is a whole number of milliseconds, not ${String(ttlMs)}`);
  }
  return { tag: 'after-ms', val: BigInt(ttlMs) };
}

/** A number of 32 bits for a parameter. @throws {CacheError} `invalid-options` */
export function wholeNumber(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new CacheError('invalid-options', `${name} is a whole number up to ${most}, not ${String(value)}`);
}

function whole(name: string, value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(wholeNumber(name, value, Number.MAX_SAFE_INTEGER));
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new CacheError('invalid-options', `${name} is true or false`);
}

/** The glue would take what it does not know for the first of the names. */
function oneOf<T extends string>(names: readonly T[], option: string, value: T): T {
  if (names.includes(value)) return value;
  throw new CacheError('invalid-options', `${option} is one of ${names.join(', ')}, not ${String(value)}`);
}
