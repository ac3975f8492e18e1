/**
 * What is asked of Redis for each call of a bucket. The wire form is that of all hosts: a key stands at `name:key`
 * as a plain string.
 *
 * @module
 */
import type { Slot } from '../../component/types.js';
import type { Command } from './connection.js';
import * as reply from './reply.js';
import type { Reply } from './reply.js';

/** How many keys one pipeline reads, and how much one writes: what comes behind it on the connection waits. */
const READ_KEYS = 128;
const WRITE_KEYS = 1024;
const WRITE_BYTES = 1 << 20;

/** The longest TTL that is sent: a moment and a TTL can be added in 64 bits. */
const LONGEST_TTL = 2n ** 62n - 1n;

/** Sends commands in one go; answers their replies. */
export type Send = (commands: readonly Command[]) => Promise<readonly Reply[]>;

/** `MULTI` makes a value and its TTL of one moment. One `GET` a key: `MGET` shows what is no string as absent. */
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
 * A server whose memory is full takes no `MULTI`, and still reads. If a key is written in between, the value is
 * shown to live no longer than it did.
 */
async function getBetween(send: Send, keys: readonly string[]): Promise<Slot[]> {
  const replies = await send(keys.flatMap((key) => [['PTTL', key], ['GET', key], ['PTTL', key]]));
  return pairs(replies, 3).map(([before, value, behind]) => reply.slotBetween(before, value, behind));
}

/** `GETEX` reads and sets a TTL in one step, from Redis 6.2 on. */
export async function getAndExpire(send: Send, keys: readonly string[], ttlMs: bigint): Promise<Slot[]> {
  const ttl = clamped(ttlMs);
  const slots: Slot[] = [];
  for (const part of parts(keys, READ_KEYS)) {
    const replies = await send(part.map((key) => ['GETEX', key, 'PX', ttl.toString()]));
    slots.push(...replies.map((getex) => reply.slotWithTtl(getex, ttl)));
  }
  return slots;
}

/** Of a key given twice the last value counts. */
export async function set(send: Send, entries: readonly Entry[], ttlMs: bigint | undefined): Promise<void> {
  for (const part of parts([...new Map(entries)], WRITE_KEYS, weight)) {
    const replies = await send(part.map(([key, value]) => ['SET', key, bytes(value), ...expiry(ttlMs)]));
    replies.forEach(reply.done);
  }
}

/** Where something is there already, the answer is that. `SET … NX GET` would take Redis 7 and not tell the TTL. */
export async function setIfAbsent(
  send: Send,
  entries: readonly Entry[],
  ttlMs: bigint | undefined,
): Promise<(Slot | undefined)[]> {
  const answers = new Map<string, Slot | undefined>();
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
      answers.set(key, reply.wrote(written) ? undefined : reply.slot(value, pttl));
    }
  }
  return entries.map(([key]) => answers.get(key));
}

/** A key that is absent gets the TTL. */
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

/** A key given twice counts once. */
export async function exists(send: Send, keys: readonly string[]): Promise<bigint> {
  return countOver(send, 'EXISTS', [...new Set(keys)]);
}

export async function expire(send: Send, keys: readonly string[], ttlMs: bigint | undefined): Promise<boolean[]> {
  const existed: boolean[] = [];
  for (const part of parts(keys, READ_KEYS)) {
    const commands = part.flatMap((key) =>
      // PERSIST answers the same for a key without a TTL and for none.
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

/** Parts of a batch, each as much as one pipeline carries. */
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

/** Replies in groups of `size`. @throws {BackendError} if there are too few. */
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
