/**
 * From replies to what the callers of a backend understand.
 *
 * @module
 */
import { ErrorReply } from '@redis/client';

import { BackendError } from '../../backend/error.js';
import type { Slot } from '../../component/types.js';

/** A reply, numbers as text and strings as bytes; an error among them is an object. */
export type Reply = string | Buffer | null | ErrorReply | readonly Reply[] | ReadonlyMap<unknown, unknown>;

/** What a reply means that is an error. An error's code is its first word. */
export function ofReply(error: ErrorReply): BackendError {
  // Redis repeats the arguments of a command that it does not know, values too.
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

/** The replies to the commands between `MULTI` and `EXEC`, from those to all. Errors of single ones are among them. */
export function transaction(replies: readonly Reply[]): readonly Reply[] {
  // The first says more than the EXECABORT at the end.
  const refusal = replies.find((reply) => reply instanceof ErrorReply);
  if (refusal !== undefined) throw ofReply(refusal as ErrorReply);
  const last = replies.at(-1);
  if (!Array.isArray(last)) throw unexpected();
  return last as readonly Reply[];
}

/** What a key holds, from the replies to `GET` and `PTTL` of one moment. */
export function slot(get: Reply | undefined, pttl: Reply | undefined): Slot {
  return slotWithMillis(get, integer(pttl));
}

/** What a key holds, from the replies to `PTTL`, `GET` and `PTTL`: the shorter life counts. */
export function slotBetween(before: Reply | undefined, get: Reply | undefined, behind: Reply | undefined): Slot {
  const lives = [integer(before), integer(behind)].filter((life) => life !== -1n);
  const shortest = lives.reduce<bigint>((least, life) => (least === -1n || life < least ? life : least), -1n);
  return slotWithMillis(get, shortest);
}

/** What a key holds, from the reply to `GETEX` with a TTL. */
export function slotWithTtl(getex: Reply | undefined, ttlMs: bigint): Slot {
  return slotWithMillis(getex, ttlMs);
}

/** An integer. @throws {BackendError} the server's error */
export function integer(reply: Reply | undefined): bigint {
  if (typeof reply === 'string' && /^-?[0-9]+$/.test(reply)) return BigInt(reply);
  throw problem(reply);
}

/** `OK`. @throws {BackendError} the server's error */
export function done(reply: Reply | undefined): void {
  if (reply !== 'OK') throw problem(reply);
}

/** Whether `SET … NX` wrote. @throws {BackendError} the server's error */
export function wrote(reply: Reply | undefined): boolean {
  if (reply === null) return false;
  done(reply);
  return true;
}

/** The next cursor and the keys of a page of `SCAN`. */
export function page(reply: Reply | undefined): [cursor: string, keys: Buffer[]] {
  if (!Array.isArray(reply)) throw problem(reply);
  const [cursor, keys] = reply as Reply[];
  if (!Buffer.isBuffer(cursor) || !Array.isArray(keys)) throw unexpected();
  return [cursor.toString(), keys as Buffer[]];
}

/** The answer to a reply of a kind that the command does not have. */
export function unexpected(): BackendError {
  return BackendError.other('the server gave an answer of a kind that this command does not have');
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
