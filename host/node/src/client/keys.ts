import type { KeyType } from '../component/types.js';
import { CacheError } from './errors.js';

/** The type of the keys in listings, for each key type. */
export interface KeyTypes {
  text: string;
  integer: bigint;
}

/** The type of a key argument: integers may be bigints or safe numbers. */
export type Key<K extends KeyType> = K extends 'integer' ? bigint | number : string;

/** Converts a key to its text for the component. @throws {CacheError} `invalid-key` */
export function toText(type: KeyType, key: unknown): string {
  if (type === 'text') {
    if (typeof key === 'string') return key;
  } else if (typeof key === 'bigint' || Number.isSafeInteger(key)) {
    return BigInt(key as bigint | number).toString();
  }
  throw new CacheError('invalid-key', `a key of this cache must be ${type === 'text' ? 'a string' : 'an integer'}`);
}

/** Converts a key from its text. */
export function fromText<K extends KeyType>(type: K, key: string): KeyTypes[K] {
  return (type === 'text' ? key : BigInt(key)) as KeyTypes[K];
}
