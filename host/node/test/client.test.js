import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BackendError, CacheError, FifoDict, FlipcacheError, InstanceError, LruDict, StoredValueError, connect } from 'flipcache';
import { MemoryBackend } from 'flipcache/memory';

const bytes = (text) => new TextEncoder().encode(text);

/** Opens a client over a backend with a manual clock. */
async function timed() {
  let ms = 0;
  const now = () => BigInt(ms) * 1_000_000n;
  const backend = new MemoryBackend({ now });
  return { backend, client: await connect({ backend, now }), wait: (more) => (ms += more) };
}

test('get returns a value from the local tier, else from the backend', async () => {
  const { client } = await timed();
  const users = client.cache('user');
  assert.equal(users.get('1'), undefined);
  users.set('1', 'Ada');
  assert.deepEqual(users.getDetailed('1'), { value: 'Ada', source: 'local' });
  users.local.clear();
  assert.deepEqual(users.getDetailed('1'), { value: 'Ada', source: 'backend' });
  assert.deepEqual(users.getDetailed('2'), { value: undefined, source: 'none' });
});

test('values of every type are returned unchanged', async () => {
  const { client } = await timed();
  const values = {
    text: ['', 'ü☃😀'],
    integer: [0n, -(2n ** 63n), 2n ** 63n - 1n],
    float: [0.1, -0, 1e308, Infinity, NaN],
    boolean: [true, false],
    json: [null, 'x', 1, [1, { a: null }], {}],
    bytes: [new Uint8Array(), new Uint8Array([0, 255])],
  };
  for (const [valueType, all] of Object.entries(values)) {
    const cache = client.cache(`of-${valueType}`, { valueType });
    for (const value of all) {
      cache.set('a', value);
      assert.deepEqual(cache.get('a'), value);
      cache.local.clear();
      assert.deepEqual(cache.get('a'), value);
    }
  }
});

test('integers may be given as numbers, if they are safe', async () => {
  const { client } = await timed();
  const counts = client.cache('count', { valueType: 'integer', keyType: 'integer' });
  counts.set(7, 5);
  assert.equal(counts.increment(7n), 6n);
  assert.equal(counts.increment(7, -2), 4n);
  assert.equal(counts.increment(-8, 2n ** 62n), 2n ** 62n);
  assert.deepEqual(new Set(counts.keys()), new Set([7n, -8n]));
  for (const bad of [1.5, 2 ** 53, NaN, '1', 2n ** 63n]) {
    assert.throws(() => counts.set(1, bad), { name: 'CacheError', code: 'invalid-value' }, String(bad));
  }
  for (const bad of [1.5, '1', undefined]) assert.throws(() => counts.get(bad), { code: 'invalid-key' });
  assert.throws(() => counts.get(2n ** 63n), { code: 'invalid-key' });
});

test('set with a value of another type throws, without the value in the message', async () => {
  const { client } = await timed();
  const circular = { secret: 'secret' };
  circular.self = circular;
  for (const [valueType, value] of [
    ['text', 1],
    ['float', '1'],
    ['boolean', 'secret'],
    ['bytes', 'secret'],
    ['json', undefined],
    ['json', circular],
    ['json', 1n],
  ]) {
    const cache = client.cache(`of-${valueType}`, { valueType });
    const isInvalid = (error) => error.code === 'invalid-value' && !/secret/.test(error.message);
    assert.throws(() => cache.set('a', value), isInvalid);
    assert.throws(() => cache.setMany([['a', value]]), isInvalid);
    assert.throws(() => cache.setIfAbsent('a', value), isInvalid);
    assert.equal(cache.has('a'), false);
  }
});

test('entries expire with the TTL of the cache, or with that of the write', async () => {
  const { client, wait } = await timed();
  const users = client.cache('user', { ttlMs: 100 });
  users.set('short', 'x', { ttlMs: 10 });
  users.set('own', 'x');
  users.set('long', 'x', { ttlMs: 'never' });
  assert.deepEqual(['short', 'own', 'long', 'none'].map((key) => users.ttl(key)), [10, 100, 'never', undefined]);
  wait(50);
  assert.deepEqual(users.getMany(['short', 'own', 'long']), [undefined, 'x', 'x']);
  assert.equal(users.refresh('own'), true);
  wait(99);
  assert.equal(users.get('own'), 'x');
  assert.equal(users.refresh('none'), false);
  for (const bad of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => users.set('a', 'x', { ttlMs: bad }), { code: 'invalid-ttl' }, String(bad));
  }
});

