import { FlipcacheError } from './error-base.js';
import type { BackendErrorCase } from '../component/types.js';

/** Why a backend call failed: the name of a case of WIT's `backend-error`. */
export type BackendErrorCode = BackendErrorCase['tag'];

/**
 * The error that a {@link KvBackend} throws. Any other error reaches the cache as `other`, without
 * its message.
 *
 * The message must not contain values or passwords: callers of the cache see it.
 */
export class BackendError extends FlipcacheError {
  override readonly name = 'BackendError';
  /** The case that the component gets. */
  readonly payload: BackendErrorCase;

  private constructor(payload: BackendErrorCase, message: string) {
    super(message);
    this.payload = payload;
  }

  get code(): BackendErrorCode {
    return this.payload.tag;
  }

  /** Converts a case of WIT's `backend-error` to an error. */
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

  /**
   * The backend cannot be reached or refused the connection. Nothing was written: a retry is safe
   * and may help.
   */
  static unavailable(message: string): BackendError {
    return new BackendError({ tag: 'unavailable', val: message }, message);
  }

  /**
   * The connection was lost after all or part of a write had been sent. A retry may do the write
   * twice.
   */
  static outcomeUnknown(message: string): BackendError {
    return new BackendError({ tag: 'outcome-unknown', val: message }, message);
  }

  /** No reply in time. A write may or may not have happened. */
  static timeout(): BackendError {
    const message = 'the backend did not reply in time; a write may or may not have happened';
    return new BackendError({ tag: 'timeout' }, message);
  }

  /** The caller may not do this here. A retry will not help. */
  static accessDenied(message: string): BackendError {
    return new BackendError({ tag: 'access-denied', val: message }, message);
  }

  /** A key or a value is longer than the `limit` of the backend, in bytes. */
  static tooLarge(limit: number | bigint): BackendError {
    const message = `a key or value is longer than the backend's limit of ${limit} bytes`;
    return new BackendError({ tag: 'too-large', val: BigInt(limit) }, message);
  }

  /** The backend does not support this. A retry will not help. */
  static unsupported(message: string): BackendError {
    return new BackendError({ tag: 'unsupported', val: message }, message);
  }

  /** Any other failure, with the message of the backend. */
  static other(message: string): BackendError {
    return new BackendError({ tag: 'other', val: message }, message);
  }
}
