import type { Eviction, KeyType, Options, Resilience } from 'flipcache/component';

/** How the cache learns of the writes of other tabs. */
export type Coherence =
  /** The page calls `coherence.invalidate`. */
  | 'push'
  /** The cache calls `bucket.changes` before each read of its local tier. */
  | 'poll'
  | 'off';

/** The options that the page offers. */
export interface Settings {
  readonly name: string;
  readonly localMax: number;
  readonly eviction: Extract<Eviction, 'fifo' | 'lru'>;
  readonly keyType: KeyType;
  /** In milliseconds; `undefined`: entries do not expire. */
  readonly ttlMs: bigint | undefined;
  readonly refreshTtlOnGet: boolean;
  readonly coherence: Coherence;
}

export const DEFAULTS: Settings = {
  name: 'demo',
  localMax: 4,
  eviction: 'fifo',
  keyType: 'text',
  ttlMs: undefined,
  refreshTtlOnGet: false,
  coherence: 'push',
};

/** Converts settings to the options of `open-with`. */
export function optionsOf(settings: Settings): Options {
  const { localMax, eviction, keyType, refreshTtlOnGet, ttlMs } = settings;
  return {
    localMax,
    eviction,
    keyType,
    refreshTtlOnGet,
    valueType: 'text',
    storeDefault: false,
    ...(ttlMs === undefined ? {} : { ttlMs }),
  };
}

export function resilienceOf(coherence: Coherence): Resilience {
  const none = { staleOnErrorMs: 0n, absentTtlMs: 0n, ttlJitterPercent: 0 };
  return coherence === 'poll' ? { ...none, maxStalenessMs: 0n } : none;
}
