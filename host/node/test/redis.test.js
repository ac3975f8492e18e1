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

test('keys are stored at name:key as plain strings, with a TTL in milliseconds', async () => {
  backend.open('wire').set([['a', bytes('ü')]], 90_000n);
  assert.equal(await other.get('wire:a'), 'ü');
  const ttl = await other.pTTL('wire:a');
  assert.ok(ttl > 80_000 && ttl <= 90_000);
});

test('a key of another type is wrong-type and does not fail the others', async () => {
  await other.lPush('types:list', 'x');
  await other.set('types:text', 'x');
  const bucket = backend.open('types');
  for (const newTtlMs of [undefined, 60_000n]) {
    assert.deepEqual(bucket.get(['list', 'text', 'none'], newTtlMs).map(({ tag }) => tag), ['wrong-type', 'entry', 'absent']);
  }
  assert.deepEqual(bucket.setIfAbsent([['list', bytes('x')]], undefined), [{ tag: 'wrong-type' }]);
  assert.throws(() => bucket.increment('list', 1n, undefined), { code: 'other' });
});

test('large values, and more keys than a pipeline takes, are returned unchanged', () => {
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

test('a key written by many threads at once is listed once', async () => {
  const backends = Array.from({ length: 4 }, () => new RedisBackend({ url: server.url }));
  const outcomes = backends.map((one, at) => one.open('race').setIfAbsent([['a', bytes(String(at))]], undefined)[0]);
  assert.equal(outcomes.filter((outcome) => outcome === undefined).length, 1);
  await Promise.all(backends.map((one) => one.close()));
});

test('changes of a nested name, opened before or after the outer one, arrive', async () => {
  for (const names of [['n:inner', 'n'], ['m', 'm:inner']]) {
    const buckets = names.map((name) => backend.open(name));
    const cursors = buckets.map((bucket) => bucket.changes(undefined).cursor);
    // The second subscription may have replaced the connection: then changes are unknown.
    const again = buckets.map((bucket, at) => bucket.changes(cursors[at]).cursor);
    await other.set(`${names[0].split(':')[0]}:inner:1`, 'x');
    const counts = () => buckets.map((bucket, at) => bucket.changes(again[at]).changed.val?.length ?? 0);
    await until(() => counts().every((count) => count === 1));
  }
});

test('a flush of the database makes changes unknown', async () => {
  const bucket = backend.open('flushed');
  const { cursor } = bucket.changes(undefined);
  await other.flushAll();
  await until(() => bucket.changes(cursor).changed.tag === 'unknown');
});

test('more changes than may wait make changes unknown, and later ones are reported', async () => {
  const bucket = backend.open('flood');
  let { cursor } = bucket.changes(undefined);
  const flood = Array.from({ length: 40_000 }, (_, at) => other.set(`flood:${at}`, 'x'));
  await Promise.all(flood);
  await until(() => {
    const { changed } = bucket.changes(cursor);
    return changed.tag === 'unknown';
  });
  bucket.exists([]);
  ({ cursor } = bucket.changes(cursor));
  await other.set('flood:last', 'x');
  await until(() => {
    const { changed } = bucket.changes(cursor);
    return changed.tag === 'keys' && changed.val.includes('last');
  });
});

describe('the contract, over the older protocol', () => {
  const untracked = new RedisBackend({ url: server.url, coherence: 'off' });
  after(() => untracked.close());
  backendContract((name) => untracked.open(`untracked-${name}`));
});

test('without tracking, changes are unsupported', async () => {
  const untracked = new RedisBackend({ url: server.url, coherence: 'off' });
  assert.throws(() => untracked.open('x').changes(undefined), { code: 'unsupported' });
  assert.equal(untracked.session().take(), 'none');
  await untracked.close();
});

test('a closed backend is unavailable', async () => {
  const closed = new RedisBackend({ url: server.url });
  closed.open('x').exists(['a']);
  await closed.close();
  assert.throws(() => closed.open('x').exists(['a']), (error) => error instanceof BackendError && error.code === 'unavailable');
});
