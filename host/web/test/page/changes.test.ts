import { expect, test } from 'vitest';

import { type Tier, changesBetween } from '../../src/page/changes.js';

const NONE = { size: 0n, expired: 0n, explicit: 0n, replaced: 0n, told: 0n, voided: 0n };

function tier(keys: string, removals: Partial<Tier['removals']> = {}): Tier {
  return { keys: [...keys], removals: { ...NONE, ...removals } };
}

test('what enters, and what leaves for it', () => {
  expect(changesBetween(tier('abc'), tier('bcd', { size: 1n }), 'd')).toEqual([
    { key: 'a', kind: 'left', causes: ['size'] },
    { key: 'd', kind: 'entered', causes: [] },
  ]);
});

test('a hit that moves its entry, wherever that stood', () => {
  expect(changesBetween(tier('abc'), tier('bca'), 'a')).toEqual([{ key: 'a', kind: 'moved', causes: [] }]);
  expect(changesBetween(tier('abc'), tier('acb'), 'b')).toEqual([{ key: 'b', kind: 'moved', causes: [] }]);
  expect(changesBetween(tier('abc'), tier('abc'), 'c')).toEqual([]);
});

test('an overwrite, at its place or moved, is told once', () => {
  const overwritten = [{ key: 'a', kind: 'overwritten', causes: [] }];
  expect(changesBetween(tier('ab'), tier('ab', { replaced: 1n }), 'a')).toEqual(overwritten);
  expect(changesBetween(tier('ab'), tier('ba', { replaced: 1n }), 'a')).toEqual(overwritten);
});

test('an entry that was dropped and came back with the same call', () => {
  const reloaded = [{ key: 'a', kind: 'reloaded', causes: ['told'] }];
  expect(changesBetween(tier('ab'), tier('ba', { told: 1n }), 'a')).toEqual(reloaded);
  expect(changesBetween(tier('a'), tier('a', { told: 1n }), 'a')).toEqual(reloaded);
});

test('several that leave at once carry all the causes there were', () => {
  expect(changesBetween(tier('ab'), tier('', { size: 1n, expired: 1n })).map(({ causes }) => causes)).toEqual([
    ['size', 'expired'],
    ['size', 'expired'],
  ]);
});
