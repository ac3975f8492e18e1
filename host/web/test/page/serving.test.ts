import { describe, expect, test } from 'vitest';

import { Reader } from './reader.js';
import { Site } from './site.js';

describe('under a path, on a server that knows no type of WebAssembly', () => {
  const site = new Site('/some/where/');

  test('the page works, by its own files alone', async () => {
    const page = await site.open();
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url)) foreign.push(request.url());
    });
    await page.reload();
    await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    const r = new Reader(page);
    await r.set('a', 'apple');
    await r.get('a');
    expect(await r.lastCall()).toMatchObject({ verdict: 'Hit: L1 answered' });
    expect(foreign).toEqual([]);
  });

  test('the page runs no script but its own, and evaluates no text', async () => {
    const page = await site.open();
    const refused = await page.evaluate(() => {
      const violations = (count: number) =>
        new Promise<string[]>((resolve) => {
          const heard: string[] = [];
          addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
            if (heard.push(effectiveDirective) === count) resolve(heard.sort());
          });
        });
      const both = violations(2);
      for (const [tag, text] of [
        ['script', 'document.title = "changed"'],
        ['style', 'body { color: red }'],
      ] as const) {
        const element = document.createElement(tag);
        element.textContent = text;
        document.head.append(element);
      }
      return both.then((directives) => [directives, document.title]);
    });
    // The browser says so on the console too.
    site.complaints.length = 0;
    expect(refused).toEqual([['script-src-elem', 'style-src-elem'], 'flipcache in your browser']);
  });

  test('a component that cannot be loaded is told', async () => {
    const page = await site.open();
    await page.route('**/*.wasm', (route) => route.abort());
    await page.reload();
    await page.locator('#banner').waitFor();
    expect(await page.getByRole('alert').first().innerText()).toContain('The cache cannot run here');
    // The browser says so on the console too.
    expect(site.complaints.splice(0).length).toBeGreaterThan(0);
  });
});
