/** The types of `wit/types.wit`, `cache.wit`, `collections.wit` and `kv-backend.wit`, as the glue has them. */
export type { BackendError as BackendErrorCase, Value } from './glue/interfaces/flipcache-cache-types.js';
export type {
  Error as CacheErrorCase,
  Removals,
  Eviction,
  Expiry,
  FlipCache,
  Found,
  KeyPage,
  KeyType,
  Options,
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
  Changes,
  Entry,
  News,
  Page,
  Slot,
} from './glue/interfaces/flipcache-cache-kv-backend.js';
