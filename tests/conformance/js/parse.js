// @ts-check
/**
 * Converts the JSON of a case to the values that the glue takes.
 *
 * @module
 */
import { MalformedCase, camelCase, inWords, isObject, variantCase } from './types.js';

/** @import { PlainType, Type } from './types.js' */

const FLOATS = new Map([['nan', NaN], ['inf', Infinity], ['-inf', -Infinity]]);

/** @type {Record<'u8' | 'u32' | 'u64' | 's64', [bigint, bigint]>} */
const BOUNDS = {
  u8: [0n, 0xffn],
  u32: [0n, 0xffff_ffffn],
  u64: [0n, 2n ** 64n - 1n],
  s64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/**
 * Returns a value as the glue takes it.
 *
 * @param {Type} type
 * @param {unknown} json
 * @returns {any}
 * @throws {MalformedCase} if it is not of the type
 */
export function parse(type, json) {
  if (typeof type === 'string') return parsePlain(type, json);
  switch (type.kind) {
    case 'option':
      return json === null ? undefined : parse(type.of, json);
    case 'list':
      return array(json).map((element) => parse(type.of, element));
    case 'tuple':
      return tupleOf(type.of, json).map(([of, element]) => parse(of, element));
    case 'record':
      return parseRecord(type.fields, json);
    case 'enum':
      if (typeof json === 'string' && type.cases.includes(json)) return json;
      throw malformed(json, type.cases.join(', '));
    case 'variant':
      return parseVariant(type.cases, json);
  }
}

/**
 * Returns the elements of a tuple, each with its type.
 *
 * @param {Type[]} types
 * @param {unknown} json
 * @returns {[Type, unknown][]}
 */
export function tupleOf(types, json) {
  const elements = array(json);
  if (elements.length !== types.length) throw malformed(json, `an array of ${types.length}`);
  return types.map((type, at) => [type, elements[at]]);
}

/** @param {unknown} json @returns {unknown[]} */
export function array(json) {
  if (Array.isArray(json)) return json;
  throw malformed(json, 'an array');
}

/** @param {PlainType} type @param {unknown} json */
function parsePlain(type, json) {
  switch (type) {
    case 'bool':
      if (typeof json === 'boolean') return json;
      break;
    case 'string':
      if (typeof json === 'string') return json;
      break;
    case 'bytes':
      return parseBytes(json);
    case 'f64':
      if (typeof json === 'number') return json;
      if (typeof json === 'string' && FLOATS.has(json)) return FLOATS.get(json);
      break;
    case 'u8':
    case 'u32':
      return Number(parseInteger(type, json));
    case 'u64':
    case 's64':
      return parseInteger(type, json);
  }
  throw malformed(json, type);
}

/** @param {keyof typeof BOUNDS} type @param {unknown} json */
function parseInteger(type, json) {
  const isDecimal = typeof json === 'string' && /^-?[0-9]+$/.test(json);
  if (!isDecimal && !Number.isSafeInteger(json)) throw malformed(json, type);
  const number = BigInt(/** @type {string | number} */ (json));
  const [least, most] = BOUNDS[type];
  if (number < least || number > most) throw malformed(json, type);
  return number;
}

/** @param {unknown} json */
function parseBytes(json) {
  if (typeof json === 'string') return new TextEncoder().encode(json);
  const hex = isObject(json) && Object.keys(json).length === 1 ? json['hex'] : undefined;
  if (typeof hex !== 'string' || !/^(?:[0-9a-f]{2})*$/.test(hex)) throw malformed(json, 'bytes');
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** @param {Record<string, Type>} fields @param {unknown} json */
function parseRecord(fields, json) {
  if (!isObject(json)) throw malformed(json, 'an object');
  const unknown = Object.keys(json).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) throw new MalformedCase(`there is no field ${inWords(unknown)}`);
  return Object.fromEntries(
    Object.entries(fields).map(([name, type]) => {
      if (!Object.hasOwn(json, name)) throw malformed(json, `a record with ${name}`);
      return [camelCase(name), parse(type, json[name])];
    }),
  );
}

/** @param {Record<string, Type | null>} cases @param {unknown} json */
function parseVariant(cases, json) {
  const { name, payload } = variantCase(json);
  const type = Object.hasOwn(cases, name) ? cases[name] : undefined;
  if (type === undefined) throw malformed(json, Object.keys(cases).join(', '));
  if (type === null) {
    if (payload !== undefined) throw malformed(json, name);
    return { tag: name };
  }
  return { tag: name, val: parse(type, payload) };
}

/** @param {unknown} json @param {string} expected */
function malformed(json, expected) {
  return new MalformedCase(`${inWords(json)} is not ${expected}`);
}
