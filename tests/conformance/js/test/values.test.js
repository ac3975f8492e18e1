// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { matches, show } from '../compare.js';
import { parse } from '../parse.js';
import { MalformedCase, list, option, tuple, variant } from '../types.js';

/** @import { Type } from '../types.js' */

const value = variant({ text: 'string', none: null });

/** The JSON of a case, and the value of the glue. @type {[Type, unknown, any][]} */
const PAIRS = [
  ['bool', true, true],
  ['u32', 7, 7],
  ['u64', 7, 7n],
  ['s64', '-9223372036854775808', -(2n ** 63n)],
  ['u64', '18446744073709551615', 2n ** 64n - 1n],
  ['f64', 0.5, 0.5],
  ['f64', 'nan', NaN],
  ['f64', '-inf', -Infinity],
  ['bytes', 'ü', new Uint8Array([0xc3, 0xbc])],
  ['bytes', '', new Uint8Array()],
  ['bytes', { hex: '00ff' }, new Uint8Array([0, 255])],
  [option('string'), null, undefined],
  [list('u64'), [1, 2], [1n, 2n]],
  [tuple('string', option('bool')), ['a', null], ['a', undefined]],
  [value, { text: 'x' }, { tag: 'text', val: 'x' }],
  [value, 'none', { tag: 'none' }],
];

test('values round-trip between the JSON of a case and the glue', () => {
  for (const [type, json, glue] of PAIRS) {
    assert.deepEqual(parse(type, json), glue);
    assert.deepEqual(show(type, glue), json);
    assert.ok(matches(type, json, glue), JSON.stringify(json));
  }
});

test('different values do not match', () => {
  for (const [type, json, glue] of /** @type {[Type, unknown, any][]} */ ([
    ['u64', 7, 8n],
    ['f64', 'nan', 0],
    ['f64', 0, NaN],
    ['bytes', 'a', new Uint8Array([97, 98])],
    ['bytes', 'ab', new Uint8Array([97])],
    [option('string'), null, ''],
    [option('string'), '', undefined],
    [list('u64'), [1], [1n, 2n]],
    [list('u64'), [1, 2], [1n]],
    [list('u64'), [], [1n]],
    [value, { text: 'x' }, { tag: 'text', val: 'y' }],
    [value, 'none', { tag: 'text', val: 'y' }],
  ])) {
    assert.equal(matches(type, json, glue), false, JSON.stringify(json));
  }
});

test('values of another type are refused', () => {
  for (const [type, json] of /** @type {[Type, unknown][]} */ ([
    ['bool', 1],
    ['u32', -1],
    ['u32', 2 ** 32],
    ['u64', 2 ** 53],
    ['u64', 1.5],
    ['s64', '9223372036854775808'],
    ['s64', '1e3'],
    ['f64', 'NaN'],
    ['bytes', { hex: '0' }],
    ['bytes', { hex: '0G' }],
    ['bytes', [1]],
    ['string', null],
    [value, 'text'],
    [value, { none: 1 }],
    [value, { text: 'x', none: null }],
    [list('u64'), 1],
  ])) {
    assert.throws(() => parse(type, json), MalformedCase, JSON.stringify(json));
  }
});
