/**
 * What the thread of the cache and the one that owns the connection tell each other.
 *
 * The first asks one thing at a time and waits; news come unasked. All numbers that both look at stand in one array
 * of shared memory.
 *
 * @module
 */
import type { BackendErrorCase } from '../component/types.js';
import type { RedisOptions } from './options.js';

/** The places in the shared array. */
export const PLACES = {
  /** How many answers there have been. Waited for. */
  ANSWERS: 0,
  /** How many steps the thread has made towards an answer: one that works through much is not silent. */
  STEPS: 1,
  /** How many keys have been told, and how many of them were taken. */
  NEWS: 2,
  TAKEN: 3,
  /** How many times all that was kept became void. */
  EPOCH: 4,
  /** 1 while the server tells of changes under all prefixes that were asked for. */
  HEARING: 5,
  /** Until when that is known, in milliseconds of `Setup.zero`'s clock; wraps around. */
  HEARD_UNTIL: 6,
  /** The same by the wall clock, which goes on while the machine sleeps. Both must lie ahead. */
  HEARD_UNTIL_WALL: 7,
  /** 1 as soon as the thread takes questions. */
  STARTED: 8,
  LENGTH: 9,
} as const;

/** How many keys may wait to be taken. */
export const MAX_WAITING = 16_384;

/** What the thread is started with. */
export interface Setup {
  readonly url: string;
  readonly tls: RedisOptions['tls'];
  readonly deadlineMs: number;
  readonly isTracking: boolean;
  readonly boundMs: number;
  readonly shared: SharedArrayBuffer;
  readonly answers: import('node:worker_threads').MessagePort;
  readonly news: import('node:worker_threads').MessagePort;
  /** What the system's monotonic clock showed when the clock that both count by was 0, in milliseconds. */
  readonly zero: number;
}

/** What is asked. `prefix` is the bucket's name and a colon. */
export type Ask =
  | { name: 'get'; keys: string[]; newTtlMs: bigint | undefined }
  | { name: 'set' | 'setIfAbsent'; entries: [string, Uint8Array][]; ttlMs: bigint | undefined }
  | { name: 'increment'; key: string; delta: bigint; ttlMs: bigint | undefined }
  | { name: 'delete' | 'exists'; keys: string[] }
  | { name: 'expire'; keys: string[]; ttlMs: bigint | undefined }
  | { name: 'scan'; cursor: string | undefined; limit: number }
  | { name: 'count' | 'clear' | 'listen' };

/** A question. */
export interface Question {
  readonly id: number;
  readonly prefix: string;
  readonly ask: Ask;
}

/** Its answer. */
export type Answer = { readonly id: number } & ({ readonly ok: unknown } | { readonly error: BackendErrorCase });

/** Complete keys that others may have changed. */
export type NewsMessage = string[];

/** The clock that both threads count by, in milliseconds; wraps around. */
export function clock(zero: number): number {
  return (systemMs() - zero) | 0;
}

/** The wall clock in milliseconds; wraps around. */
export function wallClock(): number {
  return Date.now() | 0;
}

/** Of two moments of one clock, how long the first is after the second. */
export function after(later: number, earlier: number): number {
  return (later - earlier) | 0;
}

/** The system's monotonic clock, which is the same in all threads. */
export function systemMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + Math.floor(nanoseconds / 1e6);
}
