// @ts-check
/**
 * WIT's types, and their forms in a case and in the glue that `jco transpile` generates.
 *
 * @module
 */

/**
 * A type: the name of a WIT primitive, `bytes` for `list<u8>`, or a composite. A variant case without a payload has
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

/** A case violates the format: it fails in every host. */
export class MalformedCase extends Error {}

/** Returns the name of a function or field in the glue. @param {string} name */
export function camelCase(name) {
  return name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** Formats a value in one line, for messages. @param {unknown} json */
export function inWords(json) {
  return JSON.stringify(json, (_, value) => (typeof value === 'bigint' ? String(value) : value)) ?? String(json);
}

/**
 * Splits a variant of a case into the name of its case and the payload.
 *
 * @param {unknown} json
 * @returns {{ name: string, payload?: unknown }}
 */
export function variantCase(json) {
  if (typeof json === 'string') return { name: json };
  const entries = isObject(json) ? Object.entries(json) : [];
  const [only] = entries;
  if (entries.length !== 1 || only === undefined) {
    throw new MalformedCase(`${inWords(json)} is not a case of a variant`);
  }
  return { name: only[0], payload: only[1] };
}

/** @param {unknown} json @returns {json is Record<string, unknown>} */
export function isObject(json) {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
