// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { line, run } from '../index.js';
import { fakeHost } from './fake.js';

const OPEN = { open: 'c', name: 'user', options: {} };
const GET = { call: 'c.get', with: ['1'], returns: null, 'expect-calls': [['user', 'get', ['1'], null]] };

/** Runs one case. Returns why it failed, `undefined` if it passed. */
async function problem(/** @type {any[]} */ steps, host = fakeHost()) {
  const report = await run({ file: { about: '', cases: [{ name: 'one', steps }] } }, host);
  assert.deepEqual(report['left-out'], {});
  assert.equal(report.passed.length + Object.keys(report.failed).length, 1);
  return report.failed['file/one'];
}

test('a case whose steps have the expected outcome passes', async () => {
  const steps = [
    { store: 'set', with: ['user:1', 'Ada', null] },
    OPEN,
    { ...GET, returns: { text: 'Ada' } },
    { call: 'c.set', with: ['2', { text: 'Bob' }, 'inherit'], 'expect-calls': [['user', 'set', [['2', 'Bob']], null]] },
    { store: 'get', with: ['user:2'], returns: 'Bob' },
    { list: 'c', limit: 10, returns: ['2', '1'] },
    { store: 'delete', with: ['user:1'] },
    GET,
    { call: 'c.stats', with: [], returns: { 'local-hits': 3, misses: '1152921504606846976', removals: { size: 1 } } },
    { open: 'bad', name: '', options: {}, error: 'invalid-name' },
  ];
  assert.equal(await problem(steps), undefined);
});

test('a wrong return value fails and names the step, the value and the expected one', async () => {
  const steps = [{ store: 'set', with: ['user:1', 'Ada', null] }, OPEN, GET];
  assert.equal(await problem(steps), 'step 3: returned {"text":"Ada"}, expected null');
});

