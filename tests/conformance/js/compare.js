// @ts-check
/**
 * What the glue answers, beside what a case expects of it.
 *
 * @module
 */
import { array, parse, tupleOf } from './parse.js';
import { MalformedCase, camelCase, inWords, isObject, variantCase } from './types.js';

/** @import { PlainType, Type } from './types.js' */

/**
 * Whether an answer of the glue is what a case expects. Of records only the fields are compared that the case
 * names; of errors, with `isError`, only the payloads that it gives.
 *
 * @param {Type} type
 * @param {unknown} expected
 * @param {any} answered
 * @param {{ isError?: boolean }} [how]
 * @returns {boolean}
 * @throws {MalformedCase} if nothing of the type could be what is expected
 */
export function matches(type, expected, answered, how = {}) {
  if (typeof type === 'string') return isSame(parse(type, expected), answered);
  switch (type.kind) {
    case 'option':
      if (expected === null || answered === undefined) return expected === null && answered === undefined;
      return matches(type.of, expected, answered, how);
    case 'list': {
      const elements = array(expected);
      const pairs = elements.map((element, at) => matches(type.of, element, answered[at], how));
      return elements.length === answered.length && pairs.every(Boolean);
    }
    case 'tuple':
      return tupleOf(type.of, expected).every(([of, element], at) => matches(of, element, answered[at], how));
    case 'record':
      return recordMatches(type.fields, expected, answered, how);
    case 'enum':
      return parse(type, expected) === answered;
    case 'variant':
      return variantMatches(type.cases, expected, answered, how);
  }
}

/**
 * An answer of the glue as a case would write it.
 *
 * @param {Type} type
 * @param {any} answered
 * @returns {unknown}
 */
export function show(type, answered) {
  if (typeof type === 'string') return showPlain(type, answered);
  switch (type.kind) {
    case 'option':
      return answered === undefined ? null : show(type.of, answered);
    case 'list':
      return Array.from(answered, (element) => show(type.of, element));
    case 'tuple':
      return type.of.map((of, at) => show(of, answered[at]));
    case 'record':
      return Object.fromEntries(
        Object.entries(type.fields).map(([name, of]) => [name, show(of, answered[camelCase(name)])]),
      );
    case 'enum':
      return answered;
    case 'variant': {
      const of = type.cases[answered.tag];
      return of ? { [answered.tag]: show(of, answered.val) } : answered.tag;
    }
  }
}

/** @param {any} expected @param {any} answered */
function isSame(expected, answered) {
  if (expected instanceof Uint8Array) {
    const isLong = answered instanceof Uint8Array && answered.length === expected.length;
    return isLong && expected.every((byte, at) => byte === answered[at]);
  }
  return expected === answered || (Number.isNaN(expected) && Number.isNaN(answered));
}

/** @param {Record<string, Type>} fields @param {unknown} expected @param {any} answered @param {{ isError?: boolean }} how */
function recordMatches(fields, expected, answered, how) {
  if (!isObject(expected)) throw new MalformedCase(`${inWords(expected)} is not an object`);
  return Object.entries(expected).every(([name, value]) => {
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (type === undefined) throw new MalformedCase(`there is no field ${inWords(name)}`);
    return matches(type, value, answered[camelCase(name)], how);
  });
}

/** @param {Record<string, Type | null>} cases @param {unknown} expected @param {any} answered @param {{ isError?: boolean }} how */
function variantMatches(cases, expected, answered, how) {
  const { name, payload } = variantCase(expected);
  const type = Object.hasOwn(cases, name) ? cases[name] : undefined;
  if (type === undefined) throw new MalformedCase(`there is no case ${inWords(name)}`);
  const isBare = typeof expected === 'string';
  if (isBare !== (type === null) && !(isBare && how.isError)) {
    throw new MalformedCase(`${inWords(expected)}: the payload of this case is ${isBare ? 'missing' : 'none'}`);
  }
  if (answered.tag !== name) return false;
  return isBare || type === null || matches(type, payload, answered.val, how);
}

/** @param {PlainType} type @param {any} answered */
function showPlain(type, answered) {
  switch (type) {
    case 'bytes':
      return showBytes(answered);
    case 'f64':
      return Number.isFinite(answered) ? answered : Number.isNaN(answered) ? 'nan' : answered > 0 ? 'inf' : '-inf';
    case 'u64':
    case 's64':
      return Number.isSafeInteger(Number(answered)) ? Number(answered) : String(answered);
    default:
      return answered;
  }
}

/** @param {Uint8Array} bytes */
function showBytes(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { hex: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') };
  }
}
