import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { BackendError } from 'flipcache';
import { RedisBackend } from 'flipcache/redis';
import { createClient } from '@redis/client';

import { backendContract } from './contract.js';
import { startRedis } from './support/redis-server.js';
import { until } from './support/until.js';

const bytes = (text) => new TextEncoder().encode(text);

const server = await startRedis();
const backend = new RedisBackend({ url: server.url });
const other = await createClient({ url: server.url }).connect();

after(async () => {
  await backend.close();
  other.destroy();
  await server.stop();
});

describe('the contract, over Redis', () => {
  backendContract(Object.assign((name) => backend.open(name), { backend }));
});

test('keys stand at name:key as plain strings, with a TTL in milliseconds', async () => {
  backend.open('wire').set([['a', bytes('ü')]], 90_000n);
  assert.equal(await other.get('wire:a'), 'ü');
  const ttl = await other.pTTL('wire:a');
  assert.ok(ttl > 80_000 && ttl <= 90_000);
});

test('what is no plain string is a slot of its own and fails no other', async () => {
  await other.lPush('types:list', 'x');
  await other.set('types:text', 'x');
  const bucket = backend.open('types');
  for (const newTtlMs of [undefined, 60_000n]) {
    assert.deepEqual(bucket.get(['list', 'text', 'none'], newTtlMs).map(({ tag }) => tag), ['wrong-type', 'entry', 'absent']);
  }
  assert.deepEqual(bucket.setIfAbsent([['list', bytes('x')]], undefined), [{ tag: 'wrong-type' }]);
  assert.throws(() => bucket.increment('list', 1n, undefined), { code: 'other' });
});

test('large values, and more keys than a pipeline takes, come back as they were', () => {
  const bucket = backend.open('large');
  const large = new Uint8Array(12 << 20).map((_, at) => at % 251);
  bucket.set([['large', large]], undefined);
  const [slot] = bucket.get(['large'], undefined);
  assert.equal(Buffer.compare(slot.val.value, large), 0);
  const keys = Array.from({ length: 3000 }, (_, at) => `k${at}`);
  bucket.set(keys.map((key) => [key, bytes(key)]), undefined);
  assert.deepEqual(bucket.get(keys, undefined).map((one) => Buffer.from(one.val.value).toString()), keys);
  assert.deepEqual(bucket.expire(keys, 60_000n), keys.map(() => true));
  assert.equal(bucket.exists(keys), 3000n);
  assert.equal(bucket.delete(keys), 3000n);
});

test('one key written by many threads at once is there once', async () => {
  const backends = Array.from({ length: 4 }, () => new RedisBackend({ url: server.url }));
  const answers = backends.map((one, at) => one.open('race').setIfAbsent([['a', bytes(String(at))]], undefined)[0]);
  assert.equal(answers.filter((answer) => answer === undefined).length, 1);
  await Promise.all(backends.map((one) => one.close()));
});

test('a name that is inside of another, opened before or after it, is heard', async () => {
  for (const names of [['n:inner', 'n'], ['m', 'm:inner']]) {
    const buckets = names.map((name) => backend.open(name));
    const cursors = buckets.map((bucket) => bucket.changes(undefined).cursor);
    // The first may have lost its connection to the second: then all of it is unknown.
    const again = buckets.map((bucket, at) => bucket.changes(cursors[at]).cursor);
    await other.set(`${names[0].split(':')[0]}:inner:1`, 'x');
    const told = () => buckets.map((bucket, at) => bucket.changes(again[at]).news.val?.length ?? 0);
    await until(() => told().every((count) => count === 1));
  }
});

test('a flush of the database makes everything unknown', async () => {
  const bucket = backend.open('flushed');
  const { cursor } = bucket.changes(undefined);
  await other.flushAll();
  await until(() => bucket.changes(cursor).news.tag === 'unknown');
});

test('more news than may wait make everything unknown, and later ones are told again', async () => {
  const bucket = backend.open('flood');
  let { cursor } = bucket.changes(undefined);
  const flood = Array.from({ length: 40_000 }, (_, at) => other.set(`flood:${at}`, 'x'));
  await Promise.all(flood);
  await until(() => {
    const { news } = bucket.changes(cursor);
    return news.tag === 'unknown';
  });
  bucket.exists([]);
  ({ cursor } = bucket.changes(cursor));
  await other.set('flood:last', 'x');
  await until(() => {
    const { news } = bucket.changes(cursor);
    return news.tag === 'keys' && news.val.includes('last');
  });
});

describe('the contract, over the older protocol', () => {
  const untold = new RedisBackend({ url: server.url, coherence: 'off' });
  after(() => untold.close());
  backendContract((name) => untold.open(`untold-${name}`));
});

test('without tracking, changes are unsupported', async () => {
  const untold = new RedisBackend({ url: server.url, coherence: 'off' });
  assert.throws(() => untold.open('x').changes(undefined), { code: 'unsupported' });
  assert.equal(untold.session().take(), 'nothing');
  await untold.close();
});

test('after it was closed, a backend is unavailable', async () => {
  const closed = new RedisBackend({ url: server.url });
  closed.open('x').exists(['a']);
  await closed.close();
  assert.throws(() => closed.open('x').exists(['a']), (error) => error instanceof BackendError && error.code === 'unavailable');
});
