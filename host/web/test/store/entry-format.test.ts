import { describe, expect, test } from 'vitest';

import { format, parse } from '../../src/store/entry-format.js';

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe('the text form of an entry', () => {
  test('has text unchanged', () => {
    expect(format({ value: utf8('Ada ☃'), deadline: 1_764_169_200_000n })).toBe(
      'fc1 1764169200000 utf8 Ada ☃',
    );
    expect(format({ value: utf8(''), deadline: undefined })).toBe('fc1 - utf8 ');
  });

  test('has bytes that are not text in base64', () => {
    expect(format({ value: new Uint8Array([0, 255]), deadline: undefined })).toBe(
      'fc1 - base64 AP8=',
    );
  });

  test.each([
    ['an empty value', new Uint8Array()],
    ['text with spaces, newlines and NUL', utf8(' a\nb\0c ')],
    ['a byte order mark', utf8('\uFEFFa')],
    ['a character beyond 16 bits', utf8('😀')],
    ['a surrogate in UTF-8, which is invalid', new Uint8Array([0xed, 0xa0, 0x80])],
    ['each byte', Uint8Array.from({ length: 256 }, (_, at) => at)],
    ['more bytes than a call can have arguments', new Uint8Array(100_000).fill(255)],
  ])('parses to what was formatted: %s', (_, value) => {
    const row = { value, deadline: 18_446_744_073_709_551_615n };
    expect(parse(format(row))).toEqual(row);
  });

  test.each([
    '',
    'Ada',
    'fc1',
    'fc1 - utf8',
    'fc2 - utf8 Ada',
    'fc1 -1 utf8 Ada',
    'fc1 007 utf8 Ada',
    'fc1 1.5 utf8 Ada',
    'fc1 100000000000000000000 utf8 Ada',
    'fc1 - utf16 Ada',
    'fc1 - utf8 \ud800',
    'fc1 - base64 AP8',
    'fc1 - base64 AP9=',
    'fc1 - base64 A P8=',
    'fc1 - base64 ====',
    ' fc1 - utf8 Ada',
    '{"json": true}',
  ])('does not parse from %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});
