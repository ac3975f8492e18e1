import { beforeEach, describe, expect, test } from 'vitest';

import { LocalStorageBackend } from '../../src/store/index.js';
import { Double, bytes, entry } from './double.js';

let storage: Double;

beforeEach(() => {
  storage = new Double();
});

describe('a full storage', () => {
  test('fails a write as unavailable and keeps the old value', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], undefined);
    storage.room = storage.taken() + 5;
    const unavailable = expect.objectContaining({
      code: 'unavailable',
      message: 'localStorage is full',
    });
    expect(() => bucket.set([['1', bytes('a much longer value')]], undefined)).toThrow(unavailable);
    expect(() => bucket.set([['2', bytes('')]], undefined)).toThrow(unavailable);
    expect(bucket.get(['1'], undefined)).toEqual([entry('Ada')]);
  });

  test('makes room by removing expired entries, which are stored until then', () => {
    const bucket = storage.open();
    bucket.set([['old', bytes('x')]], 10n);
    storage.nowMs += 10;
    expect(bucket.get(['old'], undefined)).toEqual([{ tag: 'absent' }]);
    expect(storage.getItem('flipcache:user:old')).not.toBeNull();
    storage.room = storage.taken();
    bucket.set([['new', bytes('y')]], undefined);
    expect(storage.getItem('flipcache:user:old')).toBeNull();
    expect(bucket.get(['new'], undefined)).toEqual([entry('y')]);
  });
});

test('sweep removes expired entries only', () => {
  const backend = storage.backend();
  backend.open('a').set([['old', bytes('x')]], 10n);
  backend.open('b').set([['new', bytes('x')]], 11n);
  storage.setItem('flipcache:c:1', 'junk');
  storage.nowMs += 10;
  expect(backend.sweep()).toBe(1);
  expect(storage.length).toBe(2);
});

test('a storage that the browser denies is access-denied', () => {
  const denied = expect.objectContaining({ code: 'access-denied' });
  const bucket = storage.open();
  storage.getItem = () => {
    throw new DOMException('no', 'SecurityError');
  };
  expect(() => bucket.get(['1'], undefined)).toThrow(denied);
});

test('the constructor without a localStorage throws access-denied', () => {
  expect(() => new LocalStorageBackend()).toThrow(
    expect.objectContaining({ code: 'access-denied' }),
  );
});

describe('changes', () => {
  const UNKNOWN = { tag: 'unknown' };

  function keys(...val: string[]) {
    return { tag: 'keys', val };
  }

  test('report each key that other tabs or handles changed once, without own writes', () => {
    const [mine, other] = [storage.open(), storage.open()];
    const first = mine.changes(undefined);
    expect(first.changed).toEqual(UNKNOWN);
    mine.set([['own', bytes('x')]], undefined);
    mine.delete(['own']);
    other.set([['1', bytes('x')]], undefined);
    storage.dispatch('flipcache:user:2');
    storage.dispatch('flipcache:user:2');
    storage.dispatch('flipcache:users:3');
    storage.dispatch('elsewhere:user:4');
    expect(mine.changes(first.cursor).changed).toEqual(keys('1', '2'));
    const last = mine.changes(first.cursor);
    expect(mine.changes(last.cursor)).toEqual({ changed: keys(), cursor: last.cursor });
  });

  test('report every kind of write of another handle', () => {
    const [mine, other] = [storage.open(), storage.open()];
    other.set(
      [
        ['extended', bytes('x')],
        ['expired', bytes('x')],
        ['deleted', bytes('x')],
      ],
      undefined,
    );
    const { cursor } = mine.changes(undefined);
    other.setIfAbsent(
      [
        ['added', bytes('x')],
        ['deleted', bytes('x')],
      ],
      undefined,
    );
    other.increment('n', 1n, undefined);
    other.get(['extended', 'absent'], 5n);
    other.expire(['expired', 'absent'], 5n);
    other.delete(['deleted', 'absent']);
    other.get(['added'], undefined);
    expect(mine.changes(cursor).changed).toEqual(
      keys('added', 'n', 'extended', 'expired', 'deleted'),
    );
  });

  test('report writes to a nested name by the keys of the outer name', () => {
    const outer = storage.open('user');
    const { cursor } = outer.changes(undefined);
    storage.open('user:admin').set([['1', bytes('x')]], undefined);
    expect(outer.changes(cursor).changed).toEqual(keys('admin:1'));
  });

  test('are unknown after a clear of an overlapping name', () => {
    const [inner, apart] = [storage.open('user:admin'), storage.open('page')];
    const cursors = [inner, apart].map((bucket) => bucket.changes(undefined).cursor);
    storage.open('user').clear();
    expect(inner.changes(cursors[0]).changed).toEqual(UNKNOWN);
    expect(apart.changes(cursors[1]).changed).toEqual(keys());
  });

  test.each([
    ['another tab has cleared the storage', () => storage.dispatch(null)],
    [
      'the page comes back from the back-forward cache',
      () => storage.events.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })),
    ],
    ['the page was frozen', () => storage.events.dispatchEvent(new Event('resume'))],
  ])('are unknown when %s', (_, happen) => {
    const bucket = storage.open();
    const { cursor } = bucket.changes(undefined);
    happen();
    const changes = bucket.changes(cursor);
    expect(changes.changed).toEqual(UNKNOWN);
    expect(bucket.changes(changes.cursor).changed).toEqual(keys());
  });

  test('are unknown when the log has discarded them, and for a cursor from the future', () => {
    const bucket = storage.open();
    const { cursor } = bucket.changes(undefined);
    for (let at = 0; at < 4097; at += 1) storage.dispatch(`flipcache:user:${at}`);
    expect(bucket.changes(cursor).changed).toEqual(UNKNOWN);
    expect(bucket.changes(cursor + 1n).changed).toHaveProperty('val.length', 4096);
    expect(bucket.changes(cursor + 9999n).changed).toEqual(UNKNOWN);
  });
});

test('a listener gets the complete keys that other tabs change, until it unsubscribes', () => {
  const backend = storage.backend();
  const keys: (string | undefined)[] = [];
  const unsubscribe = backend.listen((key) => keys.push(key));
  backend.open('user').set([['own', bytes('x')]], undefined);
  storage.dispatch('flipcache:user:1');
  storage.dispatch(null);
  unsubscribe();
  storage.dispatch('flipcache:user:2');
  expect(keys).toEqual(['user:1', undefined]);
});
