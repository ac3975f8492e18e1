// @ts-check
/**
 * Compares what the glue returns with what a case expects.
 *
 * @module
 */
import { array, parse, tupleOf } from './parse.js';
import { MalformedCase, camelCase, inWords, isObject, variantCase } from './types.js';

/** @import { PlainType, Type } from './types.js' */

/**
 * Returns whether a value of the glue is what a case expects. Only the fields of a record that the case names are
 * compared. With `isError`, a payload is compared only if the case gives one.
 *
 * @param {Type} type
 * @param {unknown} expected
 * @param {any} returned
 * @param {{ isError?: boolean }} [how]
 * @returns {boolean}
 * @throws {MalformedCase} if the expected value is not one of the type
 */
export function matches(type, expected, returned, how = {}) {
  if (typeof type === 'string') return isSame(parse(type, expected), returned);
  switch (type.kind) {
    case 'option':
      if (expected === null || returned === undefined) return expected === null && returned === undefined;
      return matches(type.of, expected, returned, how);
    case 'list': {
      const elements = array(expected);
      const pairs = elements.map((element, at) => matches(type.of, element, returned[at], how));
      return elements.length === returned.length && pairs.every(Boolean);
    }
    case 'tuple':
      return tupleOf(type.of, expected).every(([of, element], at) => matches(of, element, returned[at], how));
    case 'record':
      return recordMatches(type.fields, expected, returned, how);
    case 'enum':
      return parse(type, expected) === returned;
    case 'variant':
      return variantMatches(type.cases, expected, returned, how);
  }
}

/**
 * Returns a value of the glue in the JSON of the cases.
 *
 * @param {Type} type
 * @param {any} returned
 * @returns {unknown}
 */
export function show(type, returned) {
  if (typeof type === 'string') return showPlain(type, returned);
  switch (type.kind) {
    case 'option':
      return returned === undefined ? null : show(type.of, returned);
    case 'list':
      return Array.from(returned, (element) => show(type.of, element));
    case 'tuple':
      return type.of.map((of, at) => show(of, returned[at]));
    case 'record':
      return Object.fromEntries(
        Object.entries(type.fields).map(([name, of]) => [name, show(of, returned[camelCase(name)])]),
      );
    case 'enum':
      return returned;
    case 'variant': {
      const of = type.cases[returned.tag];
      return of ? { [returned.tag]: show(of, returned.val) } : returned.tag;
    }
  }
}

/** @param {any} expected @param {any} returned */
function isSame(expected, returned) {
  if (expected instanceof Uint8Array) {
    const isLong = returned instanceof Uint8Array && returned.length === expected.length;
    return isLong && expected.every((byte, at) => byte === returned[at]);
  }
  return expected === returned || (Number.isNaN(expected) && Number.isNaN(returned));
}

/** @param {Record<string, Type>} fields @param {unknown} expected @param {any} returned @param {{ isError?: boolean }} how */
function recordMatches(fields, expected, returned, how) {
  if (!isObject(expected)) throw new MalformedCase(`${inWords(expected)} is not an object`);
  return Object.entries(expected).every(([name, value]) => {
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (type === undefined) throw new MalformedCase(`there is no field ${inWords(name)}`);
    return matches(type, value, returned[camelCase(name)], how);
  });
}

/** @param {Record<string, Type | null>} cases @param {unknown} expected @param {any} returned @param {{ isError?: boolean }} how */
function variantMatches(cases, expected, returned, how) {
  const { name, payload } = variantCase(expected);
  const type = Object.hasOwn(cases, name) ? cases[name] : undefined;
  if (type === undefined) throw new MalformedCase(`there is no case ${inWords(name)}`);
  const isBare = typeof expected === 'string';
  if (isBare !== (type === null) && !(isBare && how.isError)) {
    throw new MalformedCase(`${inWords(expected)}: the payload of this case is ${isBare ? 'missing' : 'none'}`);
  }
  if (returned.tag !== name) return false;
  return isBare || type === null || matches(type, payload, returned.val, how);
}

/** @param {PlainType} type @param {any} returned */
function showPlain(type, returned) {
  switch (type) {
    case 'bytes':
      return showBytes(returned);
    case 'f64':
      return Number.isFinite(returned) ? returned : Number.isNaN(returned) ? 'nan' : returned > 0 ? 'inf' : '-inf';
    case 'u64':
    case 's64':
      return Number.isSafeInteger(Number(returned)) ? Number(returned) : String(returned);
    default:
      return returned;
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