test('batches read, write and delete many keys', async () => {
  const { client } = await timed();
  const users = client.cache('user', { default: 'nobody' });
  users.setMany(new Map([['a', '1'], ['b', '2']]));
  assert.deepEqual(users.getMany(new Set(['b', 'x', 'a'])), ['2', 'nobody', '1']);
  assert.equal(users.setIfAbsent('a', '9'), false);
  assert.equal(users.setIfAbsent('c', '3'), true);
  assert.equal(users.count(), 3);
  assert.equal(users.deleteMany(['a', 'x']), 1);
  assert.equal(users.delete('a'), false);
  assert.equal(users.delete('b'), true);
  assert.equal(users.clear(), 1);
  assert.equal(users.has('c'), false);
});

test('keys lists all keys, page by page', async () => {
  const { client } = await timed();
  const cache = client.cache('many', { localMax: 10 });
  const keys = Array.from({ length: 2500 }, (_, at) => `k${at}`);
  cache.setMany(keys.map((key) => [key, 'v']));
  assert.deepEqual([...cache], keys);
  assert.deepEqual(cache.local.keys(), keys.slice(-10));
  assert.equal(cache.local.size, 10);
  assert.equal(cache.local.get('k2499'), 'v');
  assert.equal(cache.local.get('k0'), undefined);
});

test('stats are numbers', async () => {
  const { client } = await timed();
  const users = client.cache('user', { localMax: 1 });
  users.setMany([['a', '1'], ['b', '2']]);
  users.get('b');
  users.get('a');
  users.get('x');
  const { localHits, backendHits, misses, removals, localLen, localBytes } = users.stats();
  assert.deepEqual([localHits, backendHits, misses, removals.size, localLen, localBytes], [1, 1, 1, 2, 1, 2]);
});

test('clients over one backend invalidate each other’s entries', async () => {
  const { backend, client } = await timed();
  const other = await connect({ backend });
  const [users, same] = [client.cache('user'), other.cache('user')];
  const nested = client.cache('user:admin');
  users.set('1', 'Ada');
  nested.set('1', 'root');
  assert.equal(same.get('1'), 'Ada');
  same.set('1', 'Bob');
  assert.deepEqual(users.getDetailed('1'), { value: 'Bob', source: 'backend' });
  assert.equal(nested.getDetailed('1').source, 'local');
  same.set('admin:1', 'other');
  assert.deepEqual(nested.getDetailed('1'), { value: 'other', source: 'backend' });
  assert.equal(users.getDetailed('1').source, 'local');
  same.clear();
  assert.equal(users.get('1'), undefined);
});

test('two handles of a name share the local tier and have their own options', async () => {
  const { client } = await timed();
  const [one, two] = [client.cache('user'), client.cache('user', { default: 'nobody' })];
  one.set('1', 'Ada');
  assert.deepEqual(two.getDetailed('1'), { value: 'Ada', source: 'local' });
  assert.equal(one.get('2'), undefined);
  assert.equal(two.get('2'), 'nobody');
  assert.throws(() => client.cache('user', { valueType: 'json' }), { name: 'CacheError', code: 'conflict' });
});

describe('options', () => {
  for (const [what, name, options, code] of [
    ['an empty name', '', {}, 'invalid-name'],
    ['a name that is no string', 5, {}, 'invalid-name'],
    ['an invalid flag', 'a', { refreshTtlOnGet: 'yes' }, 'invalid-options'],
    ['a name too long', 'n'.repeat(1025), {}, 'invalid-name'],
    ['an unknown option', 'a', { maxSize: 1 }, 'invalid-options'],
    ['a negative bound', 'a', { localMax: -1 }, 'invalid-options'],
    ['a fraction of a millisecond', 'a', { ttlMs: 0.5 }, 'invalid-options'],
    ['no time to live', 'a', { ttlMs: 0 }, 'invalid-options'],
    ['an unknown eviction', 'a', { eviction: 'lfu' }, 'invalid-options'],
    ['an unknown type of values', 'a', { valueType: 'date' }, 'invalid-options'],
    ['an unknown type of keys', 'a', { keyType: 'number' }, 'invalid-options'],
    ['a default of another type', 'a', { default: 1 }, 'invalid-value'],
    ['more jitter than there is', 'a', { ttlJitterPercent: 51 }, 'invalid-options'],
  ]) {
    test(`cache with ${what} throws`, async () => {
      const { client } = await timed();
      assert.throws(() => client.cache(name, options), (error) => error instanceof CacheError && error.code === code);
    });
  }

  for (const [what, options] of [
    ['nothing', {}],
    ['an unknown scheme', { url: 'mysql://secret@host' }],
    ['what is no url', { url: 'secret' }],
    ['a database that is no number', { url: 'redis://secret@host/x' }],
    ['a missing host', { url: 'redis:///1' }],
    ['no deadline', { url: 'redis://host', deadlineMs: 0 }],
    ['an unknown coherence', { url: 'redis://host', coherence: 'perhaps' }],
  ]) {
    test(`connect with ${what} throws, without the url in the message`, async () => {
      const isInvalid = (error) => error instanceof CacheError && error.code === 'invalid-options' && !/secret/.test(error.message);
      await assert.rejects(connect(options), isInvalid);
    });
  }
});

