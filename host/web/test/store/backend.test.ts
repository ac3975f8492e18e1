import { beforeEach, describe, expect, test } from 'vitest';

import { LocalStorageBackend } from '../../src/store/index.js';
import { Double, bytes, entry } from './double.js';

let storage: Double;

beforeEach(() => {
  storage = new Double();
});

describe('a full storage', () => {
  test('refuses a write as unavailable, and holds what it held', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], undefined);
    storage.room = storage.taken() + 5;
    const unavailable = expect.objectContaining({ code: 'unavailable', message: 'localStorage is full' });
    expect(() => bucket.set([['1', bytes('a much longer value')]], undefined)).toThrow(unavailable);
    expect(() => bucket.set([['2', bytes('')]], undefined)).toThrow(unavailable);
    expect(bucket.get(['1'], undefined)).toEqual([entry('Ada')]);
  });

  test('is given room by what has expired, which stands until then', () => {
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

test('sweep removes what has expired, and nothing else', () => {
  const backend = storage.backend();
  backend.open('a').set([['old', bytes('x')]], 10n);
  backend.open('b').set([['new', bytes('x')]], 11n);
  storage.setItem('flipcache:c:1', 'junk');
  storage.nowMs += 10;
  expect(backend.sweep()).toBe(1);
  expect(storage.length).toBe(2);
});

test('a storage that the browser refuses is access-denied, whatever is asked', () => {
  const denied = expect.objectContaining({ code: 'access-denied' });
  const bucket = storage.open();
  storage.getItem = () => {
    throw new DOMException('no', 'SecurityError');
  };
  expect(() => bucket.get(['1'], undefined)).toThrow(denied);
});

test('where there is no localStorage, there is no backend', () => {
  expect(() => new LocalStorageBackend()).toThrow(expect.objectContaining({ code: 'access-denied' }));
});

describe('changes', () => {
  const UNKNOWN = { tag: 'unknown' };

  function keys(...val: string[]) {
    return { tag: 'keys', val };
  }

  test('tell what other tabs and other handles do, once each, and not what the handle does itself', () => {
    const [mine, other] = [storage.open(), storage.open()];
    const first = mine.changes(undefined);
    expect(first.news).toEqual(UNKNOWN);
    mine.set([['own', bytes('x')]], undefined);
    mine.delete(['own']);
    other.set([['1', bytes('x')]], undefined);
    storage.tell('flipcache:user:2');
    storage.tell('flipcache:user:2');
    storage.tell('flipcache:users:3');
    storage.tell('elsewhere:user:4');
    expect(mine.changes(first.cursor).news).toEqual(keys('1', '2'));
    const last = mine.changes(first.cursor);
    expect(mine.changes(last.cursor)).toEqual({ news: keys(), cursor: last.cursor });
  });

  test('tell every kind of write of another handle', () => {
    const [mine, other] = [storage.open(), storage.open()];
    other.set(
      [
        ['prolonged', bytes('x')],
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
    other.get(['prolonged', 'absent'], 5n);
    other.expire(['expired', 'absent'], 5n);
    other.delete(['deleted', 'absent']);
    other.get(['added'], undefined);
    expect(mine.changes(cursor).news).toEqual(keys('added', 'n', 'prolonged', 'expired', 'deleted'));
  });

  test('tell a nested name’s writes by the keys of the outer one', () => {
    const outer = storage.open('user');
    const { cursor } = outer.changes(undefined);
    storage.open('user:admin').set([['1', bytes('x')]], undefined);
    expect(outer.changes(cursor).news).toEqual(keys('admin:1'));
  });

  test('do not know what a clear has deleted, in the names that overlap', () => {
    const [inner, apart] = [storage.open('user:admin'), storage.open('page')];
    const cursors = [inner, apart].map((bucket) => bucket.changes(undefined).cursor);
    storage.open('user').clear();
    expect(inner.changes(cursors[0]).news).toEqual(UNKNOWN);
    expect(apart.changes(cursors[1]).news).toEqual(keys());
  });

  test.each([
    ['another tab has cleared everything', () => storage.tell(null)],
    [
      'the page comes back from the back-forward cache',
      () => storage.events.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })),
    ],
    ['the page was frozen', () => storage.events.dispatchEvent(new Event('resume'))],
  ])('know nothing when %s', (_, happen) => {
    const bucket = storage.open();
    const { cursor } = bucket.changes(undefined);
    happen();
    const changes = bucket.changes(cursor);
    expect(changes.news).toEqual(UNKNOWN);
    expect(bucket.changes(changes.cursor).news).toEqual(keys());
  });

  test('are forgotten when there are too many, and a cursor from the future is none', () => {
    const bucket = storage.open();
    const { cursor } = bucket.changes(undefined);
    for (let at = 0; at < 4097; at += 1) storage.tell(`flipcache:user:${at}`);
    expect(bucket.changes(cursor).news).toEqual(UNKNOWN);
    expect(bucket.changes(cursor + 1n).news).toHaveProperty('val.length', 4096);
    expect(bucket.changes(cursor + 9999n).news).toEqual(UNKNOWN);
  });
});

test('a listener is told complete keys of other tabs alone, until it ends', () => {
  const backend = storage.backend();
  const heard: (string | undefined)[] = [];
  const end = backend.listen((key) => heard.push(key));
  backend.open('user').set([['own', bytes('x')]], undefined);
  storage.tell('flipcache:user:1');
  storage.tell(null);
  end();
  storage.tell('flipcache:user:2');
  expect(heard).toEqual(['user:1', undefined]);
});
