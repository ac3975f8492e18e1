//! A slab whose occupied nodes form two doubly linked lists: the eviction queues.
//!
//! Links are indices, so a node is two words and its item, and moving it allocates nothing.

use std::num::NonZeroU32;

use crate::chunked_vec::ChunkedVec;

/// The end of a chain of links.
const NIL: u32 = u32::MAX;

/// The position of an item in its [`LinkedSlab`] until it is removed: its index plus one, so that
/// an `Option<Slot>` is one word too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(NonZeroU32);

impl Slot {
    const fn of(index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index))
    }

    const fn index(self) -> u32 {
        self.0.get() - 1
    }
}

/// One of the two queues of a [`LinkedSlab`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// The queue of entries that have not proved to be reused yet. Only S3-FIFO uses it.
    Small,
    /// The queue of all other entries.
    Main,
}

/// Items in two queues that share their nodes. The caller passes the queue of an item; a wrong one
/// corrupts the ends of both. Every operation except `clear` and `iter` is O(1).
#[derive(Debug)]
pub(crate) struct LinkedSlab<T> {
    nodes: ChunkedVec<Node<T>>,
    small: QueueEnds,
    main: QueueEnds,
    /// The first vacant node; vacant nodes are linked by `next` only.
    vacant: u32,
}

#[derive(Clone, Copy, Debug)]
struct QueueEnds {
    /// The first node; `NIL` if the queue is empty.
    head: u32,
    /// The last node; `NIL` if the queue is empty.
    tail: u32,
    len: usize,
}

impl QueueEnds {
    const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        len: 0,
    };
}

#[derive(Debug)]
struct Node<T> {
    prev: u32,
    next: u32,
    /// `None` if the node is vacant.
    item: Option<T>,
}

impl<T> LinkedSlab<T> {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: ChunkedVec::new(),
            small: QueueEnds::EMPTY,
            main: QueueEnds::EMPTY,
            vacant: NIL,
        }
    }

    /// Returns the number of items in a queue.
    pub(crate) const fn len(&self, queue: Queue) -> usize {
        self.ends(queue).len
    }

    /// Appends an item to a queue. The slab must hold fewer than [`u32::MAX`] items.
    pub(crate) fn push_back(&mut self, queue: Queue, item: T) -> Slot {
        let node = Node {
            prev: NIL,
            next: NIL,
            item: Some(item),
        };
        let index = self.vacant;
        let index = if let Some(vacant) = self.node_mut(index) {
            let next = vacant.next;
            *vacant = node;
            self.vacant = next;
            index
        } else {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).unwrap_or(NIL)
        };
        self.link_back(queue, index);
        Slot::of(index)
    }

    /// Removes an item from its queue; `None` if the slot is vacant.
    pub(crate) fn remove(&mut self, queue: Queue, slot: Slot) -> Option<T> {
        let item = self.node_mut(slot.index())?.item.take()?;
        self.unlink(queue, slot.index());
        self.node_mut(slot.index())?.next = self.vacant;
        self.vacant = slot.index();
        Some(item)
    }

    /// Moves an occupied slot from one queue to the back of the same or the other.
    pub(crate) fn move_to_back(&mut self, from: Queue, slot: Slot, to: Queue) {
        if from != to || slot.index() != self.ends(to).tail {
            self.unlink(from, slot.index());
            self.link_back(to, slot.index());
        }
    }

    /// Removes every item and frees the memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(crate) const fn front(&self, queue: Queue) -> Option<Slot> {
        slot_at(self.ends(queue).head)
    }

    pub(crate) const fn back(&self, queue: Queue) -> Option<Slot> {
        slot_at(self.ends(queue).tail)
    }

    /// Returns the slot after an occupied one in its queue.
    pub(crate) fn after(&self, slot: Slot) -> Option<Slot> {
        slot_at(self.node(slot.index())?.next)
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.node(slot.index())?.item.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.node_mut(slot.index())?.item.as_mut()
    }

    /// Returns the slots of a queue in order.
    pub(crate) fn slots(&self, queue: Queue) -> impl Iterator<Item = Slot> {
        std::iter::successors(self.front(queue), |slot| self.after(*slot))
    }

    /// Returns the items of a queue in order.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn iter(&self, queue: Queue) -> impl Iterator<Item = &T> {
        self.slots(queue).filter_map(|slot| self.get(slot))
    }

    const fn ends(&self, queue: Queue) -> &QueueEnds {
        match queue {
            Queue::Small => &self.small,
            Queue::Main => &self.main,
        }
    }

    const fn ends_mut(&mut self, queue: Queue) -> &mut QueueEnds {
        match queue {
            Queue::Small => &mut self.small,
            Queue::Main => &mut self.main,
        }
    }

    /// Returns the node at an index; `None` for `NIL`.
    #[inline]
    fn node(&self, index: u32) -> Option<&Node<T>> {
        self.nodes.get(index as usize)
    }

    #[inline]
    fn node_mut(&mut self, index: u32) -> Option<&mut Node<T>> {
        self.nodes.get_mut(index as usize)
    }

    fn link_back(&mut self, queue: Queue, index: u32) {
        let ends = self.ends_mut(queue);
        let old_tail = std::mem::replace(&mut ends.tail, index);
        ends.len += 1;
        match self.node_mut(old_tail) {
            Some(tail) => tail.next = index,
            None => self.ends_mut(queue).head = index,
        }
        if let Some(node) = self.node_mut(index) {
            (node.prev, node.next) = (old_tail, NIL);
        }
    }

    fn unlink(&mut self, queue: Queue, index: u32) {
        let Some(Node { prev, next, .. }) = self.node(index) else {
            return;
        };
        let (prev, next) = (*prev, *next);
        self.ends_mut(queue).len -= 1;
        match self.node_mut(prev) {
            Some(node) => node.next = next,
            None => self.ends_mut(queue).head = next,
        }
        match self.node_mut(next) {
            Some(node) => node.prev = prev,
            None => self.ends_mut(queue).tail = prev,
        }
    }

    /// Panics unless the links are consistent in both directions and with `len`, in both queues.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn validate(&self) {
        let occupied = self.validated_len(Queue::Small) + self.validated_len(Queue::Main);
        let mut vacant = 0;
        let mut index = self.vacant;
        while let Some(node) = self.node(index) {
            assert!(
                node.item.is_none(),
                "an occupied node is on the vacant chain"
            );
            index = node.next;
            vacant += 1;
        }
        assert_eq!(
            occupied + vacant,
            self.nodes.len(),
            "a node is on no chain, or on two"
        );
    }

    #[cfg(any(test, feature = "model"))]
    fn validated_len(&self, queue: Queue) -> usize {
        let QueueEnds { head, tail, len } = *self.ends(queue);
        let (mut prev, mut index, mut occupied) = (NIL, head, 0);
        while let Some(node) = self.node(index) {
            assert!(node.item.is_some(), "a vacant node is in a queue");
            assert_eq!(
                node.prev, prev,
                "a link back does not mirror the link there"
            );
            (prev, index) = (index, node.next);
            occupied += 1;
        }
        assert_eq!(
            (tail, len),
            (prev, occupied),
            "the ends or the length are wrong"
        );
        occupied
    }
}

