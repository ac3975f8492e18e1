// @ts-check
// The conformance suite in headless Chromium, over localStorage.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'vite';

import { launch } from '../test/browser/chromium.js';
import { serve } from '../test/browser/serve.js';

const CASES = fileURLToPath(new URL('../../../tests/conformance/', import.meta.url));
const REPORTS =
  process.env['FLIPCACHE_CONFORMANCE_REPORTS'] ??
  fileURLToPath(new URL('../../../target/conformance/', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'flipcache-conformance-'));
try {
  await buildPage(folder);
  const { report, line } = await runIn(folder);
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(join(REPORTS, 'browser-localstorage.json'), `${JSON.stringify(report, null, 2)}\n`);
  for (const [name, problem] of Object.entries(report.failed)) console.error(`${name}: ${problem}`);
  console.log(line);
  const isGood = Object.keys(report.failed).length === 0 && report.passed.length > 0;
  process.exitCode = isGood ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** @param {string} outDir */
async function buildPage(outDir) {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const options = { outDir, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 };
  await build({ root, configFile: false, base: './', logLevel: 'error', build: options });
}

/** @param {string} folder */
async function runIn(folder) {
  const [server, browser] = await Promise.all([serve(folder), launch()]);
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(server.url);
    await page.waitForFunction(() => 'conformance' in globalThis);
    return await page.evaluate((suites) => /** @type {any} */ (globalThis).conformance(suites), suites());
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Returns the contents of the case files by name. */
function suites() {
  const files = readdirSync(CASES).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(
    files
      .sort()
      .map((name) => [name.slice(0, -'.json'.length), JSON.parse(readFileSync(join(CASES, name), 'utf8'))]),
  );
}
