/**
 * Commands that go through all keys of a bucket: <https://redis.io/docs/latest/commands/scan/>.
 *
 * @module
 */
import { BackendError } from '../../backend/error.js';
import type { Page } from '../../component/types.js';
import { type Send, remove } from './commands.js';
import { startingWith } from './glob.js';
import * as reply from './reply.js';

/** How many keys of the whole server one `SCAN` looks at, least and most, and when counting and clearing. */
const [FEWEST, MOST, STEP] = [16, 4096, 1024];

/** How many round trips a page may take: a bucket may be a small part of a large server. */
const ROUND_TRIPS = 16;

const BEGIN = '0';

/** A page of keys; possibly empty. */
export async function scan(send: Send, prefix: string, cursor: string | undefined, limit: number): Promise<Page> {
  if (cursor !== undefined && !isCursor(cursor)) {
    throw BackendError.other('this is not a cursor of a page of this backend');
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

/** How many different keys there are. Remembers them all. */
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

/** Deletes the keys that {@link scan} lists: one that is no text is no key of a cache, and stays. */
export async function clear(send: Send, prefix: string): Promise<bigint> {
  let deleted = 0n;
  for await (const found of walk(send, prefix)) {
    deleted += await remove(send, found.filter((key) => text(key) !== undefined));
  }
  return deleted;
}

/** All keys. What is there from the beginning to the end is found, because `SCAN` finds it. */
async function* walk(send: Send, prefix: string): AsyncGenerator<Buffer[]> {
  let cursor = BEGIN;
  do {
    const [next, found] = await step(send, prefix, cursor, STEP);
    yield found;
    cursor = next;
  } while (cursor !== BEGIN);
}

async function step(send: Send, prefix: string, cursor: string, count: number): Promise<[string, Buffer[]]> {
  const [answer] = await send([['SCAN', cursor, 'MATCH', startingWith(prefix), 'COUNT', count.toString()]]);
  return reply.page(answer);
}

/** The server's cursors are numbers of 64 bits; 0 is where a listing begins and ends: no page has it. */
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
