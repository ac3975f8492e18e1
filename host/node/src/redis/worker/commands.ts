/**
 * The Redis commands of each call of a bucket. As in all hosts, a key is stored at `name:key` as a
 * plain string.
 *
 * @module
 */
import type { Slot } from '../../component/types.js';
import type { Command } from './connection.js';
import * as reply from './reply.js';
import type { Reply } from './reply.js';

/**
 * The most keys that a pipeline reads, and keys and bytes that it writes: later commands wait for
 * it.
 */
const READ_KEYS = 128;
const WRITE_KEYS = 1024;
const WRITE_BYTES = 1 << 20;

/** The longest TTL that is sent: the server adds it to the current time in 64 bits. */
const LONGEST_TTL = 2n ** 62n - 1n;

/** Sends commands in one pipeline and returns their replies. */
export type Send = (commands: readonly Command[]) => Promise<readonly Reply[]>;

/**
 * Reads values and TTLs atomically, by `MULTI`. One `GET` per key: `MGET` reports other types as
 * absent.
 */
export async function get(send: Send, keys: readonly string[]): Promise<Slot[]> {
  const slots: Slot[] = [];
  for (const part of parts(keys, READ_KEYS)) {
    const commands = part.flatMap((key) => [['GET', key], ['PTTL', key]]);
    const replies = await send([['MULTI'], ...commands, ['EXEC']]);
    if (replies.some(isOutOfMemory)) slots.push(...(await getBetween(send, part)));
    else slots.push(...pairs(reply.transaction(replies), 2).map(([value, pttl]) => reply.slot(value, pttl)));
  }
  return slots;
}

/**
 * Reads without `MULTI`, which a server that is out of memory rejects. If a key is written in
 * between, the shorter TTL applies.
 */
async function getBetween(send: Send, keys: readonly string[]): Promise<Slot[]> {
  const replies = await send(keys.flatMap((key) => [['PTTL', key], ['GET', key], ['PTTL', key]]));
  return pairs(replies, 3).map(([before, value, behind]) => reply.slotBetween(before, value, behind));
}

/** Reads and sets a TTL atomically, by `GETEX`, from Redis 6.2 on. */
export async function getAndExpire(send: Send, keys: readonly string[], ttlMs: bigint): Promise<Slot[]> {
  const ttl = clamped(ttlMs);
  const slots: Slot[] = [];
  for (const part of parts(keys, READ_KEYS)) {
    const replies = await send(part.map((key) => ['GETEX', key, 'PX', ttl.toString()]));
    slots.push(...replies.map((getex) => reply.slotWithTtl(getex, ttl)));
  }
  return slots;
}

/** Writes entries. If a key is given twice, the last value wins. */
export async function set(send: Send, entries: readonly Entry[], ttlMs: bigint | undefined): Promise<void> {
  for (const part of parts([...new Map(entries)], WRITE_KEYS, weight)) {
    const replies = await send(part.map(([key, value]) => ['SET', key, bytes(value), ...expiry(ttlMs)]));
    replies.forEach(reply.done);
  }
}

/**
 * Writes absent keys and returns the others' slots. `SET … NX GET` needs Redis 7 and does not
 * return the TTL.
 */
export async function setIfAbsent(
  send: Send,
  entries: readonly Entry[],
  ttlMs: bigint | undefined,
): Promise<(Slot | undefined)[]> {
  const outcomes = new Map<string, Slot | undefined>();
  for (const part of parts([...new Map(entries)], WRITE_KEYS, weight)) {
    const commands = part.flatMap(([key, value]) => [
      ['MULTI'],
      ['SET', key, bytes(value), 'NX', ...expiry(ttlMs)],
      ['GET', key],
      ['PTTL', key],
      ['EXEC'],
    ]);
    const replies = pairs(await send(commands), 5);
    for (const [at, [key]] of part.entries()) {
      const [written, value, pttl] = reply.transaction(replies[at] ?? []);
      outcomes.set(key, reply.wrote(written) ? undefined : reply.slot(value, pttl));
    }
  }
  return entries.map(([key]) => outcomes.get(key));
}

/** Adds to an integer. An absent key gets the TTL. */
export async function increment(
  send: Send,
  key: string,
  delta: bigint,
  ttlMs: bigint | undefined,
): Promise<bigint> {
  const add = ['INCRBY', key, delta.toString()];
  if (ttlMs === undefined) return reply.integer((await send([add]))[0]);
  const replies = await send([['MULTI'], ['SET', key, '0', 'NX', ...expiry(ttlMs)], add, ['EXEC']]);
  return reply.integer(reply.transaction(replies)[1]);
}

export async function remove(send: Send, keys: readonly (string | Buffer)[]): Promise<bigint> {
  return countOver(send, 'DEL', keys);
}

/** Counts existing keys. A key given twice counts once. */
export async function exists(send: Send, keys: readonly string[]): Promise<bigint> {
  return countOver(send, 'EXISTS', [...new Set(keys)]);
}

export async function expire(send: Send, keys: readonly string[], ttlMs: bigint | undefined): Promise<boolean[]> {
  const existed: boolean[] = [];
  for (const part of parts(keys, READ_KEYS)) {
    const commands = part.flatMap((key) =>
      // PERSIST returns the same for a key without a TTL and for an absent key.
      ttlMs === undefined ? [['EXISTS', key], ['PERSIST', key]] : [['PEXPIRE', key, clamped(ttlMs).toString()]],
    );
    const replies = reply.transaction(await send([['MULTI'], ...commands, ['EXEC']]));
    const step = ttlMs === undefined ? 2 : 1;
    existed.push(...pairs(replies, step).map(([first]) => reply.integer(first) > 0n));
  }
  return existed;
}

async function countOver(send: Send, command: string, keys: readonly (string | Buffer)[]): Promise<bigint> {
  let sum = 0n;
  for (const part of parts(keys, READ_KEYS)) {
    const [count] = await send([[command, ...part]]);
    sum += reply.integer(count);
  }
  return sum;
}

type Entry = readonly [key: string, value: Uint8Array];

/** Splits a batch into pipelines. */
function parts<T>(batch: readonly T[], most: number, weigh: (one: T) => number = () => 0): T[][] {
  const all: T[][] = [];
  let [part, weight]: [T[], number] = [[], 0];
  for (const one of batch) {
    part.push(one);
    weight += weigh(one);
    if (part.length < most && weight < WRITE_BYTES) continue;
    all.push(part);
    [part, weight] = [[], 0];
  }
  if (part.length > 0) all.push(part);
  return all;
}

/** Groups replies by `size`. @throws {BackendError} if there are too few. */
function pairs(replies: readonly Reply[], size: number): (readonly Reply[])[] {
  if (replies.length % size !== 0) throw reply.unexpected();
  return Array.from({ length: replies.length / size }, (_, at) => replies.slice(at * size, (at + 1) * size));
}

function weight([key, value]: Entry): number {
  return key.length + value.length;
}

function bytes(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function expiry(ttlMs: bigint | undefined): string[] {
  return ttlMs === undefined ? [] : ['PX', clamped(ttlMs).toString()];
}

function clamped(ttlMs: bigint): bigint {
  if (ttlMs < 1n) return 1n;
  return ttlMs < LONGEST_TTL ? ttlMs : LONGEST_TTL;
}

function isOutOfMemory(one: Reply): boolean {
  return one instanceof Error && one.message.startsWith('OOM');
}
