/**
 * A hybrid cache: a small local tier, in a WebAssembly component, in front of a shared backend.
 *
 * @module
 */
export { connect, Client, type ConnectOptions, type InvalidationStatus } from './client/client.js';
export { Cache, type CacheStats, type Found } from './client/cache.js';
export type { LocalTier } from './client/local.js';
export { Dict, FifoDict, LruDict } from './client/dict.js';
export type { CacheOptions, WriteOptions } from './client/options.js';
export type { BackendOptions } from './client/backend.js';
export type { Given, Types } from './client/values.js';
export type { Key, KeyTypes } from './client/keys.js';
export { CacheError, type CacheErrorCode, InstanceError, StoredValueError } from './client/errors.js';
export { FlipcacheError } from './backend/error-base.js';
export { BackendError, type BackendErrorCode } from './backend/error.js';
export type { Bucket, KvBackend } from './backend/bucket.js';
export type { FeedUpdate, Session } from './backend/session.js';
export type { Clock } from './component/clock.js';
export type { Eviction, KeyType, Source, ValueType } from './component/types.js';
