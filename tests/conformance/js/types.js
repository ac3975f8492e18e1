// @ts-check
/**
 * WIT's types: what stands for them in a case, and in the glue that `jco transpile` makes.
 *
 * @module
 */

/**
 * A type: a name of WIT's, `bytes` for `list<u8>`, or one made of others. A variant's case without a payload has
 * `null`.
 *
 * @typedef {'bool' | 'u8' | 'u32' | 'u64' | 's64' | 'f64' | 'string' | 'bytes'} PlainType
 * @typedef {PlainType | ListType | OptionType | TupleType | RecordType | VariantType | EnumType} Type
 * @typedef {{ kind: 'list', of: Type }} ListType
 * @typedef {{ kind: 'option', of: Type }} OptionType
 * @typedef {{ kind: 'tuple', of: Type[] }} TupleType
 * @typedef {{ kind: 'record', fields: Record<string, Type> }} RecordType
 * @typedef {{ kind: 'variant', cases: Record<string, Type | null> }} VariantType
 * @typedef {{ kind: 'enum', cases: string[] }} EnumType
 */

/** @param {Type} of @returns {ListType} */
export const list = (of) => ({ kind: 'list', of });
/** @param {Type} of @returns {OptionType} */
export const option = (of) => ({ kind: 'option', of });
/** @param {Type[]} of @returns {TupleType} */
export const tuple = (...of) => ({ kind: 'tuple', of });
/** @param {Record<string, Type>} fields @returns {RecordType} */
export const record = (fields) => ({ kind: 'record', fields });
/** @param {Record<string, Type | null>} cases @returns {VariantType} */
export const variant = (cases) => ({ kind: 'variant', cases });
/** @param {string[]} cases @returns {EnumType} */
export const enumeration = (...cases) => ({ kind: 'enum', cases });

/** A case says what the format does not have: it fails, in every host. */
export class MalformedCase extends Error {}

/** The name of a function or field as the glue has it. @param {string} name */
export function camelCase(name) {
  return name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** A value in one line, for people. @param {unknown} json */
export function inWords(json) {
  return JSON.stringify(json, (_, value) => (typeof value === 'bigint' ? String(value) : value)) ?? String(json);
}

/**
 * Takes an object of a case apart: what kind of variant it names, and the payload.
 *
 * @param {unknown} json
 * @returns {{ name: string, payload?: unknown }}
 */
export function variantCase(json) {
  if (typeof json === 'string') return { name: json };
  const entries = isObject(json) ? Object.entries(json) : [];
  const [only] = entries;
  if (entries.length !== 1 || only === undefined) {
    throw new MalformedCase(`${inWords(json)} is no case of a variant`);
  }
  return { name: only[0], payload: only[1] };
}

/** @param {unknown} json @returns {json is Record<string, unknown>} */
export function isObject(json) {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
