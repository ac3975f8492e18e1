import type { Value, ValueType } from '../component/types.js';
import { CacheError } from './errors.js';

/** The type of values for each value type. JSON is anything that `JSON.stringify` accepts. */
export interface Types {
  text: string;
  integer: bigint;
  float: number;
  boolean: boolean;
  json: unknown;
  bytes: Uint8Array;
}

/** The type of a value argument: integers may be bigints or safe numbers. */
export type Given<T extends ValueType, V> = T extends 'integer' ? bigint | number : V;

/**
 * Converts a value for the component. @throws {CacheError} `invalid-value` if it has another type.
 */
export function toComponent(type: ValueType, value: unknown): Value {
  switch (type) {
    case 'text':
      if (typeof value === 'string') return { tag: type, val: value };
      break;
    case 'integer':
      return { tag: type, val: toInteger(value) };
    case 'float':
      if (typeof value === 'number') return { tag: type, val: value };
      break;
    case 'boolean':
      if (typeof value === 'boolean') return { tag: type, val: value };
      break;
    case 'json':
      return { tag: type, val: toJson(value) };
    case 'bytes':
      if (value instanceof Uint8Array) return { tag: type, val: value };
  }
  throw new CacheError('invalid-value', `the value is a ${typeof value}, but the cache has values of the type ${type}`);
}

/** Converts a value from the component. */
export function fromComponent(value: Value): Types[ValueType] {
  return value.tag === 'json' ? (JSON.parse(value.val) as unknown) : value.val;
}

/** Converts a value to a 64-bit integer. @throws {CacheError} `invalid-value` */
export function toInteger(value: unknown): bigint {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
    throw new CacheError('invalid-value', 'an integer must be a bigint or a safe integer number');
  }
  const integer = BigInt(value as bigint | number);
  if (BigInt.asIntN(64, integer) !== integer) {
    throw new CacheError('invalid-value', 'the integer does not fit 64 bits');
  }
  return integer;
}

function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The message of the error may contain the value.
  }
  if (text === undefined) throw new CacheError('invalid-value', 'the value cannot be represented in JSON');
  return text;
}
