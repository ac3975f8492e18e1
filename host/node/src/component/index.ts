/**
 * The exports of the component `flipcache.wasm`, over a backend.
 *
 * @module
 */
export { type Component, type InstantiateOptions, instantiate } from './instantiate.js';
export { DIGEST } from './glue/modules.js';
export { BackendError, type BackendErrorCode } from '../backend/error.js';
export type { Bucket, KvBackend } from '../backend/bucket.js';
export type { FeedUpdate, Session } from '../backend/session.js';
export type { Clock } from './clock.js';
export type * from './types.js';
