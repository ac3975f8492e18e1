/** What everything throws that this package throws on purpose. `code` says what happened, for programs. */
export abstract class FlipcacheError extends Error {
  abstract readonly code: string;
}
