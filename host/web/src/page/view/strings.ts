import type { Cause, Change } from '../changes.js';
import type { Call } from '../recorder.js';
import type { Report } from '../report.js';
import type { Settings } from '../settings.js';

/** Returns the action and its outcome in one sentence. */
export function summary(report: Report): string {
  const { action, result, error } = report;
  if (error) return `${title(report)}: failed`;
  switch (action.kind) {
    case 'get':
      return `get ${named(action.key)}: ${result.value === undefined ? 'nothing' : quoted(result.value)}`;
    case 'set':
      return `set ${named(action.key)} to ${quoted(action.value)}: written`;
    case 'delete':
      return `delete ${named(action.key)}: ${result.deleted === 0n ? 'not found' : 'deleted'}`;
    case 'clear':
      return `clear: ${counted(result.deleted ?? 0n, 'key')} deleted`;
    default:
      return title(report);
  }
}

function title({ action, expiredInStore, changes }: Report): string {
  switch (action.kind) {
    case 'get':
    case 'set':
    case 'delete':
      return `${action.kind} ${quoted(action.key)}`;
    case 'clear':
      return 'clear';
    case 'apply':
      return openedWith(action.settings);
    case 'restart':
      return 'New instance of the component: L1 is empty, L2 is unchanged';
    case 'external-write':
      return action.key === undefined
        ? 'Another tab may have changed any key'
        : `Another tab has changed ${named(action.key)}${action.isInvalidated ? '; the page invalidates it' : ''}`;
    case 'expire': {
      const local = changes.map(({ key }) => key);
      const both = expiredInStore.filter((key) => local.includes(key));
      const keys = [...new Set([...local, ...expiredInStore])];
      const where = both.length === keys.length ? ' in both tiers' : '';
      return `Expired${where}: ${keys.map(named).join(', ')}`;
    }
  }
}

function openedWith({ name, eviction, localMax }: Settings): string {
  return `open ${quoted(name)} with ${eviction.toUpperCase()}, at most ${localMax}`;
}

/** Returns which tier served a read. */
export function verdict({
  action,
  result,
  error,
}: Report): { text: string; tone: Tone } | undefined {
  if (error) return { text: 'Failed', tone: 'bad' };
  if (action.kind !== 'get') return undefined;
  switch (result.source) {
    case 'local':
      return { text: 'L1 hit', tone: 'local' };
    case 'backend':
      return { text: 'L1 miss, L2 hit', tone: 'store' };
    default:
      return { text: 'Miss in both tiers', tone: 'bad' };
  }
}

export type Tone = 'local' | 'store' | 'bad' | 'plain';

const CAUSES: Readonly<Record<Cause, string>> = {
  size: 'evicted',
  expired: 'expired',
  explicit: 'deleted',
  invalidated: 'invalidated',
  flushed: 'flushed',
};

/** Returns why an entry left the local tier. */
export function causesOf({ causes }: Change): string {
  return causes.map((cause) => CAUSES[cause]).join(' or ') || 'removed';
}

/** Returns what happened to a key in the local tier. */
export function changeText(change: Change): string {
  const key = named(change.key);
  switch (change.kind) {
    case 'entered':
      return `${key} entered L1`;
    case 'moved':
      return `${key} moved to the end`;
    case 'overwritten':
      return `${key} was overwritten in L1`;
    case 'reloaded':
      return `${key} was removed (${causesOf(change)}) and loaded again`;
    case 'left':
      return `${key} left L1: ${causesOf(change)}`;
  }
}

/** Returns a call to L2 as WIT names it, without its values. */
export function requestText({ name, args }: Call): string {
  if (name === 'changes') return args[0] === undefined ? name : `${name} since ${String(args[0])}`;
  return [kebab(name), ...args.map(argument).filter((text) => text !== '')].join(' ');
}

/** Returns the reply of L2. */
export function replyText({ result }: Call): string {
  if ('error' in result) return result.error.code;
  return [result.ok].flat().map(short).join(', ') || 'done';
}

/** Returns a count with its noun. */
export function counted(count: bigint | number, thing: string): string {
  return `${count} ${thing}${count === 1n || count === 1 ? '' : 's'}`;
}

/** Returns a key for use in a sentence, quoted if it would be invisible there. */
export function named(key: string): string {
  return key.trim() === key && key !== '' ? key : quoted(key);
}

export function quoted(text: string): string {
  return `“${text}”`;
}

/** Returns a remaining TTL with its unit. */
export function ttlText(leftMs: number | undefined): string {
  if (leftMs === undefined) return '';
  if (leftMs < 10_000) return `${(Math.ceil(leftMs / 100) / 10).toFixed(1)} s`;
  return leftMs < 600_000 ? `${Math.ceil(leftMs / 1000)} s` : `${Math.ceil(leftMs / 60_000)} min`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function argument(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'bigint') return `${value} ms`;
  if (!Array.isArray(value)) return String(value);
  return value.map((part) => (Array.isArray(part) ? String(part[0]) : String(part))).join(', ');
}

function short(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === undefined ? '' : String(value);
  if ('tag' in value) return String(value.tag).replace('-', ' ');
  if ('changed' in value) return changedKeys(value.changed as { tag: string; val?: string[] });
  if ('keys' in value) return (value.keys as string[]).join(', ') || 'no keys';
  return '';
}

function changedKeys({ tag, val }: { tag: string; val?: string[] }): string {
  if (tag === 'unknown') return 'any key may have changed';
  return val?.length ? `changed: ${val.join(', ')}` : 'no changes';
}
