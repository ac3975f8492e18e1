import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { BackendError, DIGEST, instantiate } from 'flipcache/component';
import { MemoryBackend } from 'flipcache/memory';

const OPTIONS = {
  localMax: 100,
  eviction: 'fifo',
  refreshTtlOnGet: false,
  keyType: 'text',
  valueType: 'text',
  storeDefault: false,
};

const text = (val) => ({ tag: 'text', val });
const INHERIT = { tag: 'inherit' };

test('an instance returns a written value from its local tier', async () => {
  const { cache } = await instantiate({ backend: new MemoryBackend() });
  const users = cache.FlipCache.open('user', OPTIONS);
  users.set('1', text('Ada'), INHERIT);
  assert.deepEqual(users.getDetailed('1'), { value: text('Ada'), source: 'local' });
});

test('instances over one backend have separate local tiers', async () => {
  const backend = new MemoryBackend();
  const [one, other] = await Promise.all([instantiate({ backend }), instantiate({ backend })]);
  const [users, same] = [one, other].map(({ cache }) => cache.FlipCache.open('user', OPTIONS));
  users.set('1', text('Ada'), INHERIT);
  assert.deepEqual(same.localKeys(), []);
  assert.equal(same.getDetailed('1').source, 'backend');
});

test('entries expire by the given clock', async () => {
  let ms = 0n;
  const now = () => ms * 1_000_000n;
  const { cache } = await instantiate({ backend: new MemoryBackend({ now }), now });
  const users = cache.FlipCache.open('user', { ...OPTIONS, ttlMs: 10n });
  users.set('1', text('Ada'), INHERIT);
  ms = 9n;
  assert.deepEqual(users.get('1'), text('Ada'));
  ms = 10n;
  assert.equal(users.get('1'), undefined);
});

test('a BackendError reaches the caller as its case', async () => {
  const { cache } = await instantiate({ backend: failingWith(BackendError.tooLarge(7)) });
  const users = cache.FlipCache.open('user', OPTIONS);
  assert.throws(() => users.get('1'), { payload: { tag: 'too-large', val: 7n } });
});

test('another error of a backend reaches the caller without its message', async () => {
  const { cache } = await instantiate({ backend: failingWith(new TypeError('secret of redis://u:secret@h')) });
  const users = cache.FlipCache.open('user', OPTIONS);
  assert.throws(
    () => users.get('1'),
    (error) => {
      assert.equal(error.payload.val.tag, 'other');
      assert.match(error.payload.val.val, /TypeError/);
      assert.doesNotMatch(JSON.stringify(error.payload), /secret/);
      return true;
    },
  );
});

test('an invalid result of a backend is an error, and the instance keeps working', async () => {
  const results = { get: [{ tag: 'absent' }] };
  const open = () => new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : () => results[name]) });
  const { cache } = await instantiate({ backend: { open } });
  const users = cache.FlipCache.open('user', OPTIONS);
  for (const bad of [undefined, null, 5, [5], [{ tag: 'entry' }], [{ tag: 'entry', val: { value: 'text' } }], Promise.resolve([])]) {
    results.get = bad;
    assert.throws(() => users.get('1'), ({ payload }) => payload.tag === 'backend' && payload.val.tag === 'other');
  }
  for (const call of [
    () => users.len(),
    () => users.clear(),
    () => users.refresh('1'),
    () => users.delete('1'),
    () => users.keys(undefined, 10),
    () => users.setIfAbsent('1', text('x'), INHERIT),
    () => users.contains('1'),
  ]) {
    assert.throws(call, ({ payload }) => payload.tag === 'backend' && payload.val.tag === 'other');
  }
  results.get = [{ tag: 'absent' }];
  assert.equal(users.get('1'), undefined);
});

test('an asynchronous backend is an error that says so', async () => {
  const { cache } = await instantiate({ backend: { open: async () => ({}) } });
  assert.throws(() => cache.FlipCache.open('user', OPTIONS), ({ payload }) => /promise/.test(payload.val.val));
});

test('an error on opening a bucket reaches the caller', async () => {
  const open = () => {
    throw BackendError.accessDenied('not this one');
  };
  const { cache } = await instantiate({ backend: { open } });
  assert.throws(() => cache.FlipCache.open('user', OPTIONS), { payload: { tag: 'denied', val: 'not this one' } });
});

test('DIGEST is that of the file in the package', () => {
  const path = createRequire(import.meta.url).resolve('flipcache/flipcache.wasm');
  assert.equal(DIGEST, createHash('sha256').update(readFileSync(path)).digest('hex'));
});

function failingWith(error) {
  const fail = () => {
    throw error;
  };
  return { open: () => ({ get: fail }) };
}
