import { line, run } from '../../../tests/conformance/js/index.js';
import { browserHost } from './host.js';

/** Runs the cases of the runner in this page. Returns the report and its line. */
async function conformance(suites: Record<string, unknown>) {
  const report = await run(suites, browserHost(document));
  return { report, line: line(report) };
}

Object.assign(globalThis, { conformance });
