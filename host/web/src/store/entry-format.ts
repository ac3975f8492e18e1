/**
 * The text form of an entry in `localStorage`: `fc1 DEADLINE utf8 TEXT`, or `fc1 DEADLINE base64
 * TEXT` for bytes that are not UTF-8. DEADLINE is in milliseconds since the Unix epoch, or `-` if
 * there is none.
 */

/** An entry: a value and its deadline. */
export interface Row {
  readonly value: Uint8Array;
  /** When the entry expires, in milliseconds since the Unix epoch; `undefined`: never. */
  readonly deadline: bigint | undefined;
}

/** Returns the text form of an entry. */
export function format({ value, deadline }: Row): string {
  const end = deadline === undefined ? '-' : deadline.toString();
  const text = utf8(value);
  return text === undefined ? `fc1 ${end} base64 ${toBase64(value)}` : `fc1 ${end} utf8 ${text}`;
}

/** Parses the text form of an entry. Returns `undefined` for any other text. */
export function parse(text: string): Row | undefined {
  const [, end, coding, body] = FORM.exec(text) ?? [];
  if (end === undefined || body === undefined) return undefined;
  const value = coding === 'utf8' ? fromText(body) : fromBase64(body);
  if (value === undefined) return undefined;
  return { value, deadline: end === '-' ? undefined : BigInt(end) };
}

/** Returns whether a text can be encoded in UTF-8, that is, has no unpaired surrogate. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

// A deadline of 64 bits has at most 20 digits.
const FORM = /^fc1 (-|0|[1-9][0-9]{0,19}) (utf8|base64) ([^]*)$/;

// A BOM is part of the value.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function fromText(text: string): Uint8Array | undefined {
  return isWellFormed(text) ? new TextEncoder().encode(text) : undefined;
}

/** How many bytes `fromCharCode` gets at once; engines bound the number of arguments. */
const CHUNK = 8192;

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  // `atob` ignores unused trailing bits; only the canonical form of a value is accepted.
  return toBase64(bytes) === text ? bytes : undefined;
}
