import type { OtherTab } from './other-tab.js';
import type { Session } from './session.js';
import { DEFAULTS, type Settings } from './settings.js';

/** One step of the tour: what the reader is told, and what is done meanwhile. */
export interface Step {
  readonly caption: string;
  readonly run: (session: Session, otherTab: OtherTab | undefined) => void;
  /** It is left out where there is no other tab. */
  readonly needsOtherTab?: true;
  /** For how long it is shown while the tour plays, if not for the usual time. */
  readonly ms?: number;
}

/** A cache of the tour's own, so that nothing of the reader's is touched. */
const FIFO: Settings = { ...DEFAULTS, name: 'tour', localMax: 3 };
const LRU: Settings = { ...FIFO, eviction: 'lru' };

const LIFE_MS = 4000;

export const TOUR: readonly Step[] = [
  {
    caption: 'An empty cache. L1 has three places, in the component’s memory; L2 is localStorage.',
    run: (session) => {
      session.apply(FIFO);
      session.clear();
    },
  },
  {
    caption: 'Set a. The value goes to L2 first; when that has it, L1 keeps it too.',
    run: (session) => session.set('a', 'apple'),
  },
  {
    caption: 'Set b and c. L1 is full now. The entry on top is the next to leave.',
    run: (session) => {
      session.set('b', 'banana');
      session.set('c', 'cherry');
    },
  },
  {
    caption: 'Get a: a hit. L1 answers by itself, and the store is not asked.',
    run: (session) => session.get('a'),
  },
  {
    caption:
      'Set d. One has to leave. Under FIFO it is a, who entered first, though it was just read. L2 still has it.',
    run: (session) => session.set('d', 'date'),
  },
  {
    caption: 'Get a again. L1 misses, asks L2 once, and keeps the answer: a is back, and b leaves.',
    run: (session) => session.get('a'),
  },
  {
    caption: 'Get z. Neither tier has it: a miss. Nothing is kept, so the next read asks again.',
    run: (session) => session.get('z'),
  },
  {
    caption: 'Now LRU: who was used longest ago leaves. L1 keeps what it has.',
    run: (session) => session.apply(LRU),
  },
  {
    caption: 'Get c: a hit, and this time c moves to the end. Now d is the next to leave.',
    run: (session) => session.get('c'),
  },
  {
    caption: 'Set e: d leaves. c stays, because it was used.',
    run: (session) => session.set('e', 'elderberry'),
  },
  {
    caption: 'Another tab writes c to localStorage. The page hears of it and tells the cache, which drops c.',
    run: (session, otherTab) => otherTab?.set(session.settings.name, 'c', 'coconut'),
    needsOtherTab: true,
  },
  {
    caption: 'Get c: L1 asks L2, and has the new value. An old one was never answered.',
    run: (session) => session.get('c'),
    needsOtherTab: true,
  },
  {
    caption:
      'Entries can have a time to live. Set f for four seconds: it runs out in both tiers at the same moment.',
    run: (session) => {
      session.apply({ ...LRU, ttlMs: BigInt(LIFE_MS) });
      session.set('f', 'fig');
    },
    ms: LIFE_MS + 1500,
  },
  {
    caption: 'Get f. Once its four seconds are over, neither tier has it.',
    run: (session) => session.get('f'),
  },
  {
    caption: 'That is all it does. Now you: the cache is yours, and so are the counters and the journal below.',
    run: (session) => session.apply(LRU),
  },
];