const fn slot_at(index: u32) -> Option<Slot> {
    if index == NIL {
        None
    } else {
        Some(Slot::of(index))
    }
}

#[cfg(test)]
mod tests {
    use super::Queue::{Main, Small};
    use super::*;

    /// Draws the small queue and the main one, each from its front.
    fn items(list: &LinkedSlab<char>) -> String {
        list.validate();
        let [small, main] = [Small, Main].map(|queue| list.iter(queue).collect::<String>());
        format!("{small}|{main}")
    }

    fn list(small: &str, main: &str) -> LinkedSlab<char> {
        let mut list = LinkedSlab::new();
        for item in small.chars() {
            list.push_back(Small, item);
        }
        for item in main.chars() {
            list.push_back(Main, item);
        }
        list
    }

    fn slot_of(list: &LinkedSlab<char>, item: char) -> Slot {
        let mut slots = list.slots(Small).chain(list.slots(Main));
        slots
            .find(|slot| list.get(*slot) == Some(&item))
            .expect("an item")
    }

    #[test]
    fn move_to_back_from_any_position_keeps_the_others_in_order() {
        let mut list = list("", "abc");
        let [a, b, c] = ['a', 'b', 'c'].map(|item| slot_of(&list, item));
        list.move_to_back(Main, c, Main);
        assert_eq!(items(&list), "|abc");
        list.move_to_back(Main, a, Main);
        assert_eq!(items(&list), "|bca");
        list.move_to_back(Main, c, Main);
        assert_eq!(items(&list), "|bac");
        assert_eq!((list.front(Main), list.back(Main)), (Some(b), Some(c)));
    }

    #[test]
    fn move_to_back_of_the_other_queue_keeps_both_consistent() {
        let mut list = list("ab", "x");
        for (item, moved) in [('b', "a|xb"), ('a', "|xba")] {
            list.move_to_back(Small, slot_of(&list, item), Main);
            assert_eq!(items(&list), moved);
        }
        assert_eq!((list.len(Small), list.front(Small)), (0, None));
        list.move_to_back(Main, slot_of(&list, 'x'), Small);
        assert_eq!(items(&list), "x|ba");
    }

    #[test]
    fn remove_then_push_reuses_the_node_in_either_queue() {
        let mut list = list("", "abc");
        let b = slot_of(&list, 'b');
        assert_eq!(list.remove(Main, b), Some('b'));
        assert_eq!(list.remove(Main, b), None);
        assert_eq!(items(&list), "|ac");
        list.push_back(Small, 'd');
        assert_eq!((items(&list).as_str(), list.nodes.len()), ("d|ac", 3));
    }

    #[test]
    fn remove_the_only_item_leaves_an_empty_list() {
        let mut list = list("", "a");
        list.remove(Main, slot_of(&list, 'a'));
        assert_eq!(
            (items(&list).as_str(), list.front(Main), list.back(Main)),
            ("|", None, None)
        );
    }
}
