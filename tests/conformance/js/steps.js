// @ts-check
/**
 * The steps of a case. Each is a function that executes its step and throws if the outcome is not the expected one.
 *
 * @module
 */
import { compareResult, compareCalls, failed, refuse } from './expect.js';
import { array, parse, tupleOf } from './parse.js';
import * as signatures from './signatures.js';
import { MalformedCase, camelCase, inWords, isObject, option } from './types.js';

/** @import { Type } from './types.js' */
/** @import { Signature } from './signatures.js' */
/** @import { World, Store } from './world.js' */

/**
 * @typedef {Record<string, any>} Step
 * @typedef {Map<string, { resource: any, methods: Record<string, Signature> }>} Handles
 * @typedef {{ world: World, handles: Handles }} Run
 */

/** By the field that names a step: the other fields that it may have, and the function that runs it. */
export const STEPS = /** @type {const} */ ({
  open: { fields: ['name', 'options', 'resilience', 'error', 'expect-calls'], run: open },
  'open-dict': { fields: ['order', 'max-items', 'error', 'expect-calls'], run: openDict },
  call: { fields: ['with', 'returns', 'error', 'expect-calls'], run: call },
  coherence: { fields: ['with', 'returns', 'error', 'expect-calls'], run: coherence },
  list: { fields: ['limit', 'returns'], run: list },
  store: { fields: ['with', 'returns'], run: store },
  'wait-ms': { fields: [], run: wait },
  fail: { fields: ['though-done'], run: fail },
});

/** More pages than any case has keys, so that a cursor which never ends does not hang the suite. */
const MAX_PAGES = 10_000;

/** @param {Run} run @param {Step} step */
function open({ world, handles }, step) {
  const options = withDefaults(signatures.options, signatures.DEFAULTS.options, step['options'] ?? {});
  const given = [string(step['name']), options];
  const isResilient = step['resilience'] !== undefined;
  if (isResilient) {
    given.push(withDefaults(signatures.resilience, signatures.DEFAULTS.resilience, step['resilience']));
  }
  const { FlipCache } = world.exports.cache;
  const call = () => (isResilient ? FlipCache.openWith(...given) : FlipCache.open(...given));
  opened(world, handles, step, string(step['open']), { call, fails: signatures.cacheError, methods: signatures.flipCache });
}

/** @param {Run} run @param {Step} step */
function openDict({ world, handles }, step) {
  const order = parse(signatures.order, step['order']);
  const maxItems = parse('u32', step['max-items']);
  const call = () => world.exports.collections.Dict.open(order, maxItems);
  opened(world, handles, step, string(step['open-dict']), { call, fails: signatures.dictError, methods: signatures.dict });
}

/**
 * @param {World} world
 * @param {Handles} handles
 * @param {Step} step
 * @param {string} handle
 * @param {{ call: () => any, fails: Type, methods: Record<string, Signature> }} opening
 */
function opened(world, handles, step, handle, { call, fails, methods }) {
  if (handles.has(handle)) throw new MalformedCase(`the handle ${inWords(handle)} is open`);
  const resource = compareResult({ takes: [], returns: null, fails }, step, call);
  compareCalls(world, step['expect-calls']);
  if (resource !== undefined) handles.set(handle, { resource, methods });
}

/** @param {Run} run @param {Step} step */
function call({ world, handles }, step) {
  const [handle = '', name = '', ...rest] = string(step['call']).split('.');
  const open = handles.get(handle);
  if (open === undefined) throw new MalformedCase(`no handle ${inWords(handle)} is open`);
  const signature = known(open.methods, rest.length === 0 ? name : step['call']);
  const given = tupleOf(signature.takes, step['with']).map(([type, json]) => parse(type, json));
  compareResult(signature, step, () => open.resource[camelCase(name)](...given));
  compareCalls(world, step['expect-calls']);
}

