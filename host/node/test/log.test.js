import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChangeLog } from '../dist/backend/log.js';

const [ONE, OTHER] = [{}, {}];

test('changes returns each key of others under a prefix once, without own changes', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  log.noteKey(ONE, 'user:1');
  log.noteKey(OTHER, 'user:2');
  log.noteKey(undefined, 'user:2');
  log.noteKey(OTHER, 'other:3');
  assert.deepEqual(log.changes(start, ONE, 'user:'), { changed: { tag: 'keys', val: ['2'] }, cursor: start + 4n });
  assert.deepEqual(log.changes(start + 4n, ONE, 'user:').changed, { tag: 'keys', val: [] });
});

test('a change of an overlapping prefix makes changes unknown', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  log.notePrefix(OTHER, 'user:admin:');
  const of = (prefix) => log.changes(start, ONE, prefix).changed.tag;
  assert.deepEqual(['user:', 'user:admin:', 'user:admin:x:', 'user:b:'].map(of), ['unknown', 'unknown', 'unknown', 'keys']);
  assert.equal(log.changes(start, OTHER, 'user:').changed.tag, 'keys');
});

test('a cursor that is too old or was never returned gives unknown', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  log.noteEverything();
  const { changed, cursor } = log.changes(start, ONE, 'user:');
  assert.deepEqual(changed, { tag: 'unknown' });
  assert.equal(log.changes(cursor, ONE, 'user:').changed.tag, 'keys');
  for (const none of [cursor + 1n, 2n ** 64n - 1n]) assert.equal(log.changes(none, ONE, 'user:').changed.tag, 'unknown');
});

test('the log is bounded, and a cursor that it no longer covers gives unknown', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  for (let number = 0; number < 40_000; number += 1) log.noteKey(OTHER, `user:${number}`);
  assert.equal(log.changes(start, ONE, 'user:').changed.tag, 'unknown');
  const { changed } = log.changes(start + 40_000n - 16_384n, ONE, 'user:');
  assert.equal(changed.val.length, 16_384);
  assert.equal(changed.val.at(-1), '39999');
  assert.equal(log.changes(start + 40_000n - 16_385n, ONE, 'user:').changed.tag, 'unknown');
});

test('the log is bounded by the length of its keys', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'k').cursor;
  for (let number = 0; number < 5; number += 1) log.noteKey(OTHER, `k${'x'.repeat(1 << 20)}`);
  assert.equal(log.changes(start, ONE, 'k').changed.tag, 'unknown');
  assert.equal(log.changes(start + 4n, ONE, 'k').changed.tag, 'keys');
});
