import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { launchOptions } from '../browser/chromium.js';
import { Reader } from './reader.js';
import { Site } from './site.js';

const site = new Site();

async function reader(): Promise<Reader> {
  return new Reader(await site.open());
}

describe('invalid options show an error, and the cache stays open as it was', () => {
  test.each([
    ['Name', '', /name is invalid: .*empty/],
    ['Name', 'x'.repeat(1025), /name is invalid: .*1024|1,024/],
    ['TTL in seconds', '0', /options are invalid: ttl: 0/],
    ['TTL in seconds', '-1', /A TTL is a number of seconds/],
    ['TTL in seconds', 'soon', /A TTL is a number of seconds/],
    ['L1 holds at most', '13', /from 0 to 12/],
    ['L1 holds at most', '', /from 0 to 12/],
  ])('%s: %j', async (label, value, words) => {
    const r = await reader();
    await r.set('a', 'apple');
    await r.option(label, value);
    expect(await r.page.locator('#options-error').innerText()).toMatch(words);
    const field = r.page.getByLabel(label, { exact: true });
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await r.local()).toEqual(['a']);
    await r.get('a');
    expect((await r.lastCall()).verdict).toBe('L1 hit');
    await r.option(label, label === 'Name' ? 'demo' : '3');
    expect(await r.page.locator('#options-error').innerText()).toBe('');
    expect(await field.getAttribute('aria-invalid')).toBeNull();
  });
});

test('a text key in a cache of integers shows an error', async () => {
  const r = await reader();
  await r.option('Keys are', 'integers');
  for (const key of ['a', '007', '']) {
    await r.set(key, 'apple');
    expect(await r.page.locator('#error').innerText()).toContain(`“${key}” is not an integer key`);
  }
  expect((await r.lastCall()).calls).toEqual([]);
  await r.set('-7', 'apple');
  expect(await r.page.locator('#error').innerText()).toBe('');
  expect(await r.local()).toEqual(['-7']);
});

test('other data under a key is reported, kept, and replaced only by a set', async () => {
  const r = await reader();
  await r.page.evaluate(() => localStorage.setItem('flipcache:demo:a', 'other data'));
  await r.get('a');
  expect(await r.page.locator('#error').innerText()).toContain('not an entry of a cache');
  expect(await r.lastCall()).toMatchObject({ verdict: 'Failed', calls: ['get a → wrong type'] });
  expect(await r.page.locator('#l2-list .note').innerText()).toBe('not an entry of a cache');
  expect(await r.page.evaluate(() => localStorage.getItem('flipcache:demo:a'))).toBe('other data');
  await r.set('a', 'apple');
  expect(await r.page.locator('#error').innerText()).toBe('');
  expect(await r.stored()).toEqual({ a: 'apple' });
});

test('a write to a full storage fails with an error and loses nothing', async () => {
  const r = await reader();
  await r.set('a', 'apple');
  await fill(r);
  await r.set('a', 'a value that is much longer than the one before');
  expect(await r.page.locator('#error').innerText()).toContain(
    'localStorage is full. Nothing was lost',
  );
  expect(await r.lastCall()).toMatchObject({ verdict: 'Failed', calls: ['set a → unavailable'] });
  expect(await r.counter('L2 errors')).toBe(1);
  expect(await r.stored()).toEqual({ a: 'apple' });
  await r.get('a');
  expect((await r.lastCall()).action).toBe('get a: “apple”');
  await r.setThere('b', 'as another tab');
  expect(await r.page.locator('#error').innerText()).toContain('localStorage is full');
  await r.page.evaluate(() => localStorage.removeItem('other data'));
  await r.set('b', 'banana');
  expect(await r.stored()).toEqual({ a: 'apple', b: 'banana' });
});

test('a value over the size limit is too large', async () => {
  const r = await reader();
  await r.set('a', 'x'.repeat(1_048_577));
  expect(await r.page.locator('#error').innerText()).toContain('longer than 1,048,576 bytes');
  expect(await r.stored()).toEqual({});
});

test('without localStorage the page uses its memory and says so', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'flipcache-'));
  await mkdir(join(profile, 'Default'));
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(blocked));
  const context = await chromium.launchPersistentContext(profile, launchOptions());
  try {
    const r = new Reader(await site.openIn(context));
    await expect(r.page.evaluate(() => localStorage.length)).rejects.toThrow('SecurityError');
    expect(await r.page.getByRole('alert').first().innerText()).toContain(
      'denies the page a localStorage',
    );
    expect(await r.page.getByRole('button', { name: 'Set there' }).isDisabled()).toBe(true);
    await r.set('a', 'apple');
    await r.page.getByRole('button', { name: 'New instance' }).click();
    await expect.poll(() => r.local()).toEqual([]);
    await r.get('a');
    expect(await r.lastCall()).toMatchObject({
      verdict: 'L1 miss, L2 hit',
      action: 'get a: “apple”',
    });
    await r.page.getByRole('button', { name: 'Next step' }).click();
    expect(await r.page.locator('#tour-place').innerText()).toBe('1 of 13');
  } finally {
    await context.close();
    await rm(profile, { recursive: true });
  }
});

/** Fills the storage to the last character. */
function fill({ page }: Reader): Promise<void> {
  return page.evaluate(() => {
    const fillBy = (key: string, most: number) => {
      let text = '';
      for (let length = most; length >= 1; length = Math.floor(length / 2)) {
        for (let fits = true; fits;) {
          try {
            localStorage.setItem(key, text + 'x'.repeat(length));
            text += 'x'.repeat(length);
          } catch {
            fits = false;
          }
        }
      }
    };
    // Large texts are slow to write: the last characters go into a separate key.
    localStorage.setItem('other data', 'x'.repeat(5_200_000));
    fillBy('other data, the rest', 1 << 15);
  });
}
