import type { Cause, Change } from '../changes.js';
import type { Call } from '../recorder.js';
import type { Report } from '../report.js';
import type { Settings } from '../settings.js';

/** What was done and what came of it, in one sentence. */
export function sentence(report: Report): string {
  const { deed, answer, error } = report;
  if (error) return `${title(report)}: refused`;
  switch (deed.kind) {
    case 'get':
      return `get ${named(deed.key)}: ${answer.value === undefined ? 'nothing' : quoted(answer.value)}`;
    case 'set':
      return `set ${named(deed.key)} to ${quoted(deed.value)}: written`;
    case 'delete':
      return `delete ${named(deed.key)}: ${answer.deleted === 0n ? 'it was not there' : 'deleted'}`;
    case 'clear':
      return `clear: ${counted(answer.deleted ?? 0n, 'key')} deleted`;
    default:
      return title(report);
  }
}

function title({ deed, expiredInStore, changes }: Report): string {
  switch (deed.kind) {
    case 'get':
    case 'set':
    case 'delete':
      return `${deed.kind} ${quoted(deed.key)}`;
    case 'clear':
      return 'clear';
    case 'apply':
      return openedWith(deed.settings);
    case 'restart':
      return 'A new instance of the component: its memory is empty, the store is what it was';
    case 'foreign':
      return deed.key === undefined
        ? 'Another tab may have changed anything'
        : `Another tab has changed ${named(deed.key)}${deed.isTold ? '; the cache is told' : ''}`;
    case 'expire': {
      const local = changes.map(({ key }) => key);
      const both = expiredInStore.filter((key) => local.includes(key));
      const keys = [...new Set([...local, ...expiredInStore])];
      const where = both.length === keys.length ? ' in both tiers' : '';
      return `Life over${where}: ${keys.map(named).join(', ')}`;
    }
  }
}

function openedWith({ name, eviction, localMax }: Settings): string {
  return `open ${quoted(name)} with ${eviction.toUpperCase()}, at most ${localMax}`;
}

/** Who answered a read, in the words of the field. */
export function verdict({ deed, answer, error }: Report): { text: string; tone: Tone } | undefined {
  if (error) return { text: 'Refused', tone: 'bad' };
  if (deed.kind !== 'get') return undefined;
  switch (answer.source) {
    case 'local':
      return { text: 'Hit: L1 answered', tone: 'local' };
    case 'backend':
      return { text: 'L1 missed, L2 answered', tone: 'store' };
    default:
      return { text: 'Miss: neither has it', tone: 'bad' };
  }
}

export type Tone = 'local' | 'store' | 'bad' | 'plain';

const CAUSES: Readonly<Record<Cause, string>> = {
  size: 'evicted',
  expired: 'expired',
  explicit: 'deleted',
  told: 'changed by others',
  voided: 'void',
};

/** Why an entry left the local tier. */
export function causesOf({ causes }: Change): string {
  return causes.map((cause) => CAUSES[cause]).join(' or ') || 'gone';
}

/** What happened to a key in the local tier. */
export function effect(change: Change): string {
  const key = named(change.key);
  switch (change.kind) {
    case 'entered':
      return `${key} entered L1`;
    case 'moved':
      return `${key} moved to the end`;
    case 'overwritten':
      return `${key} was overwritten in L1`;
    case 'reloaded':
      return `${key} was dropped (${causesOf(change)}) and entered anew`;
    case 'left':
      return `${key} left L1: ${causesOf(change)}`;
  }
}

/** A call of the store as WIT names it, without its bytes. */
export function question({ name, args }: Call): string {
  if (name === 'changes') return args[0] === undefined ? name : `${name} since ${String(args[0])}`;
  return [kebab(name), ...args.map(argument).filter((text) => text !== '')].join(' ');
}

/** What the store answered. */
export function reply({ answer }: Call): string {
  if ('error' in answer) return answer.error.code;
  return [answer.ok].flat().map(short).join(', ') || 'done';
}

/** A number of things, in words. */
export function counted(count: bigint | number, thing: string): string {
  return `${count} ${thing}${count === 1n || count === 1 ? '' : 's'}`;
}

/** A key in a sentence. One that could not be seen there is quoted. */
export function named(key: string): string {
  return key.trim() === key && key !== '' ? key : quoted(key);
}

export function quoted(text: string): string {
  return `“${text}”`;
}

/** What is left of a life. */
export function life(leftMs: number | undefined): string {
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
  if ('news' in value) return news(value.news as { tag: string; val?: string[] });
  if ('keys' in value) return (value.keys as string[]).join(', ') || 'no keys';
  return '';
}

function news({ tag, val }: { tag: string; val?: string[] }): string {
  if (tag === 'unknown') return 'anything may have changed';
  return val?.length ? `changed: ${val.join(', ')}` : 'nothing new';
}
