// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { record } from '../index.js';

/** A recorder over a store that counts what it is asked. */
function counted() {
  /** @type {string[]} */
  const asked = [];
  const answer = (/** @type {string} */ name) => () => {
    asked.push(name);
    return name;
  };
  const names = ['get', 'set', 'setIfAbsent', 'increment', 'delete', 'exists', 'expire', 'scan', 'count', 'clear', 'changes', 'close'];
  const open = () => Object.fromEntries(names.map((name) => [name, answer(name)]));
  return { asked, names, recorder: record({ open }, (error) => error) };
}

test('every function is passed on, and recorded but for open and changes', () => {
  const { asked, names, recorder } = counted();
  const bucket = recorder.backend.open('user');
  for (const name of names) assert.equal(bucket[name]('a'), name);
  assert.deepEqual(asked, names);
  const calls = recorder.takeCalls();
  assert.deepEqual(calls.map(({ name }) => name), ['get', 'set', 'set-if-absent', 'increment', 'delete', 'exists', 'expire', 'scan', 'count', 'clear']);
  assert.deepEqual(calls[0], { bucket: 'user', name: 'get', arguments: ['a'] });
  assert.deepEqual(recorder.takeCalls(), []);
});

test('what fails on purpose is recorded, and done only if it is said', () => {
  const { asked, recorder } = counted();
  const bucket = recorder.backend.open('user');
  recorder.fail({ error: { tag: 'timeout' }, isDone: false });
  assert.throws(() => bucket.get([]), { tag: 'timeout' });
  assert.deepEqual(asked, []);
  assert.equal(bucket.changes(undefined), 'changes');
  recorder.fail({ error: { tag: 'too-large', val: 1n }, isDone: true });
  assert.throws(() => bucket.set([]), { tag: 'too-large', val: 1n });
  recorder.fail(null);
  bucket.count();
  assert.deepEqual(asked, ['changes', 'set', 'count']);
  assert.deepEqual(recorder.takeCalls().map(({ name }) => name), ['get', 'set', 'count']);
});

test('what was recorded does not change with what was given', () => {
  const { recorder } = counted();
  const keys = ['a'];
  recorder.backend.open('user').get(keys);
  keys.push('b');
  assert.deepEqual(recorder.takeCalls()[0]?.arguments, [['a']]);
});
