// @ts-check
/**
 * What a step expects: a return value or an error, and the calls of the import that it causes.
 *
 * @module
 */
import { matches, show } from './compare.js';
import { array, tupleOf } from './parse.js';
import { bucket } from './signatures.js';
import { MalformedCase, inWords } from './types.js';

/** @import { Call } from './recorder.js' */
/** @import { Signature } from './signatures.js' */
/** @import { World } from './world.js' */

/** The host did not do what the case expects. */
export class Failure extends Error {}

/** @param {string} message */
export function failed(message) {
  return new Failure(message);
}

/** The error of a case that uses a need without declaring it. @param {string} need */
export function refuse(need) {
  return new MalformedCase(`the host has no ${need}, and the case does not declare that need`);
}

/**
 * Calls a function and compares how it ends with what the step expects. Returns what the call returned.
 *
 * @param {Signature} signature
 * @param {Record<string, any>} step
 * @param {() => any} call
 * @returns {any} `undefined` if it failed as expected
 */
export function compareResult(signature, step, call) {
  if ('returns' in step && 'error' in step) throw new MalformedCase('a step expects a return value or an error, not both');
  const end = endOf(call);
  if ('error' in step) {
    compareError(signature, step['error'], end);
    return undefined;
  }
  if ('thrown' in end) throw failed(`failed with ${thrownInWords(signature, end.thrown)}, expected ${
    'returns' in step ? inWords(step['returns']) : 'success'}`);
  if ('returns' in step) {
    if (signature.returns === null) {
      if (step['returns'] !== null) throw new MalformedCase('the function returns nothing');
    } else if (!matches(signature.returns, step['returns'], end.returned)) {
      throw failed(`returned ${inWords(show(signature.returns, end.returned))}, expected ${inWords(step['returns'])}`);
    }
  }
  return end.returned;
}

/** @param {() => any} call @returns {{ returned: any } | { thrown: unknown }} */
function endOf(call) {
  try {
    return { returned: call() };
  } catch (thrown) {
    return { thrown };
  }
}

/** @param {Signature} signature @param {unknown} expected @param {{ returned: any } | { thrown: unknown }} end */
function compareError(signature, expected, end) {
  const { returns, fails } = signature;
  if (fails === undefined) throw new MalformedCase('the function has no errors');
  if (!('thrown' in end)) {
    const returned = returns === null ? 'succeeded' : `returned ${inWords(show(returns, end.returned))}`;
    throw failed(`${returned}, expected the error ${inWords(expected)}`);
  }
  const payload = payloadOf(end.thrown);
  if (payload === undefined || !matches(fails, expected, payload, { isError: true })) {
    throw failed(`failed with ${thrownInWords(signature, end.thrown)}, expected ${inWords(expected)}`);
  }
}

/** Returns the WIT error that the glue threw; `undefined` if it threw for another reason. @param {any} thrown */
function payloadOf(thrown) {
  const payload = thrown?.payload;
  return typeof payload?.tag === 'string' ? payload : undefined;
}

/** @param {Signature} signature @param {unknown} thrown */
function thrownInWords({ fails }, thrown) {
  const payload = payloadOf(thrown);
  return payload !== undefined && fails !== undefined ? inWords(show(fails, payload)) : String(thrown);
}

/**
 * Compares the calls of the import since the last step with those that a step expects.
 *
 * @param {World} world
 * @param {unknown} [expected]
 */
export function compareCalls(world, expected = []) {
  const calls = world.takeCalls?.();
  if (calls === undefined) return;
  const expectedCalls = array(expected).map(expectedCall);
  const isSame = calls.length === expectedCalls.length
    && expectedCalls.every((one, at) => callMatches(one, /** @type {Call} */ (calls[at])));
  if (!isSame) throw failed(`called ${inWords(calls.map(showCall))}, expected ${inWords(expected)}`);
}

/** @param {unknown} json */
function expectedCall(json) {
  const [name, func, ...given] = array(json);
  const takes = typeof func === 'string' && Object.hasOwn(bucket, func) ? bucket[func] : undefined;
  if (typeof name !== 'string' || takes === undefined) {
    throw new MalformedCase(`${inWords(json)} is not a call of kv-backend`);
  }
  return { bucket: name, name: func, arguments: tupleOf(takes, given) };
}

/** @param {ReturnType<typeof expectedCall>} expected @param {Call} call */
function callMatches(expected, call) {
  return expected.bucket === call.bucket && expected.name === call.name
    && expected.arguments.every(([type, json], at) => matches(type, json, call.arguments[at]));
}

/** @param {Call} call */
function showCall(call) {
  const takes = bucket[call.name] ?? [];
  return [call.bucket, call.name, ...takes.map((type, at) => show(type, call.arguments[at]))];
}
