import { beforeEach, describe, expect, test } from 'vitest';

import { Double, bytes, entry } from './double.js';

const ABSENT = { tag: 'absent' };
const WRONG_TYPE = { tag: 'wrong-type' };

let storage: Double;

beforeEach(() => {
  storage = new Double();
});

describe('get', () => {
  test('returns a slot for each key, in request order', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], undefined);
    storage.setItem('flipcache:user:2', 'junk');
    expect(bucket.get(['2', '1', '3', '1'], undefined)).toEqual([
      WRONG_TYPE,
      entry('Ada'),
      ABSENT,
      entry('Ada'),
    ]);
  });

  test('with a TTL sets it on existing keys and returns it', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], 100n);
    storage.setItem('flipcache:user:2', 'junk');
    expect(bucket.get(['1', '2', '3'], 500n)).toEqual([entry('Ada', 500n), WRONG_TYPE, ABSENT]);
    storage.nowMs += 499;
    expect(bucket.get(['1'], undefined)).toEqual([entry('Ada', 1n)]);
    expect(storage.getItem('flipcache:user:2')).toBe('junk');
    expect(storage.getItem('flipcache:user:3')).toBeNull();
  });

  test('returns an entry before its deadline, and not at it', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], 100n);
    storage.nowMs += 99;
    expect(bucket.get(['1'], undefined)).toEqual([entry('Ada', 1n)]);
    storage.nowMs += 1;
    expect(bucket.get(['1'], undefined)).toEqual([ABSENT]);
  });
});

describe('writes', () => {
  test('are stored at the prefix and the complete key, in the documented form', () => {
    storage.open().set([['1', bytes('Ada')]], 500n);
    expect(storage.getItem('flipcache:user:1')).toBe('fc1 1000500 utf8 Ada');
  });

  test('keep the last value of a key given twice, and without a TTL remove the old one', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], 100n);
    bucket.set(
      [
        ['1', bytes('Bob')],
        ['1', bytes('Eve')],
      ],
      undefined,
    );
    expect(bucket.get(['1'], undefined)).toEqual([entry('Eve')]);
  });

  test('if absent return the present value, or undefined where they wrote', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], 100n);
    storage.setItem('flipcache:user:2', 'junk');
    const batch: [string, Uint8Array][] = [
      ['1', bytes('x')],
      ['3', bytes('y')],
      ['2', bytes('z')],
      ['3', bytes('last')],
    ];
    expect(bucket.setIfAbsent(batch, 50n)).toEqual([
      entry('Ada', 100n),
      undefined,
      WRONG_TYPE,
      undefined,
    ]);
    expect(bucket.get(['3'], undefined)).toEqual([entry('last', 50n)]);
  });

  test('if absent treat an expired entry as absent', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], 100n);
    storage.nowMs += 100;
    expect(bucket.setIfAbsent([['1', bytes('Bob')]], undefined)).toEqual([undefined]);
    expect(bucket.expire(['1'], 10n)).toEqual([true]);
  });

  test('of more than a mebibyte fail before anything is written', () => {
    const bucket = storage.open();
    const tooLarge = { payload: { tag: 'too-large', val: 1_048_576n } };
    const large = new Uint8Array(1_048_577);
    expect(() =>
      bucket.set(
        [
          ['1', bytes('a')],
          ['2', large],
        ],
        undefined,
      ),
    ).toThrow(expect.objectContaining(tooLarge));
    expect(() => bucket.setIfAbsent([['é'.repeat(524_289), bytes('a')]], undefined)).toThrow(
      expect.objectContaining(tooLarge),
    );
    expect(storage.length).toBe(0);
  });
});

