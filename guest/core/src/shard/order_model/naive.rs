//! A tier in its simplest form: queues are vectors, and every look-up is a search.

use crate::options::Eviction;

#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) key: usize,
    /// The length of the value.
    pub(super) len: usize,
    /// When it expires.
    pub(super) until: Option<u64>,
    uses: u8,
}

impl Held {
    pub(super) fn new(key: usize, len: usize, until: Option<u64>) -> Self {
        Self {
            key,
            len,
            until,
            uses: 0,
        }
    }

    fn cost(&self) -> usize {
        self.key.to_string().len() + self.len
    }

    pub(super) fn is_live(&self, now: u64) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

#[derive(Clone)]
pub(super) struct Naive {
    pub(super) eviction: Eviction,
    pub(super) max_entries: usize,
    pub(super) max_bytes: usize,
    /// The first element is the front of its queue. Only S3-FIFO uses more than `main`.
    small: Vec<Held>,
    main: Vec<Held>,
    ghosts: Vec<usize>,
    has_evicted: bool,
}

impl Naive {
    pub(super) fn new(eviction: Eviction, max_entries: usize, max_bytes: usize) -> Self {
        Self {
            eviction,
            max_entries,
            max_bytes,
            small: Vec::new(),
            main: Vec::new(),
            ghosts: Vec::new(),
            has_evicted: false,
        }
    }

    /// Reads or touches a key; `false` if it has no live entry.
    pub(super) fn read(&mut self, key: usize, now: u64, is_refresh: bool) -> bool {
        let mut held = self.small.iter().chain(&self.main);
        let Some(is_live) = held
            .find(|held| held.key == key)
            .map(|held| held.is_live(now))
        else {
            return false;
        };
        if is_live {
            self.use_of(key, is_refresh);
        } else {
            self.remove(key);
        }
        is_live
    }

    pub(super) fn put(&mut self, new: Held) {
        let Held { key, .. } = new;
        if self.max_entries == 0 || new.cost() > self.max_bytes {
            return self.remove(key);
        }
        if self.held_mut(key).map(|held| held.len = 0).is_some() {
            self.make_room(0, new.len, Some(key));
            self.use_of(key, false);
            let held = self.held_mut(key).expect("it was spared");
            (held.len, held.until) = (new.len, new.until);
            return;
        }
        let was_ghost = self.ghosts.contains(&key);
        self.ghosts.retain(|ghost| *ghost != key);
        self.make_room(1, new.cost(), None);
        let is_small_full = self.small.len() >= (self.max_entries / 10).max(1)
            || bytes(&self.small) >= (self.max_bytes / 10).max(1);
        let is_filling = !self.has_evicted && is_small_full;
        if self.eviction != Eviction::S3Fifo || was_ghost || is_filling {
            self.main.push(new);
        } else {
            self.small.push(new);
        }
    }

    pub(super) fn remove(&mut self, key: usize) {
        self.small.retain(|held| held.key != key);
        self.main.retain(|held| held.key != key);
        let entries = self.small.len() + self.main.len();
        while self.ghosts.len() > entries - entries / 10 {
            self.ghosts.remove(0);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.eviction, self.max_entries, self.max_bytes);
    }

    pub(super) fn reopen(&mut self, eviction: Eviction, max_entries: usize, max_bytes: usize) {
        if eviction != Eviction::S3Fifo {
            self.main = self.in_eviction_order();
            self.main.iter_mut().for_each(|held| held.uses = 0);
            self.small.clear();
            self.ghosts.clear();
        }
        self.eviction = eviction;
        (self.max_entries, self.max_bytes) = (max_entries, max_bytes);
        self.make_room(0, 0, None);
    }

    /// What it holds, in the order in which it leaves when one after the other makes room.
    pub(super) fn in_eviction_order(&self) -> Vec<Held> {
        let mut draining = self.clone();
        std::iter::from_fn(|| draining.evict(false, None)).collect()
    }

    fn held_mut(&mut self, key: usize) -> Option<&mut Held> {
        let mut held = self.small.iter_mut().chain(&mut self.main);
        held.find(|held| held.key == key)
    }

    fn use_of(&mut self, key: usize, is_refresh: bool) {
        if self.eviction == Eviction::S3Fifo {
            let held = self.held_mut(key).expect("an entry that is used");
            held.uses = (held.uses + 1).min(3);
        } else if self.eviction == Eviction::Lru || is_refresh {
            let place = self.main.iter().position(|held| held.key == key);
            let held = self.main.remove(place.expect("an entry that is used"));
            self.main.push(held);
        }
    }

    fn make_room(&mut self, entries: usize, len: usize, spared: Option<usize>) {
        loop {
            let is_full = self.small.len() + self.main.len() + entries > self.max_entries;
            let is_heavy = bytes(&self.small) + bytes(&self.main) + len > self.max_bytes;
            if !(is_full || is_heavy) || self.evict(!is_full, spared).is_none() {
                return;
            }
        }
    }

    /// Evicts an entry that is not spared, because there are too many bytes, or too many entries.
    fn evict(&mut self, for_bytes: bool, spared: Option<usize>) -> Option<Held> {
        self.has_evicted = true;
        let other = |held: &Held| Some(held.key) != spared;
        loop {
            let count = |queue: &[Held]| if for_bytes { bytes(queue) } else { queue.len() };
            let (small, all) = (count(&self.small), count(&self.small) + count(&self.main));
            let from_small = self.small.iter().position(other);
            let from_main = self.main.iter().position(other);
            let is_small_next = small >= (all / 10).max(1);
            match (from_small, from_main) {
                (Some(place), from_main) if is_small_next || from_main.is_none() => {
                    let held = self.small[place];
                    if held.uses < 2 {
                        self.ghosts.push(held.key);
                        self.remove(held.key);
                        return Some(held);
                    }
                    self.small.remove(place);
                    self.main.push(Held { uses: 0, ..held });
                }
                (_, Some(place)) => {
                    let held = self.main[place];
                    if held.uses == 0 {
                        self.remove(held.key);
                        return Some(held);
                    }
                    self.main.remove(place);
                    let uses = held.uses - 1;
                    self.main.push(Held { uses, ..held });
                }
                (_, None) => return None,
            }
        }
    }
}

fn bytes(queue: &[Held]) -> usize {
    queue.iter().map(Held::cost).sum()
}
