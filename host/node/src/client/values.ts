import type { Value, ValueType } from '../component/types.js';
import { CacheError } from './errors.js';

/** What a program has for each type of values. JSON is whatever `JSON.stringify` makes text of. */
export interface Types {
  text: string;
  integer: bigint;
  float: number;
  boolean: boolean;
  json: unknown;
  bytes: Uint8Array;
}

/** What may be given: integers also as numbers, if they are safe. */
export type Given<T extends ValueType, V> = T extends 'integer' ? bigint | number : V;

/** A value as the component takes it. @throws {CacheError} `invalid-value` if it is none of the type. */
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
  throw new CacheError('invalid-value', `the value is a ${typeof value}; this cache is of the type ${type}`);
}

/** A value as the program has it. */
export function fromComponent(value: Value): Types[ValueType] {
  return value.tag === 'json' ? (JSON.parse(value.val) as unknown) : value.val;
}

/** An integer of 64 bits. @throws {CacheError} `invalid-value` */
export function toInteger(value: unknown): bigint {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
    throw new CacheError('invalid-value', 'an integer is a bigint, or a number that is a safe integer');
  }
  const integer = BigInt(value as bigint | number);
  if (BigInt.asIntN(64, integer) !== integer) {
    throw new CacheError('invalid-value', 'the integer is beyond 64 bits');
  }
  return integer;
}

function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The message of what was thrown may show the value.
  }
  if (text === undefined) throw new CacheError('invalid-value', 'the value has no form in JSON');
  return text;
}
