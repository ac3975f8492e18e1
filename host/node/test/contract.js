// The contract of `wit/kv-backend.wit`, for every backend of this package.
import assert from 'node:assert/strict';
import { test } from 'node:test';

const bytes = (text) => new TextEncoder().encode(text);
const entry = (text, ttlMs) => ({ tag: 'entry', val: { value: bytes(text), ...(ttlMs && { ttlMs }) } });
const ABSENT = { tag: 'absent' };

/** Converts the `Buffer`s of slots to bytes. */
const plain = (slots) =>
  slots.map((slot) =>
    slot?.tag === 'entry'
      ? { tag: 'entry', val: { ...slot.val, value: new Uint8Array(slot.val.value) } }
      : slot,
  );

/** Returns the keys of all pages. */
function listed(bucket, limit) {
  const keys = new Set();
  let cursor;
  do {
    const page = bucket.scan(cursor, limit);
    for (const key of page.keys) keys.add(key);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return keys;
}

/**
 * Adds the tests; `open` returns an unshared bucket. With `open.backend`, the backend reports
 * changes.
 */
export function backendContract(open) {
  let number = 0;
  const fresh = () => open(`bucket-${(number += 1)}`);
  const given = (title, run) => test(title, () => run(fresh()));

  given('get returns a slot for each key in order, and repeats one given twice', (bucket) => {
    bucket.set([['a', bytes('1')], ['b', bytes('')]], undefined);
    assert.deepEqual(plain(bucket.get(['b', 'x', 'a', 'b'], undefined)), [entry(''), ABSENT, entry('1'), entry('')]);
    assert.deepEqual(bucket.get([], undefined), []);
  });

  given('set of a key given twice keeps the last value, and removes an expiry', (bucket) => {
    bucket.set([['a', bytes('0')]], 60_000n);
    bucket.set([['a', bytes('1')], ['b', bytes('2')], ['a', bytes('3')]], undefined);
    assert.deepEqual(plain(bucket.get(['a', 'b'], undefined)), [entry('3'), entry('2')]);
  });

  given('get returns the remaining TTL', (bucket) => {
    bucket.set([['a', bytes('0')]], 60_000n);
    const [slot] = bucket.get(['a'], undefined);
    assert.ok(slot.val.ttlMs > 50_000n && slot.val.ttlMs <= 60_000n);
  });

  given('get with a new TTL sets it on existing keys and returns it', (bucket) => {
    bucket.set([['a', bytes('0')]], undefined);
    assert.deepEqual(plain(bucket.get(['a', 'x'], 70_000n)), [entry('0', 70_000n), ABSENT]);
    const [slot] = bucket.get(['a'], undefined);
    assert.ok(slot.val.ttlMs > 60_000n);
  });

  given('set-if-absent writes absent keys and returns the present slots of others', (bucket) => {
    bucket.set([['a', bytes('old')]], 60_000n);
    const outcomes = bucket.setIfAbsent([['a', bytes('1')], ['b', bytes('2')], ['b', bytes('3')]], undefined);
    assert.deepEqual(outcomes.slice(1), [undefined, undefined]);
    assert.equal(outcomes[0].tag, 'entry');
    assert.ok(outcomes[0].val.ttlMs > 50_000n);
    assert.deepEqual(plain(bucket.get(['b'], undefined)), [entry('3')]);
    assert.deepEqual(plain(bucket.setIfAbsent([['b', bytes('4')]], undefined)), [entry('3')]);
  });

  given('increment starts at zero, sets the TTL of a new key only, and is exact to 64 bits', (bucket) => {
    assert.equal(bucket.increment('n', -7n, 60_000n), -7n);
    assert.equal(bucket.increment('n', 2n ** 62n, undefined), 2n ** 62n - 7n);
    const [slot] = bucket.get(['n'], undefined);
    assert.ok(slot.val.ttlMs > 50_000n);
    assert.equal(new TextDecoder().decode(slot.val.value), (2n ** 62n - 7n).toString());
    assert.equal(bucket.increment('without', 1n, undefined), 1n);
    assert.equal(bucket.get(['without'], undefined)[0].val.ttlMs, undefined);
  });

  given('increment of other values, or beyond 64 bits, throws and changes nothing', (bucket) => {
    for (const held of ['', ' 1', '007', '+1', '-0', '1.0', 'x', '9223372036854775808']) {
      bucket.set([['n', bytes(held)]], undefined);
      assert.throws(() => bucket.increment('n', 1n, undefined), { code: 'other' }, held);
      assert.deepEqual(plain(bucket.get(['n'], undefined)), [entry(held)]);
    }
    bucket.set([['n', bytes('9223372036854775807')]], undefined);
    assert.throws(() => bucket.increment('n', 1n, undefined), { code: 'other' });
    assert.equal(bucket.increment('n', -1n, undefined), 2n ** 63n - 2n);
  });

  given('delete and exists count each key once', (bucket) => {
    bucket.set([['a', bytes('1')], ['b', bytes('2')]], undefined);
    assert.equal(bucket.exists(['a', 'a', 'b', 'x']), 2n);
    assert.equal(bucket.delete(['a', 'a', 'x']), 1n);
    assert.equal(bucket.exists(['a', 'b']), 1n);
    assert.equal(bucket.delete([]), 0n);
  });

  given('expire sets and removes a TTL, and reports absent keys', (bucket) => {
    bucket.set([['a', bytes('1')], ['b', bytes('2')]], 60_000n);
    assert.deepEqual(bucket.expire(['a', 'x', 'b'], undefined), [true, false, true]);
    assert.equal(bucket.get(['a'], undefined)[0].val.ttlMs, undefined);
    assert.deepEqual(bucket.expire(['a'], 90_000n), [true]);
    assert.ok(bucket.get(['a'], undefined)[0].val.ttlMs > 80_000n);
    assert.deepEqual(bucket.expire(['a'], undefined), [true]);
    assert.deepEqual(bucket.expire(['a'], undefined), [true]);
  });

  given('scan lists every key for any page size', (bucket) => {
    const keys = Array.from({ length: 300 }, (_, at) => `k${at}`);
    bucket.set(keys.map((key) => [key, bytes('v')]), undefined);
    for (const limit of [0, 1, 7, 1000]) {
      assert.deepEqual(listed(bucket, limit), new Set(keys));
    }
    assert.equal(bucket.count(), 300n);
  });

  given('scan with an invalid cursor throws', (bucket) => {
    for (const cursor of ['', '0', '-1', 'x', '1 ', '184467440737095516160']) {
      assert.throws(() => bucket.scan(cursor, 10), { code: 'other' }, cursor);
    }
  });

  test('clear and count take a name literally, and leave other names', () => {
    const [name, other] = [open('a*[b]?^-\\'), open('a*[b]?^-\\x')];
    name.set([['1', bytes('v')], ['2', bytes('v')]], undefined);
    other.set([['1', bytes('v')]], undefined);
    assert.equal(name.count(), 2n);
    assert.equal(name.clear(), 2n);
    assert.equal(other.count(), 1n);
    assert.equal(other.clear(), 1n);
  });

  given('keys and values are any text and any bytes', (bucket) => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    const keys = ['', ' ', 'ü\u0000☃😀', 'a:b:*'];
    bucket.set(keys.map((key) => [key, all]), undefined);
    assert.deepEqual(plain(bucket.get(keys, undefined)), keys.map(() => ({ tag: 'entry', val: { value: all } })));
    assert.deepEqual(listed(bucket, 1000), new Set(keys));
  });

  if (open.backend === undefined) return;

  test('changes returns the writes of other handles, not its own', () => {
    const [one, other] = [open('shared'), open('shared')];
    let { cursor } = one.changes(undefined);
    const changed = () => {
      const changes = one.changes(cursor);
      cursor = changes.cursor;
      return changes.changed.tag === 'keys' ? [...changes.changed.val].sort() : 'unknown';
    };
    one.set([['own', bytes('1')]], undefined);
    assert.deepEqual(changed(), []);
    other.set([['a', bytes('1')], ['b', bytes('1')]], undefined);
    assert.deepEqual(changed(), ['a', 'b']);
    other.expire(['a'], 60_000n);
    assert.deepEqual(changed(), ['a']);
    other.get(['b'], 60_000n);
    assert.deepEqual(changed(), ['b']);
    other.increment('n', 1n, undefined);
    other.setIfAbsent([['new', bytes('1')]], undefined);
    assert.deepEqual(changed(), ['n', 'new']);
    other.delete(['a']);
    assert.deepEqual(changed(), ['a']);
    other.get(['b'], undefined);
    assert.deepEqual(changed(), []);
    other.clear();
    assert.equal(changed(), 'unknown');
    assert.equal(one.changes(cursor + 100n).changed.tag, 'unknown');
  });

  test('a session returns the changes of others, and its buckets count as one client', () => {
    const session = open.backend.session();
    const [one, twin, other] = [session.open('of-session'), session.open('of-session'), open('of-session')];
    session.subscribe('of-session');
    session.take();
    one.set([['a', bytes('1')]], undefined);
    twin.set([['b', bytes('1')]], undefined);
    assert.equal(session.take(), 'none');
    other.set([['a', bytes('2')]], undefined);
    assert.deepEqual(session.take(), { keys: ['of-session:a'] });
    assert.equal(session.take(), 'none');
    other.clear();
    assert.equal(session.take(), 'all');
  });
}
