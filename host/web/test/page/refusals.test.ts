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

describe('what cannot be opened is refused, and the cache stays as it was', () => {
  test.each([
    ['Name', '', /cannot name a cache: .*empty/],
    ['Name', 'x'.repeat(1025), /cannot name a cache: .*1024|1,024/],
    ['Life in seconds', '0', /options are refused: ttl: 0/],
    ['Life in seconds', '-1', /A life is a number of seconds/],
    ['Life in seconds', 'soon', /A life is a number of seconds/],
    ['L1 holds at most', '13', /from 0 to 12/],
    ['L1 holds at most', '', /from 0 to 12/],
  ])('%s: %j', async (label, value, words) => {
    const r = await reader();
    await r.set('a', 'apple');
    await r.option(label, value);
    expect(await r.page.locator('#options-refusal').innerText()).toMatch(words);
    const field = r.page.getByLabel(label, { exact: true });
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await r.local()).toEqual(['a']);
    await r.get('a');
    expect((await r.lastCall()).verdict).toBe('Hit: L1 answered');
    await r.option(label, label === 'Name' ? 'demo' : '3');
    expect(await r.page.locator('#options-refusal').innerText()).toBe('');
    expect(await field.getAttribute('aria-invalid')).toBeNull();
  });
});

test('a text is no key of a cache of integers', async () => {
  const r = await reader();
  await r.option('Keys are', 'integers');
  for (const key of ['a', '007', '']) {
    await r.set(key, 'apple');
    expect(await r.page.locator('#refusal').innerText()).toContain(`“${key}” is no key of a cache of integers`);
  }
  expect((await r.lastCall()).calls).toEqual([]);
  await r.set('-7', 'apple');
  expect(await r.page.locator('#refusal').innerText()).toBe('');
  expect(await r.local()).toEqual(['-7']);
});

test('what somebody else has put under a key is named, kept, and replaced only by a set', async () => {
  const r = await reader();
  await r.page.evaluate(() => localStorage.setItem('flipcache:demo:a', 'somebody else’s'));
  await r.get('a');
  expect(await r.page.locator('#refusal').innerText()).toContain('that is no entry of a cache');
  expect(await r.lastCall()).toMatchObject({ verdict: 'Refused', calls: ['get a → wrong type'] });
  expect(await r.page.locator('#l2-list .note').innerText()).toBe('no entry of a cache');
  expect(await r.page.evaluate(() => localStorage.getItem('flipcache:demo:a'))).toBe('somebody else’s');
  await r.set('a', 'apple');
  expect(await r.page.locator('#refusal').innerText()).toBe('');
  expect(await r.stored()).toEqual({ a: 'apple' });
});

test('a full storage refuses the write, says so, and loses nothing', async () => {
  const r = await reader();
  await r.set('a', 'apple');
  await fill(r);
  await r.set('a', 'a value that is much longer than the one before');
  expect(await r.page.locator('#refusal').innerText()).toContain('localStorage is full. Nothing was lost');
  expect(await r.lastCall()).toMatchObject({ verdict: 'Refused', calls: ['set a → unavailable'] });
  expect(await r.counter('Store failed')).toBe(1);
  expect(await r.stored()).toEqual({ a: 'apple' });
  await r.get('a');
  expect((await r.lastCall()).deed).toBe('get a: “apple”');
  await r.setThere('b', 'as another tab');
  expect(await r.page.locator('#refusal').innerText()).toContain('localStorage is full');
  await r.page.evaluate(() => localStorage.removeItem('somebody else’s'));
  await r.set('b', 'banana');
  expect(await r.stored()).toEqual({ a: 'apple', b: 'banana' });
});

test('a value that no storage could hold is too large', async () => {
  const r = await reader();
  await r.set('a', 'x'.repeat(1_048_577));
  expect(await r.page.locator('#refusal').innerText()).toContain('longer than 1,048,576 bytes');
  expect(await r.stored()).toEqual({});
});

test('a browser without localStorage has the page’s memory instead, and is told so', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'flipcache-'));
  await mkdir(join(profile, 'Default'));
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(blocked));
  const context = await chromium.launchPersistentContext(profile, launchOptions());
  try {
    const r = new Reader(await site.openIn(context));
    await expect(r.page.evaluate(() => localStorage.length)).rejects.toThrow('SecurityError');
    expect(await r.page.getByRole('alert').first().innerText()).toContain(
      'does not let the page have a localStorage',
    );
    expect(await r.page.getByRole('button', { name: 'Set there' }).isDisabled()).toBe(true);
    await r.set('a', 'apple');
    await r.page.getByRole('button', { name: 'New instance' }).click();
    await expect.poll(() => r.local()).toEqual([]);
    await r.get('a');
    expect(await r.lastCall()).toMatchObject({ verdict: 'L1 missed, L2 answered', deed: 'get a: “apple”' });
    await r.page.getByRole('button', { name: 'Next step' }).click();
    expect(await r.page.locator('#tour-place').innerText()).toBe('1 of 13');
  } finally {
    await context.close();
    await rm(profile, { recursive: true });
  }
});

/** Leaves no room for a single character more. */
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
    // Large texts are slow to write: the last ones stand apart.
    localStorage.setItem('somebody else’s', 'x'.repeat(5_200_000));
    fillBy('somebody else’s, the rest', 1 << 15);
  });
}