test('errors have a class and a code', async () => {
  const { backend, client } = await timed();
  backend.open('n').set([['text', bytes('x')]], undefined);
  const numbers = client.cache('n', { valueType: 'integer' });
  assert.throws(() => numbers.get('text'), (error) => {
    assert.ok(error instanceof StoredValueError && error instanceof FlipcacheError);
    assert.deepEqual([error.code, error.key], ['undecodable', 'text']);
    return true;
  });
  const small = await connect({ backend: new MemoryBackend({ maxBytes: 10 }) });
  assert.throws(() => small.cache('a').set('a', 'x'.repeat(11)), { name: 'CacheError', code: 'too-large', limit: 10n });
  const failing = { open: () => ({ get: () => { throw BackendError.timeout(); } }) };
  const failed = (await connect({ backend: failing })).cache('a');
  assert.throws(() => failed.get('a'), (error) => error instanceof BackendError && error.code === 'timeout');
});

test('calls after close throw', async () => {
  const { client } = await timed();
  const users = client.cache('user');
  const dict = client.lruDict(1);
  const open = client.cache('other');
  users.close();
  users.close();
  dict.close();
  assert.throws(() => users.get('1'), { name: 'InstanceError', code: 'closed' });
  assert.throws(() => dict.get('1'), { name: 'InstanceError', code: 'closed' });
  await client.close();
  assert.equal(client.invalidationStatus, 'lost');
  for (const call of [() => open.get('1'), () => client.cache('user'), () => client.fifoDict(1)]) {
    assert.throws(call, (error) => error instanceof InstanceError && error.code === 'closed');
  }
});

test('connect to memory: opens a separate backend', async () => {
  const [one, other] = [await connect({ url: 'memory:' }), await connect({ url: 'memory:' })];
  one.cache('a').set('1', 'x');
  assert.equal(other.cache('a').get('1'), undefined);
});

test('a dictionary evicts in its order and returns values unchanged', async () => {
  const { client } = await timed();
  const [fifo, lru] = [client.fifoDict(2), client.lruDict(2)];
  assert.ok(fifo instanceof FifoDict && lru instanceof LruDict);
  for (const dict of [fifo, lru]) {
    dict.update([['a', 1], ['b', 'two']]);
    assert.equal(dict.get('a'), 1);
  }
  assert.deepEqual(fifo.set('c', 3n), ['a', 1]);
  assert.deepEqual(lru.set('c', 3n), ['b', 'two']);
  assert.deepEqual([...lru], [['a', 1], ['c', 3n]]);
  assert.deepEqual([lru.peek('a'), lru.has('b'), lru.size, lru.maxItems], [1, false, 2, 2]);
  assert.equal(lru.setDefault('a', 9), 1);
  assert.equal(lru.markAsUsed('x'), false);
  assert.deepEqual(lru.popItem('first'), ['c', 3n]);
  lru.set('j', { x: [null] });
  assert.deepEqual(lru.popItem(), ['j', { x: [null] }]);
  assert.equal(lru.delete('a'), true);
  assert.equal(lru.delete('a'), false);
  lru.set('n', null);
  assert.deepEqual(lru.values(), [null]);
  lru.clear();
  assert.deepEqual(lru.keys(), []);
  assert.throws(() => lru.get(1), { name: 'CacheError', code: 'invalid-key' });
  assert.throws(() => client.fifoDict(0), { code: 'invalid-capacity' });
  assert.throws(() => client.fifoDict(1.5), { code: 'invalid-options' });
});
