/**
 * The types of `wit/types.wit`, `cache.wit`, `collections.wit` and `kv-backend.wit`, as generated.
 */
export type { BackendError as BackendErrorCase, Value } from './glue/interfaces/flipcache-cache-types.js';
export type {
  Error as CacheErrorCase,
  Eviction,
  Expiry,
  FlipCache,
  Found,
  KeyPage,
  KeyType,
  Options,
  Removals,
  Resilience,
  Source,
  Stats,
  ValueType,
} from './glue/interfaces/flipcache-cache-cache.js';
export type {
  Dict,
  Error as DictErrorCase,
  Item,
  Order,
} from './glue/interfaces/flipcache-cache-collections.js';
export type {
  ChangedKeys,
  Changes,
  Entry,
  Page,
  Slot,
} from './glue/interfaces/flipcache-cache-kv-backend.js';
