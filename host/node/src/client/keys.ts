import type { KeyType } from '../component/types.js';
import { CacheError } from './errors.js';

/** What a listing answers for each type of keys. */
export interface KeyTypes {
  text: string;
  integer: bigint;
}

/** What may be given as a key: integers also as numbers, if they are safe. */
export type Key<K extends KeyType> = K extends 'integer' ? bigint | number : string;

/** A key as the component takes it. @throws {CacheError} `invalid-key` */
export function toText(type: KeyType, key: unknown): string {
  if (type === 'text') {
    if (typeof key === 'string') return key;
  } else if (typeof key === 'bigint' || Number.isSafeInteger(key)) {
    return BigInt(key as bigint | number).toString();
  }
  throw new CacheError('invalid-key', `a key of this cache is ${type === 'text' ? 'a string' : 'an integer'}`);
}

/** A key as the program has it. */
export function fromText<K extends KeyType>(type: K, key: string): KeyTypes[K] {
  return (type === 'text' ? key : BigInt(key)) as KeyTypes[K];
}
