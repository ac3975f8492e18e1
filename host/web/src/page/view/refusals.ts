import { BackendError, type BackendErrorCase, type CacheErrorCase } from 'flipcache/component';

import { byId } from './dom.js';
import { quoted } from './words.js';

/**
 * Why the cache refused, and what can be done, in one or two sentences.
 *
 * @throws what is no refusal of the cache.
 */
export function refusal(error: Error): string {
  return words(payloadOf(error));
}

/** Says why the cache refused, or nothing more, and marks the control that the refusal is about. */
export function showRefusal(
  id: string,
  error: Error | undefined,
  about: Partial<Record<CacheErrorCase['tag'], HTMLElement>>,
): void {
  byId(id, HTMLElement).textContent = error ? refusal(error) : '';
  for (const [tag, control] of Object.entries(about)) {
    if (error && payloadOf(error).tag === tag) control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
  }
}

function payloadOf(error: Error): CacheErrorCase {
  if (error instanceof BackendError) return { tag: 'backend', val: error.payload };
  const { payload } = error as { payload?: CacheErrorCase };
  if (payload?.tag === undefined) throw error;
  return payload;
}

function words(error: CacheErrorCase): string {
  switch (error.tag) {
    case 'invalid-name':
      return `This cannot name a cache: ${error.val}. The cache stays open as it was.`;
    case 'invalid-options':
      return `The options are refused: ${error.val}. The cache stays open as it was.`;
    case 'invalid-key':
      return `${quoted(error.val)} is no key of a cache of integers. Such keys are written -3, 0 or 42.`;
    case 'invalid-value':
      return `The value is not of the cache’s type: ${error.val}.`;
    case 'invalid-ttl':
      return `${error.val} ms is no time to live. It is at least a millisecond.`;
    case 'too-large':
      return backendWords(error);
    case 'wrong-type':
      return (
        `Somebody else has put something under ${quoted(error.val)} in localStorage that is no entry of a cache. ` +
        'Set replaces it, Delete removes it.'
      );
    case 'undecodable':
      return `What the store holds under ${quoted(error.val)} is no text. Set replaces it, Delete removes it.`;
    case 'conflict':
    case 'denied':
      return `The cache is not opened: ${error.val}.`;
    case 'backend':
      return backendWords(error.val);
  }
}

function backendWords(error: BackendErrorCase): string {
  switch (error.tag) {
    case 'timeout':
      return 'The store did not answer in time.';
    case 'too-large':
      return `The key or the value is longer than ${error.val.toLocaleString('en')} bytes. Nothing was written.`;
    case 'unavailable':
      return (
        `The store did not take it: ${error.val}. Nothing was lost: it still holds what it held. ` +
        'Delete a key, or set a shorter value.'
      );
    default:
      return `The store refused: ${error.val}.`;
  }
}
