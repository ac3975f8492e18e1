// @ts-check
/**
 * The steps of a case, each a function that does what its step says and throws if that went otherwise.
 *
 * @module
 */
import { compareAnswer, compareCalls, failed, refuse } from './expect.js';
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

/** For each kind of step, by the field that names it: the fields that it may have, and what does it. */
export const STEPS = /** @type {const} */ ({
  open: { fields: ['name', 'options', 'resilience', 'answer', 'error', 'asks'], run: open },
  'open-dict': { fields: ['order', 'max-items', 'answer', 'error', 'asks'], run: openDict },
  call: { fields: ['with', 'answer', 'error', 'asks'], run: call },
  tell: { fields: ['with', 'answer', 'error', 'asks'], run: tell },
  list: { fields: ['limit', 'answer'], run: list },
  store: { fields: ['with', 'answer'], run: store },
  'wait-ms': { fields: [], run: wait },
  fail: { fields: ['though-done'], run: fail },
});

/** More pages than any case has keys: a cursor that leads nowhere must not keep the suite going. */
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
  const ask = () => (isResilient ? FlipCache.openWith(...given) : FlipCache.open(...given));
  opened(world, handles, step, string(step['open']), { ask, fails: signatures.cacheError, methods: signatures.flipCache });
}

/** @param {Run} run @param {Step} step */
function openDict({ world, handles }, step) {
  const order = parse(signatures.order, step['order']);
  const maxItems = parse('u32', step['max-items']);
  const ask = () => world.exports.collections.Dict.open(order, maxItems);
  opened(world, handles, step, string(step['open-dict']), { ask, fails: signatures.dictError, methods: signatures.dict });
}

/**
 * @param {World} world
 * @param {Handles} handles
 * @param {Step} step
 * @param {string} handle
 * @param {{ ask: () => any, fails: Type, methods: Record<string, Signature> }} opening
 */
function opened(world, handles, step, handle, { ask, fails, methods }) {
  if ('answer' in step) throw new MalformedCase('what is opened has no answer to compare');
  if (handles.has(handle)) throw new MalformedCase(`the handle ${inWords(handle)} is open`);
  const resource = compareAnswer({ takes: [], answers: null, fails }, step, ask);
  compareCalls(world, step['asks']);
  if (resource !== undefined) handles.set(handle, { resource, methods });
}

/** @param {Run} run @param {Step} step */
function call({ world, handles }, step) {
  const [handle = '', name = '', ...rest] = string(step['call']).split('.');
  const open = handles.get(handle);
  if (open === undefined) throw new MalformedCase(`no handle ${inWords(handle)} is open`);
  const signature = known(open.methods, rest.length === 0 ? name : step['call']);
  const given = tupleOf(signature.takes, step['with']).map(([type, json]) => parse(type, json));
  compareAnswer(signature, step, () => open.resource[camelCase(name)](...given));
  compareCalls(world, step['asks']);
}

/** @param {Run} run @param {Step} step */
function tell({ world }, step) {
  const signature = known(signatures.coherence, string(step['tell']));
  const given = tupleOf(signature.takes, step['with']).map(([type, json]) => parse(type, json));
  const { coherence } = world.exports;
  if (coherence === undefined) throw refuse('coherence');
  compareAnswer(signature, step, () => coherence[camelCase(step['tell'])](...given));
  compareCalls(world, step['asks']);
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
    if (pages === MAX_PAGES) throw failed(`listed ${MAX_PAGES} pages and came to no end`);
    const page = open.resource.keys(cursor, limit);
    for (const key of page.keys) keys.add(key);
    if (page.cursor === undefined) break;
    cursor = page.cursor;
  }
  world.takeCalls?.();
  const [listed, expected] = [[...keys].sort(), [...array(step['answer'])].sort()];
  if (inWords(listed) !== inWords(expected)) throw failed(`listed ${inWords(listed)}, expected ${inWords(expected)}`);
}

/** @param {Run} run @param {Step} step */
async function store({ world }, step) {
  const verb = step['store'];
  const inner = world.store;
  if (inner === undefined) throw refuse('foreign');
  if (verb !== 'get' && 'answer' in step) throw new MalformedCase(`${inWords(verb)} has no answer to compare`);
  switch (verb) {
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
      if (!('answer' in step)) throw new MalformedCase('an answer is to be expected');
      const held = await inner.get(onlyKey(step));
      compareAnswer({ takes: [], answers: option('bytes') }, step, () => held);
      return undefined;
    }
    default:
      throw new MalformedCase(`nobody can ${inWords(verb)} a key`);
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

/** A case of `backend-error`; one that is only named has some payload. @param {unknown} json */
function fault(json) {
  const { cases } = signatures.backendError;
  const type = typeof json === 'string' ? cases[json] : undefined;
  if (typeof json !== 'string' || !type) return parse(signatures.backendError, json);
  return { tag: json, val: type === 'u64' ? 0n : 'the store was told to fail' };
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
