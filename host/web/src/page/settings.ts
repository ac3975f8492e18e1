import type { Eviction, KeyType, Options, Resilience } from 'flipcache/component';

/** How the cache hears of what other tabs write. */
export type News =
  /** The page calls `coherence.invalidate`. */
  | 'told'
  /** The cache calls `bucket.changes` before each answer of its local tier. */
  | 'asks'
  | 'unheard';

/** What the reader can choose. */
export interface Settings {
  readonly name: string;
  readonly localMax: number;
  readonly eviction: Extract<Eviction, 'fifo' | 'lru'>;
  readonly keyType: KeyType;
  /** In milliseconds; `undefined`: entries do not expire. */
  readonly ttlMs: bigint | undefined;
  readonly refreshTtlOnGet: boolean;
  readonly news: News;
}

export const DEFAULTS: Settings = {
  name: 'demo',
  localMax: 4,
  eviction: 'fifo',
  keyType: 'text',
  ttlMs: undefined,
  refreshTtlOnGet: false,
  news: 'told',
};

/** The options of `open-with` that these are. */
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

export function resilienceOf(news: News): Resilience {
  const none = { staleOnErrorMs: 0n, absentTtlMs: 0n, ttlJitterPercent: 0 };
  return news === 'asks' ? { ...none, maxStalenessMs: 0n } : none;
}
