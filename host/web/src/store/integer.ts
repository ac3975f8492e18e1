import { BackendError } from 'flipcache/component';

const CANONICAL = /^(?:0|-?[1-9][0-9]{0,18})$/;

/**
 * Returns the sum of `delta` and the integer that a key holds; an absent key counts as 0.
 *
 * @throws {BackendError} `other` if `held` is not the canonical decimal form of a 64-bit integer, or
 * if the sum does not fit 64 bits.
 */
export function sum(held: Uint8Array | undefined, delta: bigint): bigint {
  const text = held === undefined ? '0' : new TextDecoder('latin1').decode(held.subarray(0, 21));
  const number = CANONICAL.test(text) ? BigInt(text) : undefined;
  if (number === undefined || !isOf64Bits(number)) {
    throw BackendError.other('the value is not a 64-bit integer');
  }
  if (!isOf64Bits(number + delta)) throw BackendError.other('the sum does not fit 64 bits');
  return number + delta;
}

function isOf64Bits(number: bigint): boolean {
  return BigInt.asIntN(64, number) === number;
}
