/**
 * The protocol between the thread of the cache and the thread that owns the connection.
 *
 * The first sends one request at a time and waits for the reply; changes are pushed. All shared
 * numbers are in one array of shared memory.
 *
 * @module
 */
import type { BackendErrorCase } from '../component/types.js';
import type { RedisOptions } from './options.js';

/** The indices of the shared array. */
export const FIELDS = {
  /** The number of replies; callers wait on it. */
  REPLIES: 0,
  /** The number of steps towards a reply: a long request is not mistaken for a dead thread. */
  STEPS: 1,
  /** The number of changed keys published, and of those taken. */
  PUBLISHED: 2,
  TAKEN: 3,
  /** The number of flushes: how many times every entry became invalid. */
  EPOCH: 4,
  /** 1 while the server reports changes under all subscribed prefixes. */
  LIVE: 5,
  /** The end of the lease on `LIVE`, in milliseconds of `Setup.zero`'s clock; wraps around. */
  LEASE_UNTIL: 6,
  /** The same by the wall clock, which includes sleep. Both must be in the future. */
  LEASE_UNTIL_WALL: 7,
  /** 1 once the thread accepts requests. */
  STARTED: 8,
  LENGTH: 9,
} as const;

/** The most changed keys that may wait to be taken. */
export const MAX_WAITING = 16_384;

/** The configuration of the thread. */
export interface Setup {
  readonly url: string;
  readonly tls: RedisOptions['tls'];
  readonly deadlineMs: number;
  readonly isTracking: boolean;
  readonly boundMs: number;
  readonly shared: SharedArrayBuffer;
  readonly replies: import('node:worker_threads').MessagePort;
  readonly changes: import('node:worker_threads').MessagePort;
  /** The zero of the clock of both threads, by the system's monotonic clock, in milliseconds. */
  readonly zero: number;
}

/** A request to a bucket. */
export type Request =
  | { name: 'get'; keys: string[]; newTtlMs: bigint | undefined }
  | { name: 'set' | 'setIfAbsent'; entries: [string, Uint8Array][]; ttlMs: bigint | undefined }
  | { name: 'increment'; key: string; delta: bigint; ttlMs: bigint | undefined }
  | { name: 'delete' | 'exists'; keys: string[] }
  | { name: 'expire'; keys: string[]; ttlMs: bigint | undefined }
  | { name: 'scan'; cursor: string | undefined; limit: number }
  | { name: 'count' | 'clear' | 'subscribe' };

/** A request to the thread. `prefix` is the bucket's name and a colon. */
export interface RequestMessage {
  readonly id: number;
  readonly prefix: string;
  readonly request: Request;
}

/** The reply to a request. */
export type Reply = { readonly id: number } & ({ readonly ok: unknown } | { readonly error: BackendErrorCase });

/** Complete keys that others may have changed. */
export type ChangedKeysMessage = string[];

/** Returns the clock of both threads, in milliseconds; wraps around. */
export function clock(zero: number): number {
  return (systemMs() - zero) | 0;
}

/** Returns the wall clock in milliseconds; wraps around. */
export function wallClock(): number {
  return Date.now() | 0;
}

/** Returns how long `later` is after `earlier` on one clock. */
export function after(later: number, earlier: number): number {
  return (later - earlier) | 0;
}

/** Returns the system's monotonic clock, which is the same in all threads. */
export function systemMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + Math.floor(nanoseconds / 1e6);
}
