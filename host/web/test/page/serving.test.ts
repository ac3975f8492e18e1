import { describe, expect, test } from 'vitest';

import { Reader } from './reader.js';
import { Site } from './site.js';

describe('under a path, on a server without a content type for WebAssembly', () => {
  const site = new Site('/some/where/');

  test('the page works and requests only its own files', async () => {
    const page = await site.open();
    const external: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url)) external.push(request.url());
    });
    await page.reload();
    await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    const r = new Reader(page);
    await r.set('a', 'apple');
    await r.get('a');
    expect(await r.lastCall()).toMatchObject({ verdict: 'L1 hit' });
    expect(external).toEqual([]);
  });

  test('the page blocks inline scripts and styles', async () => {
    const page = await site.open();
    const result = await page.evaluate(() => {
      const violations = (count: number) =>
        new Promise<string[]>((resolve) => {
          const directives: string[] = [];
          addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
            if (directives.push(effectiveDirective) === count) resolve(directives.sort());
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
      return both.then((blocked) => [blocked, document.title]);
    });
    // The browser logs this on the console too.
    site.consoleErrors.length = 0;
    expect(result).toEqual([['script-src-elem', 'style-src-elem'], 'flipcache in your browser']);
  });

  test('a component that cannot be loaded shows a banner', async () => {
    const page = await site.open();
    await page.route('**/*.wasm', (route) => route.abort());
    await page.reload();
    await page.locator('#banner').waitFor();
    expect(await page.getByRole('alert').first().innerText()).toContain(
      'The cache cannot run here',
    );
    // The browser logs this on the console too.
    expect(site.consoleErrors.splice(0).length).toBeGreaterThan(0);
  });
});
