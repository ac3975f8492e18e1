import { FlipcacheError } from './error-base.js';
import type { BackendErrorCase } from '../component/types.js';

/** Why a store did not do what was asked: the name of a case of WIT's `backend-error`. */
export type BackendErrorCode = BackendErrorCase['tag'];

/**
 * What a {@link KvBackend} throws. Every other error that it throws reaches the cache as `other`, without its
 * message.
 *
 * The message must have no value and no password in it: whoever uses the cache sees it.
 */
export class BackendError extends FlipcacheError {
  override readonly name = 'BackendError';
  /** The case as the component is told it. */
  readonly payload: BackendErrorCase;

  private constructor(payload: BackendErrorCase, message: string) {
    super(message);
    this.payload = payload;
  }

  get code(): BackendErrorCode {
    return this.payload.tag;
  }

  /** The error that a case of WIT's `backend-error` is. */
  static of(payload: BackendErrorCase): BackendError {
    switch (payload.tag) {
      case 'timeout':
        return BackendError.timeout();
      case 'too-large':
        return BackendError.tooLarge(payload.val);
      default:
        return new BackendError(payload, payload.val);
    }
  }

  /** The store cannot be reached, or refused the connection. Nothing was written: a retry is safe and may help. */
  static unavailable(message: string): BackendError {
    return new BackendError({ tag: 'unavailable', val: message }, message);
  }

  /** The store was lost after a write had been sent, or after a part of it. A retry may do the write twice. */
  static outcomeUnknown(message: string): BackendError {
    return new BackendError({ tag: 'outcome-unknown', val: message }, message);
  }

  /** No answer in time. A write may or may not have happened. */
  static timeout(): BackendError {
    const message = 'the store did not answer in time; a write may or may not have happened';
    return new BackendError({ tag: 'timeout' }, message);
  }

  /** The caller may not do this here. A retry will not help. */
  static accessDenied(message: string): BackendError {
    return new BackendError({ tag: 'access-denied', val: message }, message);
  }

  /** A key or a value is longer than the `limit`, in bytes, that the store takes. */
  static tooLarge(limit: number | bigint): BackendError {
    const message = `a key or value is longer than the ${limit} bytes that the store takes`;
    return new BackendError({ tag: 'too-large', val: BigInt(limit) }, message);
  }

  /** The store cannot do this. A retry will not help. */
  static unsupported(message: string): BackendError {
    return new BackendError({ tag: 'unsupported', val: message }, message);
  }

  /** Anything else, in the store's words. */
  static other(message: string): BackendError {
    return new BackendError({ tag: 'other', val: message }, message);
  }
}