describe('increment', () => {
  test('starts at zero with the TTL, and keeps the TTL of an existing key', () => {
    const bucket = storage.open();
    expect(bucket.increment('n', -7n, 100n)).toBe(-7n);
    storage.nowMs += 40;
    expect(bucket.increment('n', 10n, 100n)).toBe(3n);
    expect(bucket.get(['n'], undefined)).toEqual([entry('3', 60n)]);
  });

  test.each(['', ' 1', '+1', '007', '-0', '1.0', '9223372036854775808', '1'.repeat(40)])(
    'fails on %j and keeps it',
    (held) => {
      const bucket = storage.open();
      bucket.set([['n', bytes(held)]], undefined);
      expect(() => bucket.increment('n', 1n, undefined)).toThrow(
        expect.objectContaining({ code: 'other' }),
      );
      expect(bucket.get(['n'], undefined)).toEqual([entry(held)]);
    },
  );

  test('fails on a sum beyond 64 bits and on other data', () => {
    const bucket = storage.open();
    bucket.set([['n', bytes('9223372036854775807')]], undefined);
    storage.setItem('flipcache:user:junk', 'junk');
    const other = expect.objectContaining({ code: 'other' });
    expect(() => bucket.increment('n', 1n, undefined)).toThrow(other);
    expect(() => bucket.increment('junk', 1n, undefined)).toThrow(other);
    expect(bucket.increment('n', -1n, undefined)).toBe(9_223_372_036_854_775_806n);
  });
});

describe('the keys of a name', () => {
  beforeEach(() => {
    const bucket = storage.open();
    bucket.set(
      ['a', 'b', 'c'].map((key) => [key, bytes(key)]),
      undefined,
    );
    bucket.set([['old', bytes('x')]], 10n);
    storage.nowMs += 10;
    storage.open('user:admin').set([['1', bytes('nested')]], undefined);
    storage.open('users').set([['1', bytes('other')]], undefined);
    storage.setItem('flipcache:user:\ud800', 'not a key of any cache');
    storage.setItem('user:a', 'not under the prefix');
  });

  test('are listed page by page, without expired ones', () => {
    const bucket = storage.open();
    expect(bucket.scan(undefined, 2)).toEqual({ keys: ['a', 'admin:1'], cursor: 'admin:1' });
    expect(bucket.scan('admin:1', 2)).toEqual({ keys: ['b', 'c'] });
    expect(bucket.scan(undefined, 0).keys).toEqual(['a']);
    expect(bucket.scan('zzz', 5)).toEqual({ keys: [] });
  });

  test('are counted and cleared without touching other names', () => {
    const bucket = storage.open();
    expect(bucket.count()).toBe(4n);
    expect(bucket.clear()).toBe(4n);
    expect(bucket.count()).toBe(0n);
    expect(storage.open('users').count()).toBe(1n);
    expect(storage.getItem('user:a')).toBe('not under the prefix');
  });

  test('count once in exists and delete, though given twice', () => {
    const bucket = storage.open();
    storage.setItem('flipcache:user:junk', 'junk');
    expect(bucket.exists(['a', 'a', 'old', 'x', 'junk'])).toBe(2n);
    expect(bucket.delete(['a', 'a', 'old', 'x', 'junk'])).toBe(2n);
    expect(bucket.exists(['a', 'junk'])).toBe(0n);
  });
});

describe('expire', () => {
  test('sets and removes the deadlines of existing keys', () => {
    const bucket = storage.open();
    bucket.set([['1', bytes('Ada')]], 100n);
    expect(bucket.expire(['1', '2'], 500n)).toEqual([true, false]);
    expect(bucket.get(['1'], undefined)).toEqual([entry('Ada', 500n)]);
    expect(bucket.expire(['1'], undefined)).toEqual([true]);
    expect(bucket.get(['1'], undefined)).toEqual([entry('Ada')]);
  });

  test('throws unsupported on other data', () => {
    storage.setItem('flipcache:user:1', 'junk');
    expect(() => storage.open().expire(['1'], 5n)).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
    expect(storage.getItem('flipcache:user:1')).toBe('junk');
  });
});
