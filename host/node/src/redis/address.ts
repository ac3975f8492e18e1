import { CacheError } from '../client/errors.js';
import type { RedisOptions } from './options.js';

/** What a URL says of a server, as the client library takes it. */
export interface Address {
  readonly socket: { host: string; port: number; tls?: true } | { path: string };
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

const SCHEMES = 'redis://, rediss://, redis+unix:// or memory:';

/**
 * What a URL says. Its errors do not show it: there may be a password in it.
 *
 * @throws {CacheError} `invalid-options`
 */
export function parseAddress(url: string): Address {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw refused('the url is none');
  switch (parsed.protocol) {
    case 'redis:':
    case 'rediss:':
      return ofHost(parsed);
    case 'redis+unix:':
    case 'unix:':
      return ofPath(parsed);
    default:
      throw refused(`this host has no store for ${parsed.protocol} A url begins with ${SCHEMES}`);
  }
}

/** @throws {CacheError} `invalid-options` */
export function checkAddress({ url, tls, deadlineMs, stalenessBoundMs, coherence }: RedisOptions): void {
  const { socket } = parseAddress(url);
  if (tls !== undefined && !('tls' in socket)) throw refused('tls is for a url that begins with rediss://');
  for (const [name, value] of Object.entries({ deadlineMs, stalenessBoundMs })) {
    const isFit = value === undefined || (Number.isFinite(value) && value >= 1);
    if (!isFit) throw refused(`${name} is a number of milliseconds, at least 1`);
  }
  if (coherence !== undefined && coherence !== 'tracking' && coherence !== 'off') {
    throw refused(`coherence is 'tracking' or 'off'`);
  }
}

function ofHost(url: URL): Address {
  if (url.hostname === '') throw refused('the url names no host');
  if (url.search !== '' || url.hash !== '') throw refused('the url of a Redis server has nothing after the database');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 6379 : Number(url.port);
  const tls = url.protocol === 'rediss:' ? { tls: true as const } : {};
  return {
    socket: { host, port, ...tls },
    ...who(decode(url.username), decode(url.password)),
    database: database(url.pathname.replace(/^\/$/, '').slice(1)),
  };
}

function ofPath(url: URL): Address {
  const path = decode(url.pathname);
  if (path === '' || path === '/') throw refused('the url names no socket');
  const { searchParams } = url;
  const of = (name: string) => searchParams.get(name) ?? '';
  return { socket: { path }, ...who(of('user'), of('pass')), database: database(of('db')) };
}

function who(username: string, password: string): { username?: string; password?: string } {
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

function database(text: string): number {
  if (text === '') return 0;
  if (!/^[0-9]{1,9}$/.test(text)) throw refused('a database is a number');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('the url has a % that escapes nothing');
  }
}

function refused(message: string): CacheError {
  return new CacheError('invalid-options', message);
}
