import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseAddress } from '../dist/redis/address.js';
import { startingWith } from '../dist/redis/worker/glob.js';
import { cover, follow } from '../dist/redis/worker/prefixes.js';

test('parseAddress returns the parts of a url', () => {
  for (const [url, expected] of [
    ['redis://host', { socket: { host: 'host', port: 6379 }, database: 0 }],
    ['redis://host/', { socket: { host: 'host', port: 6379 }, database: 0 }],
    ['redis://:p%40ss@host:7/3', { socket: { host: 'host', port: 7 }, password: 'p@ss', database: 3 }],
    ['redis://app:x@[::1]:7', { socket: { host: '::1', port: 7 }, username: 'app', password: 'x', database: 0 }],
    ['rediss://host', { socket: { host: 'host', port: 6379, tls: true }, database: 0 }],
    [
      'redis+unix:///run/redis.sock?db=2&user=app&pass=x',
      { socket: { path: '/run/redis.sock' }, username: 'app', password: 'x', database: 2 },
    ],
  ]) {
    assert.deepEqual(parseAddress(url), expected, url);
  }
});

test('parseAddress with an invalid url throws without the url in the message', () => {
  for (const url of [
    '',
    'secret',
    'http://secret@host',
    'redis+cluster://secret@host',
    'redis+sentinel://secret@host/name',
    'redis:///secret',
    'redis://secret@host/-1',
    'redis://secret@host/1/2',
    'redis://secret@host?db=1',
    'redis://secret%zz@host',
    'redis+unix://?pass=secret',
    'redis+unix:///run/redis.sock?db=secret',
  ]) {
    assert.throws(() => parseAddress(url), (error) => error.code === 'invalid-options' && !/secret/.test(error.message), url);
  }
});

test('startingWith escapes the prefix', () => {
  assert.equal(startingWith('user:'), 'user:*');
  assert.equal(startingWith('a*[b]?^-\\:'), 'a\\*\\[b\\]\\?\\^\\-\\\\:*');
});

test('cover returns prefixes that cover all and do not overlap', () => {
  assert.deepEqual(cover(['b:', 'a:x:', 'a:', 'a:y:', 'a!:']), ['a!:', 'a:', 'b:']);
  assert.deepEqual(cover([]), []);
  const many = Array.from({ length: 65 }, (_, at) => `app:${at}:`);
  assert.deepEqual(cover(many), ['app:']);
  assert.deepEqual(cover([...many, 'x:']), ['']);
  assert.deepEqual(cover(many.slice(1)).length, 64);
});

test('follow with the empty prefix names no prefix', () => {
  assert.deepEqual(follow(['']), ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'NOLOOP']);
  assert.deepEqual(follow(['a:', 'b:']), ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'a:', 'PREFIX', 'b:', 'NOLOOP']);
});
