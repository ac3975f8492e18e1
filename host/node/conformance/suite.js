// The case files of the suite, and the folder of the reports.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { line, run } from '../../../tests/conformance/js/index.js';

const CASES = fileURLToPath(new URL('../../../tests/conformance/', import.meta.url));
const REPORTS =
  process.env.FLIPCACHE_CONFORMANCE_REPORTS ?? fileURLToPath(new URL('../../../target/conformance/', import.meta.url));

/** Returns the contents of the case files by name. */
export function suites() {
  const files = readdirSync(CASES).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(
    files.sort().map((name) => [name.slice(0, -'.json'.length), JSON.parse(readFileSync(join(CASES, name), 'utf8'))]),
  );
}

/** Runs all cases in a host, and writes the report to a file and a line to stdout. Returns whether all passed. */
export async function runIn(host, file) {
  const report = await run(suites(), host);
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(join(REPORTS, file), `${JSON.stringify(report, null, 2)}\n`);
  for (const [name, problem] of Object.entries(report.failed)) console.error(`${name}: ${problem}`);
  console.log(line(report));
  return Object.keys(report.failed).length === 0 && report.passed.length > 0;
}
