import { BackendError } from './error.js';

const CANONICAL = /^(?:0|-?[1-9][0-9]{0,18})$/;

/**
 * What a key holds after `delta` is added to what it held; absent counts as 0.
 *
 * @throws {BackendError} `other`, in Redis' words, if `held` is not the canonical decimal form of an integer of
 * 64 bits, or if the sum is none.
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
