import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChangeLog } from '../dist/backend/log.js';

const [ONE, OTHER] = [{}, {}];

test('what others have changed under a prefix is told once, and own changes are left out', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  log.noteKey(ONE, 'user:1');
  log.noteKey(OTHER, 'user:2');
  log.noteKey(undefined, 'user:2');
  log.noteKey(OTHER, 'other:3');
  assert.deepEqual(log.changes(start, ONE, 'user:'), { news: { tag: 'keys', val: ['2'] }, cursor: start + 4n });
  assert.deepEqual(log.changes(start + 4n, ONE, 'user:').news, { tag: 'keys', val: [] });
});

test('a prefix that overlaps means that anything may have changed', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  log.notePrefix(OTHER, 'user:admin:');
  const of = (prefix) => log.changes(start, ONE, prefix).news.tag;
  assert.deepEqual(['user:', 'user:admin:', 'user:admin:x:', 'user:b:'].map(of), ['unknown', 'unknown', 'unknown', 'keys']);
  assert.equal(log.changes(start, OTHER, 'user:').news.tag, 'keys');
});

test('a cursor from before everything changed, or of no moment, is unknown', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  log.noteEverything();
  const { news, cursor } = log.changes(start, ONE, 'user:');
  assert.deepEqual(news, { tag: 'unknown' });
  assert.equal(log.changes(cursor, ONE, 'user:').news.tag, 'keys');
  for (const none of [cursor + 1n, 2n ** 64n - 1n]) assert.equal(log.changes(none, ONE, 'user:').news.tag, 'unknown');
});

test('the log is bounded, and who asks too seldom is told so', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'user:').cursor;
  for (let number = 0; number < 40_000; number += 1) log.noteKey(OTHER, `user:${number}`);
  assert.equal(log.changes(start, ONE, 'user:').news.tag, 'unknown');
  const { news } = log.changes(start + 40_000n - 16_384n, ONE, 'user:');
  assert.equal(news.val.length, 16_384);
  assert.equal(news.val.at(-1), '39999');
  assert.equal(log.changes(start + 40_000n - 16_385n, ONE, 'user:').news.tag, 'unknown');
});

test('the log is bounded by what its keys take', () => {
  const log = new ChangeLog();
  const start = log.changes(undefined, ONE, 'k').cursor;
  for (let number = 0; number < 5; number += 1) log.noteKey(OTHER, `k${'x'.repeat(1 << 20)}`);
  assert.equal(log.changes(start, ONE, 'k').news.tag, 'unknown');
  assert.equal(log.changes(start + 4n, ONE, 'k').news.tag, 'keys');
});
