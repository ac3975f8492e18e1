import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'vite';
import { expect, test } from 'vitest';

import { launch } from '../browser/chromium.js';
import { serve } from '../browser/serve.js';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const GUIDE = join(PACKAGE, '../../docs/src/browser.md');

test('the example of the guide runs unchanged', async () => {
  const [, example] = /```ts\n([^]*?)```/.exec(await readFile(GUIDE, 'utf8')) ?? [];
  expect(example).toBeDefined();
  // Inside the package, so that it finds the package by its name.
  const root = await mkdtemp(join(PACKAGE, '.guide-'));
  try {
    await writeFile(
      join(root, 'index.html'),
      '<!doctype html><link rel=icon href=data:,><title>Mine</title><script type="module" src="./main.ts"></script>',
    );
    await writeFile(join(root, 'main.ts'), example ?? '');
    await build({
      root,
      configFile: false,
      base: './',
      logLevel: 'error',
      build: { target: 'es2022' },
    });
    expect(await consoleOf(join(root, 'dist'))).toEqual('Ada local');
  } finally {
    await rm(root, { recursive: true });
  }
});

/** Serves a folder and returns the first console message of its page. */
async function consoleOf(folder: string): Promise<string> {
  const [server, browser] = await Promise.all([serve(folder), launch()]);
  try {
    const page = await browser.newPage();
    const line = page.waitForEvent('console');
    await page.goto(server.url);
    return (await line).text();
  } finally {
    await browser.close();
    await server.close();
  }
}