/** @param {Run} run @param {Step} step */
function coherence({ world }, step) {
  const signature = known(signatures.coherence, string(step['coherence']));
  const given = tupleOf(signature.takes, step['with']).map(([type, json]) => parse(type, json));
  const exported = world.exports.coherence;
  if (exported === undefined) throw refuse('coherence');
  compareResult(signature, step, () => exported[camelCase(step['coherence'])](...given));
  compareCalls(world, step['expect-calls']);
}

/** @param {Run} run @param {Step} step */
function list({ world, handles }, step) {
  const open = handles.get(string(step['list']));
  if (open === undefined) throw new MalformedCase(`no handle ${inWords(step['list'])} is open`);
  const limit = parse('u32', step['limit']);
  const keys = new Set();
  /** @type {string | undefined} */
  let cursor;
  for (let pages = 0; ; pages += 1) {
    if (pages === MAX_PAGES) throw failed(`the listing did not end after ${MAX_PAGES} pages`);
    const page = open.resource.keys(cursor, limit);
    for (const key of page.keys) keys.add(key);
    if (page.cursor === undefined) break;
    cursor = page.cursor;
  }
  world.takeCalls?.();
  const [listed, expected] = [[...keys].sort(), [...array(step['returns'])].sort()];
  if (inWords(listed) !== inWords(expected)) throw failed(`listed ${inWords(listed)}, expected ${inWords(expected)}`);
}

/** @param {Run} run @param {Step} step */
async function store({ world }, step) {
  const operation = step['store'];
  const inner = world.store;
  if (inner === undefined) throw refuse('external-writes');
  if (operation !== 'get' && 'returns' in step) throw new MalformedCase(`${inWords(operation)} returns nothing`);
  switch (operation) {
    case 'set': {
      const given = tupleOf(['string', 'bytes', option('u64')], step['with']);
      const [key, value, ttlMs] = given.map(([type, json]) => parse(type, json));
      return inner.set(key, value, ttlMs);
    }
    case 'delete':
      return inner.delete(onlyKey(step));
    case 'spoil':
      if (inner.spoil === undefined) throw refuse('wrong-type');
      return inner.spoil(onlyKey(step));
    case 'get': {
      if (!('returns' in step)) throw new MalformedCase('"returns" is missing');
      const held = await inner.get(onlyKey(step));
      compareResult({ takes: [], returns: option('bytes') }, step, () => held);
      return undefined;
    }
    default:
      throw new MalformedCase(`there is no store operation ${inWords(operation)}`);
  }
}

/** @param {Run} run @param {Step} step */
function wait({ world }, step) {
  if (world.wait === undefined) throw refuse('clock');
  return world.wait(parse('u32', step['wait-ms']));
}

/** @param {Run} run @param {Step} step */
function fail({ world }, step) {
  if (world.fail === undefined) throw refuse('faults');
  const isDone = step['though-done'] === undefined ? false : parse('bool', step['though-done']);
  const json = step['fail'];
  if (json === null) return world.fail(null);
  return world.fail({ error: fault(json), isDone });
}

/** Returns a case of `backend-error`. If only its name is given, the payload is arbitrary. @param {unknown} json */
function fault(json) {
  const { cases } = signatures.backendError;
  const type = typeof json === 'string' ? cases[json] : undefined;
  if (typeof json !== 'string' || !type) return parse(signatures.backendError, json);
  return { tag: json, val: type === 'u64' ? 0n : 'injected fault' };
}

/** @param {Step} step @returns {string} */
function onlyKey(step) {
  return tupleOf(['string'], step['with']).map(([type, json]) => parse(type, json))[0];
}

/** @param {Type} type @param {object} defaults @param {unknown} json */
function withDefaults(type, defaults, json) {
  if (!isObject(json)) throw new MalformedCase(`${inWords(json)} is not an object`);
  return parse(type, { ...defaults, ...json });
}

/** @param {Record<string, Signature>} functions @param {string} name */
function known(functions, name) {
  const signature = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (signature === undefined) throw new MalformedCase(`there is no function ${inWords(name)}`);
  return signature;
}

/** @param {unknown} json @returns {string} */
function string(json) {
  return parse('string', json);
}
