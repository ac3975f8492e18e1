/**
 * How an entry stands in `localStorage`: `fc1 DEADLINE utf8 TEXT`, or `fc1 DEADLINE base64 TEXT` for
 * bytes that are no UTF-8. DEADLINE is in milliseconds since the Unix epoch, `-` if there is none.
 */

/** What a key holds. */
export interface Row {
  readonly value: Uint8Array;
  /** When it expires, in milliseconds since the Unix epoch; `undefined`: never. */
  readonly deadline: bigint | undefined;
}

/** The text of an entry. */
export function format({ value, deadline }: Row): string {
  const end = deadline === undefined ? '-' : deadline.toString();
  const text = utf8(value);
  return text === undefined ? `fc1 ${end} base64 ${toBase64(value)}` : `fc1 ${end} utf8 ${text}`;
}

/** The entry of a text; `undefined`: somebody else has written it. */
export function parse(text: string): Row | undefined {
  const [, end, coding, body] = FORM.exec(text) ?? [];
  if (end === undefined || body === undefined) return undefined;
  const value = coding === 'utf8' ? fromText(body) : fromBase64(body);
  if (value === undefined) return undefined;
  return { value, deadline: end === '-' ? undefined : BigInt(end) };
}

/** Whether a text has a UTF-8 form: no surrogate stands alone. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

// Deadlines have at most 20 digits: what 64 bits can hold.
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

/** Arguments of one call are bounded. */
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
  // Bits that a shorter text would not have are dropped by `atob`: there is one form of each value.
  return toBase64(bytes) === text ? bytes : undefined;
}
