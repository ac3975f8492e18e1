//! A slab whose occupied nodes form one doubly linked list: the order in which entries leave.
//!
//! Links are indices, so a node is four words and moving one allocates nothing.

use std::num::NonZeroU32;

/// The end of a chain of links.
const NIL: u32 = u32::MAX;

/// Where an item stands in its [`List`], until it is removed: its index and one, so that an
/// `Option<Slot>` is one word too.
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

/// Items in order: the first is the next to leave. Every operation but `clear` is O(1).
#[derive(Debug)]
pub(crate) struct List<T> {
    nodes: Vec<Node<T>>,
    /// The first occupied node, `NIL` if there is none.
    head: u32,
    /// The last occupied node, `NIL` if there is none.
    tail: u32,
    /// The first vacant node; vacant nodes are chained by `next` alone.
    vacant: u32,
    len: usize,
}

#[derive(Debug)]
struct Node<T> {
    prev: u32,
    next: u32,
    /// `None`: the node is vacant.
    item: Option<T>,
}

impl<T> List<T> {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: Vec::new(),
            head: NIL,
            tail: NIL,
            vacant: NIL,
            len: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Puts an item at the end. The list must hold fewer than [`u32::MAX`].
    pub(crate) fn push_back(&mut self, item: T) -> Slot {
        let node = Node {
            prev: NIL,
            next: NIL,
            item: Some(item),
        };
        let index = if self.vacant == NIL {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).unwrap_or(NIL)
        } else {
            let index = self.vacant;
            self.vacant = self.nodes[index as usize].next;
            self.nodes[index as usize] = node;
            index
        };
        self.link_back(index);
        self.len += 1;
        Slot::of(index)
    }

    /// Takes an item out; `None` if the slot is vacant.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<T> {
        let item = self.nodes.get_mut(slot.index() as usize)?.item.take()?;
        self.unlink(slot.index());
        self.nodes[slot.index() as usize].next = self.vacant;
        self.vacant = slot.index();
        self.len -= 1;
        Some(item)
    }

    /// Makes an occupied slot the last.
    pub(crate) fn move_to_back(&mut self, slot: Slot) {
        if slot.index() != self.tail {
            self.unlink(slot.index());
            self.link_back(slot.index());
        }
    }

    /// Drops every item and gives the memory back.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn front(&self) -> Option<Slot> {
        (self.head != NIL).then_some(Slot::of(self.head))
    }

    pub(crate) fn back(&self) -> Option<Slot> {
        (self.tail != NIL).then_some(Slot::of(self.tail))
    }

    /// The slot that follows an occupied one.
    pub(crate) fn after(&self, slot: Slot) -> Option<Slot> {
        let next = self.nodes.get(slot.index() as usize)?.next;
        (next != NIL).then_some(Slot::of(next))
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.nodes.get(slot.index() as usize)?.item.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.nodes.get_mut(slot.index() as usize)?.item.as_mut()
    }

    /// The items in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let slots = std::iter::successors(self.front(), |slot| self.after(*slot));
        slots.filter_map(|slot| self.get(slot))
    }

    fn link_back(&mut self, index: u32) {
        let old_tail = std::mem::replace(&mut self.tail, index);
        let node = &mut self.nodes[index as usize];
        (node.prev, node.next) = (old_tail, NIL);
        match old_tail {
            NIL => self.head = index,
            old_tail => self.nodes[old_tail as usize].next = index,
        }
    }

    fn unlink(&mut self, index: u32) {
        let Node { prev, next, .. } = self.nodes[index as usize];
        match prev {
            NIL => self.head = next,
            prev => self.nodes[prev as usize].next = next,
        }
        match next {
            NIL => self.tail = prev,
            next => self.nodes[next as usize].prev = prev,
        }
    }

    /// Panics unless both chains of links agree with each other and with `len`.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn validate(&self) {
        let mut prev = NIL;
        let mut index = self.head;
        let mut occupied = 0;
        while index != NIL {
            let node = &self.nodes[index as usize];
            assert!(node.item.is_some(), "a vacant node is on the list");
            assert_eq!(
                node.prev, prev,
                "a link back does not mirror the link there"
            );
            (prev, index) = (index, node.next);
            occupied += 1;
        }
        assert_eq!(
            (self.tail, self.len),
            (prev, occupied),
            "the ends or the length are off"
        );
        let mut vacant = 0;
        let mut index = self.vacant;
        while index != NIL {
            assert!(
                self.nodes[index as usize].item.is_none(),
                "an occupied node is vacant"
            );
            index = self.nodes[index as usize].next;
            vacant += 1;
        }
        assert_eq!(
            occupied + vacant,
            self.nodes.len(),
            "a node is on neither chain"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(list: &List<char>) -> String {
        list.validate();
        list.iter().collect()
    }

    #[test]
    fn move_to_back_any_place_keeps_the_others_in_order() {
        let mut list = List::new();
        let [a, b, c] = ['a', 'b', 'c'].map(|item| list.push_back(item));
        list.move_to_back(c);
        assert_eq!(items(&list), "abc");
        list.move_to_back(a);
        assert_eq!(items(&list), "bca");
        list.move_to_back(c);
        assert_eq!(items(&list), "bac");
        assert_eq!((list.front(), list.back()), (Some(b), Some(c)));
    }

    #[test]
    fn remove_then_push_reuses_the_node() {
        let mut list = List::new();
        let [_, b, _] = ['a', 'b', 'c'].map(|item| list.push_back(item));
        assert_eq!(list.remove(b), Some('b'));
        assert_eq!(list.remove(b), None);
        assert_eq!(items(&list), "ac");
        list.push_back('d');
        assert_eq!((items(&list).as_str(), list.nodes.len()), ("acd", 3));
    }

    #[test]
    fn remove_the_only_item_leaves_an_empty_list() {
        let mut list = List::new();
        let a = list.push_back('a');
        list.remove(a);
        assert_eq!(
            (items(&list).as_str(), list.front(), list.back()),
            ("", None, None)
        );
    }
}
