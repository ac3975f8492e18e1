import { BackendError, type BackendErrorCase, type CacheErrorCase } from 'flipcache/component';

import { byId } from './dom.js';
import { quoted } from './strings.js';

/**
 * Returns what failed and what to do, in one or two sentences.
 *
 * @throws the error itself, if it is not an error of the cache.
 */
export function errorText(error: Error): string {
  return cacheErrorText(payloadOf(error));
}

/** Shows an error, or clears the last one, and marks the control that the error is about. */
export function showError(
  id: string,
  error: Error | undefined,
  about: Partial<Record<CacheErrorCase['tag'], HTMLElement>>,
): void {
  byId(id, HTMLElement).textContent = error ? errorText(error) : '';
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

function cacheErrorText(error: CacheErrorCase): string {
  switch (error.tag) {
    case 'invalid-name':
      return `The name is invalid: ${error.val}. The cache stays open as it was.`;
    case 'invalid-options':
      return `The options are invalid: ${error.val}. The cache stays open as it was.`;
    case 'invalid-key':
      return `${quoted(error.val)} is not an integer key. Integer keys are written -3, 0 or 42.`;
    case 'invalid-value':
      return `The value does not have the type of the cache: ${error.val}.`;
    case 'invalid-ttl':
      return `${error.val} ms is not a TTL. A TTL is at least one millisecond.`;
    case 'too-large':
      return backendErrorText(error);
    case 'wrong-type':
      return (
        `localStorage has other data at ${quoted(error.val)}, not an entry of a cache. ` +
        'Set replaces it, Delete removes it.'
      );
    case 'undecodable':
      return `The value at ${quoted(error.val)} in L2 is not text. Set replaces it, Delete removes it.`;
    case 'conflict':
    case 'denied':
      return `The cache cannot be opened: ${error.val}.`;
    case 'backend':
      return backendErrorText(error.val);
  }
}

function backendErrorText(error: BackendErrorCase): string {
  switch (error.tag) {
    case 'timeout':
      return 'L2 did not reply in time.';
    case 'too-large':
      return `The key or the value is longer than ${error.val.toLocaleString('en')} bytes. Nothing was written.`;
    case 'unavailable':
      return (
        `L2 rejected the write: ${error.val}. Nothing was lost: L2 still has the old value. ` +
        'Delete a key, or set a shorter value.'
      );
    default:
      return `L2 failed: ${error.val}.`;
  }
}
