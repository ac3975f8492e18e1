// @ts-check
/**
 * What a step expects: an answer or an error, and what the component asks meanwhile.
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

/** A case uses what the host has not, and does not say that it needs it. @param {string} need */
export function refuse(need) {
  return new MalformedCase(`the host has no ${need}, and the case does not say that it needs it`);
}

/**
 * Calls a function and compares how it ends with what the step expects; answers what the call answered.
 *
 * @param {Signature} signature
 * @param {Record<string, any>} step
 * @param {() => any} call
 * @returns {any} `undefined` if it failed as expected
 */
export function compareAnswer(signature, step, call) {
  if ('answer' in step && 'error' in step) throw new MalformedCase('an answer or an error, not both');
  const end = endOf(call);
  if ('error' in step) {
    compareError(signature, step['error'], end);
    return undefined;
  }
  if ('thrown' in end) throw failed(`failed with ${thrownInWords(signature, end.thrown)}, expected ${
    'answer' in step ? inWords(step['answer']) : 'that it succeeds'}`);
  if ('answer' in step) {
    if (signature.answers === null) {
      if (step['answer'] !== null) throw new MalformedCase('the function answers nothing');
    } else if (!matches(signature.answers, step['answer'], end.answered)) {
      throw failed(`answered ${inWords(show(signature.answers, end.answered))}, expected ${inWords(step['answer'])}`);
    }
  }
  return end.answered;
}

/** @param {() => any} call @returns {{ answered: any } | { thrown: unknown }} */
function endOf(call) {
  try {
    return { answered: call() };
  } catch (thrown) {
    return { thrown };
  }
}

/** @param {Signature} signature @param {unknown} expected @param {{ answered: any } | { thrown: unknown }} end */
function compareError(signature, expected, end) {
  const { answers, fails } = signature;
  if (fails === undefined) throw new MalformedCase('the function has no errors');
  if (!('thrown' in end)) {
    const answered = answers === null ? 'succeeded' : `answered ${inWords(show(answers, end.answered))}`;
    throw failed(`${answered}, expected the error ${inWords(expected)}`);
  }
  const payload = payloadOf(end.thrown);
  if (payload === undefined || !matches(fails, expected, payload, { isError: true })) {
    throw failed(`failed with ${thrownInWords(signature, end.thrown)}, expected ${inWords(expected)}`);
  }
}

/** The error that a function answered, as the glue throws it; `undefined`: it threw for another reason. @param {any} thrown */
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
 * Compares the calls of the import since the last step with what a step expects.
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
  if (!isSame) throw failed(`asked ${inWords(calls.map(showCall))}, expected ${inWords(expected)}`);
}

/** @param {unknown} json */
function expectedCall(json) {
  const [name, func, ...given] = array(json);
  const takes = typeof func === 'string' && Object.hasOwn(bucket, func) ? bucket[func] : undefined;
  if (typeof name !== 'string' || takes === undefined) {
    throw new MalformedCase(`${inWords(json)} is no call of kv-backend`);
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
