//! A vector in pieces, which stay where they are: it takes little more memory than what it holds, and never twice
//! that while it grows.

/// Items of a piece: so many that the table of the pieces stays in the processor's nearest cache.
const CHUNK: usize = 1024;

/// Items by their indices. Pushing one costs O(1), and is never more than the copying of half a piece.
#[derive(Debug)]
pub(crate) struct ChunkedVec<T> {
    /// All but the last are full. The first grows as vectors do; the others have their room from the start.
    pieces: Vec<Vec<T>>,
}

impl<T> ChunkedVec<T> {
    pub(crate) const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces
            .last()
            .map_or(0, |last| (self.pieces.len() - 1) * CHUNK + last.len())
    }

    /// Puts an item behind all others.
    pub(crate) fn push(&mut self, item: T) {
        match self.pieces.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(item),
            Some(_) => {
                let mut piece = Vec::with_capacity(CHUNK);
                piece.push(item);
                self.pieces.push(piece);
            }
            None => self.pieces.push(vec![item]),
        }
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.pieces.get(index / CHUNK)?.get(index % CHUNK)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.pieces.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_many_each_is_found_and_no_other() {
        let mut pieces = ChunkedVec::new();
        for item in 0..3 * CHUNK {
            assert_eq!((pieces.len(), pieces.get(item)), (item, None));
            pieces.push(item);
        }
        for item in 0..3 * CHUNK {
            assert_eq!(pieces.get(item), Some(&item));
            assert_eq!(pieces.get_mut(item).copied(), Some(item));
        }
        assert_eq!(pieces.get_mut(3 * CHUNK), None);
    }

    #[test]
    fn push_few_takes_no_piece_of_full_size() {
        let mut pieces = ChunkedVec::new();
        pieces.push(1_u8);
        assert!(pieces.pieces[0].capacity() < 16);
    }
}
