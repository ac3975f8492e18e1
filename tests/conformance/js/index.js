// @ts-check
/**
 * The interpreter of the conformance cases for every host in JavaScript. It uses no API of Node or of browsers alone.
 *
 * @module
 */
import { STEPS } from './steps.js';
import { MalformedCase, inWords, isObject } from './types.js';
import { NEEDS } from './world.js';

/** @import { Host, Report, World } from './world.js' */
/** @import { Handles, Step } from './steps.js' */

export { record } from './recorder.js';

/**
 * Runs cases in a host, one after the other.
 *
 * @param {Record<string, unknown>} suites The contents of the case files, by file name without `.json`.
 * @param {Host} host
 * @returns {Promise<Report>}
 */
export async function run(suites, host) {
  /** @type {Report} */
  const report = {
    host: host.name,
    store: host.store,
    digest: host.digest,
    passed: [],
    'left-out': {},
    failed: {},
  };
  for (const [file, suite] of Object.entries(suites)) {
    const cases = isObject(suite) && Array.isArray(suite['cases']) ? suite['cases'] : [];
    if (cases.length === 0) report.failed[file] = 'the file has no cases';
    for (const [at, one] of cases.entries()) {
      const name = `${file}/${isObject(one) && typeof one['name'] === 'string' ? one['name'] : `case ${at + 1}`}`;
      await account(report, name, one, host);
    }
  }
  return report;
}

/**
 * Returns the summary line of a report.
 *
 * @param {Report} report
 */
export function line(report) {
  const amount = (/** @type {object} */ cases) => Object.keys(cases).length;
  const counts = `${report.passed.length} passed, ${amount(report['left-out'])} left out, ${amount(report.failed)} failed`;
  return `${report.host} over ${report.store}: ${counts} (sha256 ${report.digest})`;
}

/** @param {Report} report @param {string} name @param {any} one @param {Host} host */
async function account(report, name, one, host) {
  const isKnown = report.passed.includes(name) || name in report.failed || name in report['left-out'];
  const malformed = isKnown ? 'there is another case of this name' : shapeProblem(one);
  if (malformed !== undefined) {
    report.failed[name] = malformed;
    return;
  }
  const missing = (one.needs ?? []).filter((/** @type {any} */ need) => !host.has.includes(need));
  if (missing.length > 0) {
    report['left-out'][name] = missing;
    return;
  }
  const problem = await problemOf(one.steps, host);
  if (problem === undefined) report.passed.push(name);
  else report.failed[name] = problem;
}

/** Returns why no host can run a case. @param {any} one */
function shapeProblem(one) {
  if (!isObject(one)) return 'this is not a case';
  const { name, needs = [], steps, ...rest } = one;
  if (Object.keys(rest).length > 0) return `a case has no ${Object.keys(rest).join(', ')}`;
  if (typeof name !== 'string') return 'the case has no name';
  if (!Array.isArray(needs)) return 'needs are an array';
  const unknown = needs.find((need) => !NEEDS.has(need));
  if (unknown !== undefined) return `there is no need ${inWords(unknown)}`;
  if (!Array.isArray(steps) || steps.length === 0) return 'the case has no steps';
  return undefined;
}

/** Runs the steps. Returns what went wrong, if anything did. @param {Step[]} steps @param {Host} host */
async function problemOf(steps, host) {
  /** @type {World | undefined} */
  let world;
  /** @type {Handles} */
  const handles = new Map();
  let at = 0;
  try {
    world = await host.open();
    for (const step of steps) {
      at += 1;
      await takeStep(step, { world, handles });
    }
    at = 0;
    await close(world, handles);
    return undefined;
  } catch (error) {
    const problem = `${at > 0 ? `step ${at}` : 'at the ends of the case'}: ${inProse(error)}`;
    return world === undefined ? problem : problem + (await closingProblem(world, handles));
  }
}

/** @param {Step} step @param {{ world: World, handles: Handles }} run */
async function takeStep(step, run) {
  const kinds = Object.keys(STEPS).filter((kind) => isObject(step) && kind in step);
  const [kind] = /** @type {(keyof typeof STEPS)[]} */ (kinds);
  if (kind === undefined || kinds.length > 1) throw new MalformedCase(`there is no such step: ${inWords(step)}`);
  const { fields, run: take } = STEPS[kind];
  const unknown = Object.keys(step).filter((field) => field !== kind && !fields.includes(/** @type {never} */ (field)));
  if (unknown.length > 0) throw new MalformedCase(`the step ${kind} has no ${unknown.join(', ')}`);
  await take(run, step);
}

/** @param {World} world @param {Handles} handles */
async function close(world, handles) {
  world.fail?.(null);
  for (const { resource } of handles.values()) resource[Symbol.dispose]?.();
  handles.clear();
  await world.close?.();
}

/** @param {World} world @param {Handles} handles */
async function closingProblem(world, handles) {
  try {
    await close(world, handles);
    return '';
  } catch (error) {
    return `; and then ${inProse(error)}`;
  }
}

/** @param {unknown} error */
function inProse(error) {
  const payload = error instanceof Error && 'payload' in error ? error.payload : undefined;
  if (isObject(payload)) return `failed with ${inWords(payload)}`;
  return error instanceof Error ? error.message : String(error);
}
