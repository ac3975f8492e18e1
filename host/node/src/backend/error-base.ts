/** The base class of all errors of this package. `code` identifies the error. */
export abstract class FlipcacheError extends Error {
  abstract readonly code: string;
}
