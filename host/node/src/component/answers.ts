/**
 * What a backend may answer. The glue would take anything else for a fault of the component, which ends its instance.
 *
 * @module
 */
import { BackendError } from '../backend/error.js';

/** Whether a value is what a function answers. */
export type Check = (answer: unknown) => boolean;

const MAX_U64 = 2n ** 64n - 1n;

/** Where nothing is answered, anything may be, but that the call is over. */
export const isDone: Check = (answer) => !isPromise(answer);
export const isBucket: Check = (answer) => isRecord(answer) && !isPromise(answer);
export const isCount: Check = (answer) => typeof answer === 'bigint' && answer >= 0n && answer <= MAX_U64;
export const isSum: Check = (answer) => typeof answer === 'bigint' && BigInt.asIntN(64, answer) === answer;
export const areSlots: Check = (answer) => isListOf(isSlot, answer);
export const areOptionalSlots: Check = (answer) => isListOf((slot) => slot === undefined || isSlot(slot), answer);
export const areBooleans: Check = (answer) => isListOf((one) => typeof one === 'boolean', answer);

export const isPage: Check = (answer) =>
  isRecord(answer) && isListOf(isString, answer['keys']) && (answer['cursor'] === undefined || isString(answer['cursor']));

export const areChanges: Check = (answer) => isRecord(answer) && isNews(answer['news']) && isCount(answer['cursor']);

/**
 * The answer, if it is one.
 *
 * @throws {BackendError} `other`
 */
export function checked<T>(name: string, check: Check, answer: T): T {
  if (check(answer)) return answer;
  const why = isPromise(answer) ? 'a promise; the component cannot wait for one' : 'what is no answer to it';
  throw BackendError.other(`the backend answered ${name} with ${why}`);
}

const isSlot: Check = (slot) => {
  if (!isRecord(slot)) return false;
  if (slot['tag'] !== 'entry') return slot['tag'] === 'absent' || slot['tag'] === 'wrong-type';
  const entry = slot['val'];
  if (!isRecord(entry) || !(entry['value'] instanceof Uint8Array)) return false;
  return entry['ttlMs'] === undefined || isCount(entry['ttlMs']);
};

const isNews: Check = (news) =>
  isRecord(news) && (news['tag'] === 'unknown' || (news['tag'] === 'keys' && isListOf(isString, news['val'])));

const isString: Check = (one) => typeof one === 'string';

function isListOf(check: Check, answer: unknown): boolean {
  return Array.isArray(answer) && answer.every(check);
}

function isPromise(answer: unknown): boolean {
  return isRecord(answer) && typeof answer['then'] === 'function';
}

function isRecord(answer: unknown): answer is Record<string, unknown> {
  return typeof answer === 'object' && answer !== null;
}