test('a wrong field of a record fails', async () => {
  const steps = [OPEN, { call: 'c.stats', with: [], returns: { 'local-hits': 4 } }];
  assert.match((await problem(steps)) ?? '', /^step 2: returned \{"local-hits":3,.*expected \{"local-hits":4\}$/);
});

test('an unexpected call fails', async () => {
  const { 'expect-calls': _, ...silent } = GET;
  assert.equal(await problem([OPEN, silent]), 'step 2: called [["user","get",["1"],null]], expected []');
});

test('a missing call fails', async () => {
  const twice = { ...GET, 'expect-calls': [...GET['expect-calls'], ...GET['expect-calls']] };
  assert.match((await problem([OPEN, twice])) ?? '', /^step 2: called .*\[\["user","get",\["1"\],null\]\], expected/);
  assert.match((await problem([{ ...OPEN, 'expect-calls': GET['expect-calls'] }])) ?? '', /^step 1: called \[\], expected/);
});

test('a call with other arguments, of another function or bucket fails', async () => {
  for (const call of [['user', 'get', ['2'], null], ['user', 'get', ['1'], 5], ['other', 'get', ['1'], null], ['user', 'count']]) {
    assert.match((await problem([OPEN, { ...GET, 'expect-calls': [call] }])) ?? '', /^step 2: called /);
  }
});

test('an error instead of a return value fails, and the other way around', async () => {
  const bad = { call: 'c.set', with: ['1', { integer: 1 }, 'inherit'] };
  assert.equal(await problem([OPEN, bad]), 'step 2: failed with {"invalid-value":"not a text"}, expected success');
  assert.equal(await problem([OPEN, { ...GET, returns: undefined, error: 'denied' }]), 'step 2: a step expects a return value or an error, not both');
  const { returns: _, ...rest } = GET;
  assert.equal(await problem([OPEN, { ...rest, error: 'denied' }]), 'step 2: returned null, expected the error "denied"');
});

test('another error than the expected one fails; a payload is compared if it is given', async () => {
  const bad = { call: 'c.set', with: ['1', { integer: 1 }, 'inherit'] };
  assert.equal(await problem([OPEN, { ...bad, error: 'invalid-value' }]), undefined);
  assert.equal(await problem([OPEN, { ...bad, error: { 'invalid-value': 'not a text' } }]), undefined);
  assert.match((await problem([OPEN, { ...bad, error: { 'invalid-value': 'other' } }])) ?? '', /^step 2: failed with/);
  assert.match((await problem([OPEN, { ...bad, error: 'invalid-key' }])) ?? '', /^step 2: failed with/);
});

test('an exception that is not an error of the function always fails', async () => {
  const trap = { call: 'c.local-get', with: ['1'] };
  assert.match((await problem([OPEN, trap])) ?? '', /^step 2: failed with TypeError: unreachable/);
  assert.match((await problem([OPEN, { ...trap, error: 'denied' }])) ?? '', /^step 2: /);
});

test('faults are returned and recorded, and the call takes effect only with though-done', async () => {
  const set = (/** @type {string} */ key) => ({
    call: 'c.set',
    with: [key, { text: 'x' }, 'never'],
    error: { backend: 'timeout' },
    'expect-calls': [['user', 'set', [[key, 'x']], null]],
  });
  const steps = [
    OPEN,
    { fail: 'timeout' },
    set('1'),
    { fail: 'timeout', 'though-done': true },
    set('2'),
    { fail: { 'too-large': 10 } },
    { call: 'c.get', with: ['1'], error: { backend: { 'too-large': 10 } }, 'expect-calls': [['user', 'get', ['1'], null]] },
    { fail: null },
    { store: 'get', with: ['user:1'], returns: null },
    { store: 'get', with: ['user:2'], returns: 'x' },
  ];
  assert.equal(await problem(steps), undefined);
});

test('unknown steps and fields fail', async () => {
  for (const [step, expected] of /** @type {[any, RegExp][]} */ ([
    [{ sleep: 3 }, /no such step/],
    [{}, /no such step/],
    [null, /no such step/],
    [{ ...OPEN, call: 'c.get' }, /no such step/],
    [{ ...OPEN, answers: null }, /the step open has no answers/],
    [{ ...OPEN, options: { 'local-maximum': 1 } }, /there is no field "local-maximum"/],
    [{ ...OPEN, options: { 'local-max': -1 } }, /-1 is not u32/],
    [{ ...OPEN, resilience: { eager: 1 } }, /there is no field "eager"/],
    [{ store: 'append', with: ['a'] }, /there is no store operation "append"/],
    [{ store: 'get', with: ['a'] }, /"returns" is missing/],
    [{ coherence: 'whisper', with: [] }, /there is no function "whisper"/],
    [{ fail: 'perhaps' }, /"perhaps" is not unavailable/],
  ])) {
    assert.match((await problem([step])) ?? 'passed', expected);
  }
});

test('unknown calls and malformed values fail', async () => {
  for (const [step, expected] of /** @type {[any, RegExp][]} */ ([
    [{ call: 'd.get', with: ['1'] }, /no handle "d" is open/],
    [{ call: 'c.fetch', with: ['1'] }, /there is no function "fetch"/],
    [{ call: 'c.constructor', with: [] }, /there is no function "constructor"/],
    [{ call: 'c.get.x', with: ['1'] }, /there is no function "c.get.x"/],
    [{ call: 'c.get', with: [] }, /is not an array of 1/],
    [{ call: 'c.get', with: [1] }, /1 is not string/],
    [{ call: 'c.get' }, /is not an array/],
    [{ ...GET, returns: { string: 'Ada' } }, /there is no case "string"/],
    [{ ...GET, returns: { text: 'Ada' }, 'expect-calls': [['user', 'fetch', ['1'], null]] }, /is not a call of kv-backend/],
    [{ call: 'c.set', with: ['1', { text: 'x' }, 'soon'], 'expect-calls': [] }, /"soon" is not/],
    [{ call: 'c.stats', with: [], returns: { hits: 1 } }, /there is no field "hits"/],
    [OPEN, /the handle "c" is open/],
  ])) {
    // The key must be present, so that its value is compared with the malformed one.
    const steps = [{ store: 'set', with: ['user:1', 'Ada', null] }, OPEN, step];
    assert.match((await problem(steps)) ?? 'passed', expected);
  }
});

test('a step with an undeclared need fails in a host that lacks it', async () => {
  assert.match((await problem([{ 'wait-ms': 1 }])) ?? '', /the host has no clock/);
  assert.match((await problem([{ store: 'spoil', with: ['a'] }])) ?? '', /the host has no wrong-type/);
  assert.match((await problem([{ coherence: 'suspend', with: [] }])) ?? '', /the host has no coherence/);
});

test('a case whose needs are not met is left out and reported', async () => {
  const cases = [{ name: 'one', needs: ['external-writes', 'clock', 'changes'], steps: [{ 'wait-ms': 1 }] }];
  const report = await run({ file: { about: '', cases } }, fakeHost());
  assert.deepEqual(report['left-out'], { 'file/one': ['clock', 'changes'] });
  assert.deepEqual([report.passed, report.failed], [[], {}]);
});

test('malformed cases fail and are not left out', async () => {
  const cases = [{ name: 'a', needs: ['clocks'], steps: [OPEN] }, { name: 'b' }, { name: 'c', steps: [OPEN], skip: true }, 7, { name: 'd', steps: [] }];
  const report = await run({ file: { about: '', cases }, empty: {} }, fakeHost());
  assert.deepEqual(report.failed, {
    'file/a': 'there is no need "clocks"',
    'file/b': 'the case has no steps',
    'file/c': 'a case has no skip',
    'file/case 4': 'this is not a case',
    'file/d': 'the case has no steps',
    empty: 'the file has no cases',
  });
  assert.deepEqual([report.passed, report['left-out']], [[], {}]);
});

test('a second case of the same name fails', async () => {
  const one = { name: 'one', steps: [OPEN] };
  const report = await run({ file: { about: '', cases: [one, one] } }, fakeHost());
  assert.deepEqual(report.failed, { 'file/one': 'there is another case of this name' });
});

test('every world is closed, and a host that cannot open one fails its cases', async () => {
  const host = fakeHost();
  await problem([OPEN, { sleep: 1 }], host);
  await problem([OPEN], host);
  assert.equal(host.closed, 2);
  const open = () => {
    throw new Error('no memory');
  };
  assert.match((await problem([OPEN], fakeHost({ open }))) ?? '', /no memory/);
});

test('a host without takeCalls compares return values alone', async () => {
  const { 'expect-calls': _, ...silent } = GET;
  assert.equal(await problem([OPEN, silent], fakeHost({ without: ['takeCalls'] })), undefined);
});

test('the line counts the cases', async () => {
  const cases = [{ name: 'a', steps: [OPEN] }, { name: 'b', needs: ['clock'], steps: [OPEN] }, { name: 'c', steps: [GET] }];
  const report = await run({ file: { about: '', cases } }, fakeHost());
  assert.equal(line(report), 'Fake over a map: 1 passed, 1 left out, 1 failed (sha256 00)');
});
