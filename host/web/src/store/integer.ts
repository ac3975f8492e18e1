import { BackendError } from 'flipcache/component';

const CANONICAL = /^(?:0|-?[1-9][0-9]{0,18})$/;

/**
 * What a key holds after `delta` is added to what it held; absent counts as 0.
 *
 * @throws {BackendError} `other` if `held` is not the canonical decimal form of an integer of 64 bits, or
 * if the sum is none.
 */
export function sum(held: Uint8Array | undefined, delta: bigint): bigint {
  const text = held === undefined ? '0' : new TextDecoder('latin1').decode(held.subarray(0, 21));
  const number = CANONICAL.test(text) ? BigInt(text) : undefined;
  if (number === undefined || !isOf64Bits(number)) {
    throw BackendError.other('the value is not an integer of 64 bits');
  }
  if (!isOf64Bits(number + delta)) throw BackendError.other('the sum is beyond 64 bits');
  return number + delta;
}

function isOf64Bits(number: bigint): boolean {
  return BigInt.asIntN(64, number) === number;
}
