/**
 * Converts replies to the types of a backend.
 *
 * @module
 */
import { ErrorReply } from '@redis/client';

import { BackendError } from '../../backend/error.js';
import type { Slot } from '../../component/types.js';

/** A reply: numbers are text, strings are bytes, errors are objects. */
export type Reply = string | Buffer | null | ErrorReply | readonly Reply[] | ReadonlyMap<unknown, unknown>;

/** Converts an error reply by its code, which is its first word. */
export function ofReply(error: ErrorReply): BackendError {
  // Redis repeats the arguments of an unknown command, including values.
  const message = error.message.split(', with args')[0] ?? '';
  const [code] = message.split(' ', 1);
  switch (code) {
    case 'NOPERM':
    case 'NOAUTH':
    case 'WRONGPASS':
    case 'DENIED':
      return BackendError.accessDenied(message);
    case 'READONLY':
    case 'LOADING':
    case 'MASTERDOWN':
    case 'NOREPLICAS':
    case 'BUSY':
    case 'EXECABORT':
    case 'TRYAGAIN':
    case 'CLUSTERDOWN':
      return BackendError.unavailable(message);
    case 'MOVED':
    case 'ASK':
    case 'CROSSSLOT':
      return BackendError.unsupported(message);
    default:
      return message.startsWith('ERR unknown command') ? BackendError.unsupported(message) : BackendError.other(message);
  }
}

/**
 * Returns the replies to the commands between `MULTI` and `EXEC`, including errors of single
 * commands.
 */
export function transaction(replies: readonly Reply[]): readonly Reply[] {
  // The first error says more than the final EXECABORT.
  const failure = replies.find((reply) => reply instanceof ErrorReply);
  if (failure !== undefined) throw ofReply(failure as ErrorReply);
  const last = replies.at(-1);
  if (!Array.isArray(last)) throw unexpected();
  return last as readonly Reply[];
}

/** Returns the slot for atomic replies to `GET` and `PTTL`. */
export function slot(get: Reply | undefined, pttl: Reply | undefined): Slot {
  return slotWithMillis(get, integer(pttl));
}

/** Returns the slot for replies to `PTTL`, `GET` and `PTTL`, with the shorter TTL. */
export function slotBetween(before: Reply | undefined, get: Reply | undefined, behind: Reply | undefined): Slot {
  const ttls = [integer(before), integer(behind)].filter((ttl) => ttl !== -1n);
  const shortest = ttls.reduce<bigint>((least, ttl) => (least === -1n || ttl < least ? ttl : least), -1n);
  return slotWithMillis(get, shortest);
}

/** Returns the slot for a reply to `GETEX` with a TTL. */
export function slotWithTtl(getex: Reply | undefined, ttlMs: bigint): Slot {
  return slotWithMillis(getex, ttlMs);
}

/** Returns an integer. @throws {BackendError} the server's error */
export function integer(reply: Reply | undefined): bigint {
  if (typeof reply === 'string' && /^-?[0-9]+$/.test(reply)) return BigInt(reply);
  throw problem(reply);
}

/** Checks that a reply is `OK`. @throws {BackendError} the server's error */
export function done(reply: Reply | undefined): void {
  if (reply !== 'OK') throw problem(reply);
}

/** Returns whether `SET … NX` wrote. @throws {BackendError} the server's error */
export function wrote(reply: Reply | undefined): boolean {
  if (reply === null) return false;
  done(reply);
  return true;
}

/** Returns the next cursor and the keys of a page of `SCAN`. */
export function page(reply: Reply | undefined): [cursor: string, keys: Buffer[]] {
  if (!Array.isArray(reply)) throw problem(reply);
  const [cursor, keys] = reply as Reply[];
  if (!Buffer.isBuffer(cursor) || !Array.isArray(keys)) throw unexpected();
  return [cursor.toString(), keys as Buffer[]];
}

/** Returns the error for a reply of an unexpected type. */
export function unexpected(): BackendError {
  return BackendError.other('the server sent a reply of an unexpected type');
}

function slotWithMillis(get: Reply | undefined, millis: bigint): Slot {
  if (get === null) return { tag: 'absent' };
  if (get instanceof ErrorReply && get.message.startsWith('WRONGTYPE')) return { tag: 'wrong-type' };
  if (!Buffer.isBuffer(get)) throw problem(get);
  const entry = { value: get };
  if (millis === -1n) return { tag: 'entry', val: entry };
  // It expired between the two, or within this millisecond.
  if (millis <= 0n) return { tag: 'absent' };
  return { tag: 'entry', val: { ...entry, ttlMs: millis } };
}

function problem(reply: Reply | undefined): BackendError {
  return reply instanceof ErrorReply ? ofReply(reply) : unexpected();
}
