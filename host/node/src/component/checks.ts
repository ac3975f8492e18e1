/**
 * Checks of what a backend returns. The glue would treat anything else as a trap, which ends the
 * instance.
 *
 * @module
 */
import { BackendError } from '../backend/error.js';

/** Returns whether a value is a valid result. */
export type Check = (result: unknown) => boolean;

const MAX_U64 = 2n ** 64n - 1n;

/**
 * Accepts any result of a call without one, except a promise, which would mean that it has not
 * finished.
 */
export const isDone: Check = (result) => !isPromise(result);
export const isBucket: Check = (result) => isRecord(result) && !isPromise(result);
export const isCount: Check = (result) => typeof result === 'bigint' && result >= 0n && result <= MAX_U64;
export const isSum: Check = (result) => typeof result === 'bigint' && BigInt.asIntN(64, result) === result;
export const areSlots: Check = (result) => isListOf(isSlot, result);
export const areOptionalSlots: Check = (result) => isListOf((slot) => slot === undefined || isSlot(slot), result);
export const areBooleans: Check = (result) => isListOf((one) => typeof one === 'boolean', result);

export const isPage: Check = (result) =>
  isRecord(result) && isListOf(isString, result['keys']) && (result['cursor'] === undefined || isString(result['cursor']));

export const areChanges: Check = (result) => isRecord(result) && areChangedKeys(result['changed']) && isCount(result['cursor']);

/**
 * Returns the result if it is valid.
 *
 * @throws {BackendError} `other`
 */
export function checked<T>(name: string, check: Check, result: T): T {
  if (check(result)) return result;
  const why = isPromise(result) ? 'a promise, but must be synchronous' : 'an invalid result';
  throw BackendError.other(`${name} of the backend returned ${why}`);
}

const isSlot: Check = (slot) => {
  if (!isRecord(slot)) return false;
  if (slot['tag'] !== 'entry') return slot['tag'] === 'absent' || slot['tag'] === 'wrong-type';
  const entry = slot['val'];
  if (!isRecord(entry) || !(entry['value'] instanceof Uint8Array)) return false;
  return entry['ttlMs'] === undefined || isCount(entry['ttlMs']);
};

const areChangedKeys: Check = (changed) =>
  isRecord(changed) && (changed['tag'] === 'unknown' || (changed['tag'] === 'keys' && isListOf(isString, changed['val'])));

const isString: Check = (one) => typeof one === 'string';

function isListOf(check: Check, result: unknown): boolean {
  return Array.isArray(result) && result.every(check);
}

function isPromise(result: unknown): boolean {
  return isRecord(result) && typeof result['then'] === 'function';
}

function isRecord(result: unknown): result is Record<string, unknown> {
  return typeof result === 'object' && result !== null;
}
