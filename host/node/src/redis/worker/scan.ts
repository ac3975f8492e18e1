/**
 * Commands that iterate over all keys of a bucket: <https://redis.io/docs/latest/commands/scan/>.
 *
 * @module
 */
import { BackendError } from '../../backend/error.js';
import type { Page } from '../../component/types.js';
import { type Send, remove } from './commands.js';
import { startingWith } from './glob.js';
import * as reply from './reply.js';

/** The `COUNT` of `SCAN`: least and most for a page, and for counting and clearing. */
const [FEWEST, MOST, STEP] = [16, 4096, 1024];

/** The most round trips of a page: a bucket may be a small part of a large server. */
const ROUND_TRIPS = 16;

const BEGIN = '0';

/** Returns a page of keys; it may be empty. */
export async function scan(send: Send, prefix: string, cursor: string | undefined, limit: number): Promise<Page> {
  if (cursor !== undefined && !isCursor(cursor)) {
    throw BackendError.other('not a cursor of this backend');
  }
  let next = cursor ?? BEGIN;
  let count = Math.min(Math.max(limit, FEWEST), MOST);
  for (let trips = 1; ; trips += 1) {
    const [behind, found] = await step(send, prefix, next, count);
    const keys = found.map((key) => text(key)?.slice(prefix.length)).filter((key) => key !== undefined);
    if (behind === BEGIN) return { keys };
    if (keys.length > 0 || trips === ROUND_TRIPS) return { keys, cursor: behind };
    next = behind;
    count = Math.min(2 * count, MOST);
  }
}

/** Counts the distinct keys. Holds all of them in memory. */
export async function count(send: Send, prefix: string): Promise<bigint> {
  const seen = new Set<string>();
  for await (const found of walk(send, prefix)) {
    for (const key of found) {
      const own = text(key);
      if (own !== undefined) seen.add(own);
    }
  }
  return BigInt(seen.size);
}

/**
 * Deletes the keys that {@link scan} lists. A key that is not UTF-8 belongs to no cache, and is
 * kept.
 */
export async function clear(send: Send, prefix: string): Promise<bigint> {
  let deleted = 0n;
  for await (const found of walk(send, prefix)) {
    deleted += await remove(send, found.filter((key) => text(key) !== undefined));
  }
  return deleted;
}

/** Iterates over all keys. `SCAN` guarantees to return keys that are present throughout. */
async function* walk(send: Send, prefix: string): AsyncGenerator<Buffer[]> {
  let cursor = BEGIN;
  do {
    const [next, found] = await step(send, prefix, cursor, STEP);
    yield found;
    cursor = next;
  } while (cursor !== BEGIN);
}

async function step(send: Send, prefix: string, cursor: string, count: number): Promise<[string, Buffer[]]> {
  const [result] = await send([['SCAN', cursor, 'MATCH', startingWith(prefix), 'COUNT', count.toString()]]);
  return reply.page(result);
}

/**
 * Returns whether a text is a cursor: a 64-bit number. A page never has the cursor 0, which starts
 * and ends scans.
 */
function isCursor(cursor: string): boolean {
  return /^[1-9][0-9]{0,19}$/.test(cursor) && BigInt(cursor) < 2n ** 64n;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(key: Buffer): string | undefined {
  try {
    return UTF8.decode(key);
  } catch {
    return undefined;
  }
}
