// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { record } from '../index.js';

/** A recorder over a store that lists its calls. */
function counted() {
  /** @type {string[]} */
  const called = [];
  const method = (/** @type {string} */ name) => () => {
    called.push(name);
    return name;
  };
  const names = ['get', 'set', 'setIfAbsent', 'increment', 'delete', 'exists', 'expire', 'scan', 'count', 'clear', 'changes', 'close'];
  const open = () => Object.fromEntries(names.map((name) => [name, method(name)]));
  return { called, names, recorder: record({ open }, (error) => error) };
}

test('every function is forwarded, and all but open and changes are recorded', () => {
  const { called, names, recorder } = counted();
  const bucket = recorder.backend.open('user');
  for (const name of names) assert.equal(bucket[name]('a'), name);
  assert.deepEqual(called, names);
  const calls = recorder.takeCalls();
  assert.deepEqual(calls.map(({ name }) => name), ['get', 'set', 'set-if-absent', 'increment', 'delete', 'exists', 'expire', 'scan', 'count', 'clear']);
  assert.deepEqual(calls[0], { bucket: 'user', name: 'get', arguments: ['a'] });
  assert.deepEqual(recorder.takeCalls(), []);
});

test('a call with an injected fault is recorded, and takes effect only with isDone', () => {
  const { called, recorder } = counted();
  const bucket = recorder.backend.open('user');
  recorder.fail({ error: { tag: 'timeout' }, isDone: false });
  assert.throws(() => bucket.get([]), { tag: 'timeout' });
  assert.deepEqual(called, []);
  assert.equal(bucket.changes(undefined), 'changes');
  recorder.fail({ error: { tag: 'too-large', val: 1n }, isDone: true });
  assert.throws(() => bucket.set([]), { tag: 'too-large', val: 1n });
  recorder.fail(null);
  bucket.count();
  assert.deepEqual(called, ['changes', 'set', 'count']);
  assert.deepEqual(recorder.takeCalls().map(({ name }) => name), ['get', 'set', 'count']);
});

test('a recorded call does not change with its arguments', () => {
  const { recorder } = counted();
  const keys = ['a'];
  recorder.backend.open('user').get(keys);
  keys.push('b');
  assert.deepEqual(recorder.takeCalls()[0]?.arguments, [['a']]);
});
