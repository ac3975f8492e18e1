import { BackendError } from './error.js';

const CANONICAL = /^(?:0|-?[1-9][0-9]{0,18})$/;

/**
 * Returns the sum of `delta` and the integer that a key holds; an absent key counts as 0.
 *
 * @throws {BackendError} `other`, with Redis' message, if `held` is not the canonical decimal form of a 64-bit
 * integer, or if the sum does not fit 64 bits.
 */
export function sum(held: Uint8Array | undefined, delta: bigint): bigint {
  const total = (held === undefined ? 0n : integer(held)) + delta;
  if (!isOf64Bits(total)) throw BackendError.other('increment or decrement would overflow');
  return total;
}

function integer(bytes: Uint8Array): bigint {
  const text = bytes.length <= 20 ? String.fromCharCode(...bytes) : '';
  const number = CANONICAL.test(text) ? BigInt(text) : undefined;
  if (number === undefined || !isOf64Bits(number)) {
    throw BackendError.other('value is not an integer or out of range');
  }
  return number;
}

function isOf64Bits(number: bigint): boolean {
  return BigInt.asIntN(64, number) === number;
}
