import type { OtherTab } from './other-tab.js';
import type { Session } from './session.js';
import { DEFAULTS, type Settings } from './settings.js';

/** One step of the tour: a caption, and the actions that it describes. */
export interface Step {
  readonly caption: string;
  readonly run: (session: Session, otherTab: OtherTab | undefined) => void;
  /** The step is skipped where there is no other tab. */
  readonly needsOtherTab?: true;
  /** How long the step is shown while the tour plays, if not for the usual time. */
  readonly ms?: number;
}

/** The tour uses a cache of its own, so that it does not touch the user's entries. */
const FIFO: Settings = { ...DEFAULTS, name: 'tour', localMax: 3 };
const LRU: Settings = { ...FIFO, eviction: 'lru' };

const TTL_MS = 4000;

export const TOUR: readonly Step[] = [
  {
    caption:
      'An empty cache. L1 has room for three entries in the component’s memory; L2 is localStorage.',
    run: (session) => {
      session.apply(FIFO);
      session.clear();
    },
  },
  {
    caption: 'Set a. The value is written to L2 first, then to L1.',
    run: (session) => session.set('a', 'apple'),
  },
  {
    caption: 'Set b and c. L1 is full now. The entry on top is evicted next.',
    run: (session) => {
      session.set('b', 'banana');
      session.set('c', 'cherry');
    },
  },
  {
    caption: 'Get a: an L1 hit. L2 is not called.',
    run: (session) => session.get('a'),
  },
  {
    caption:
      'Set d. One entry has to go. FIFO evicts a, which was inserted first, though it was just read. L2 still has it.',
    run: (session) => session.set('d', 'date'),
  },
  {
    caption: 'Get a again. L1 misses, reads a from L2 and keeps it: a is back, and b is evicted.',
    run: (session) => session.get('a'),
  },
  {
    caption:
      'Get z. Neither tier has it: a miss. Nothing is cached, so the next read calls L2 again.',
    run: (session) => session.get('z'),
  },
  {
    caption: 'Now LRU: the least recently used entry is evicted. L1 keeps its entries.',
    run: (session) => session.apply(LRU),
  },
  {
    caption: 'Get c: a hit, and this time c moves to the end. Now d is evicted next.',
    run: (session) => session.get('c'),
  },
  {
    caption: 'Set e: d is evicted. c stays, because it was used.',
    run: (session) => session.set('e', 'elderberry'),
  },
  {
    caption:
      'Another tab writes c to localStorage. The page gets an event and invalidates c in L1.',
    run: (session, otherTab) => otherTab?.set(session.settings.name, 'c', 'coconut'),
    needsOtherTab: true,
  },
  {
    caption: 'Get c: L1 misses and reads the new value from L2. The old one is not served.',
    run: (session) => session.get('c'),
    needsOtherTab: true,
  },
  {
    caption:
      'Entries can have a TTL. Set f for four seconds: it expires in both tiers at the same moment.',
    run: (session) => {
      session.apply({ ...LRU, ttlMs: BigInt(TTL_MS) });
      session.set('f', 'fig');
    },
    ms: TTL_MS + 1500,
  },
  {
    caption: 'Get f. After its four seconds, neither tier has it.',
    run: (session) => session.get('f'),
  },
  {
    caption:
      'That is all. Now try it yourself: the cache, the counters and the journal below are yours.',
    run: (session) => session.apply(LRU),
  },
];
