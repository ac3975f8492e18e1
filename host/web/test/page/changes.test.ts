import { expect, test } from 'vitest';

import { type Tier, changesBetween } from '../../src/page/changes.js';

const NONE = { size: 0n, expired: 0n, explicit: 0n, replaced: 0n, invalidated: 0n, flushed: 0n };

function tier(keys: string, removals: Partial<Tier['removals']> = {}): Tier {
  return { keys: [...keys], removals: { ...NONE, ...removals } };
}

test('an insert into a full tier reports the entry and its victim', () => {
  expect(changesBetween(tier('abc'), tier('bcd', { size: 1n }), 'd')).toEqual([
    { key: 'a', kind: 'left', causes: ['size'] },
    { key: 'd', kind: 'entered', causes: [] },
  ]);
});

test('a hit that moves its entry reports the move, wherever the entry was', () => {
  expect(changesBetween(tier('abc'), tier('bca'), 'a')).toEqual([
    { key: 'a', kind: 'moved', causes: [] },
  ]);
  expect(changesBetween(tier('abc'), tier('acb'), 'b')).toEqual([
    { key: 'b', kind: 'moved', causes: [] },
  ]);
  expect(changesBetween(tier('abc'), tier('abc'), 'c')).toEqual([]);
});

test('an overwrite is reported once, whether or not it moves the entry', () => {
  const overwritten = [{ key: 'a', kind: 'overwritten', causes: [] }];
  expect(changesBetween(tier('ab'), tier('ab', { replaced: 1n }), 'a')).toEqual(overwritten);
  expect(changesBetween(tier('ab'), tier('ba', { replaced: 1n }), 'a')).toEqual(overwritten);
});

test('an entry that is removed and loaded again by one call is reported as reloaded', () => {
  const reloaded = [{ key: 'a', kind: 'reloaded', causes: ['invalidated'] }];
  expect(changesBetween(tier('ab'), tier('ba', { invalidated: 1n }), 'a')).toEqual(reloaded);
  expect(changesBetween(tier('a'), tier('a', { invalidated: 1n }), 'a')).toEqual(reloaded);
});

test('entries that leave at once carry all causes', () => {
  expect(
    changesBetween(tier('ab'), tier('', { size: 1n, expired: 1n })).map(({ causes }) => causes),
  ).toEqual([
    ['size', 'expired'],
    ['size', 'expired'],
  ]);
});
