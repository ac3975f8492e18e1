//! A vector in chunks that never move: growing it needs little memory beyond the items themselves,
//! and never twice as much.

/// Items of a chunk: enough that the table of chunks stays in the processor's nearest cache.
const CHUNK: usize = 1024;

/// Items by index. A push is O(1) and copies half a chunk at most.
#[derive(Debug)]
pub(crate) struct ChunkedVec<T> {
    /// All chunks but the last are full. The first grows as vectors do; the others are allocated
    /// whole.
    chunks: Vec<Vec<T>>,
}

impl<T> ChunkedVec<T> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// Appends an item.
    pub(crate) fn push(&mut self, item: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(item),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(item);
                self.chunks.push(chunk);
            }
            None => self.chunks.push(vec![item]),
        }
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_many_finds_each_and_no_other() {
        let mut chunks = ChunkedVec::new();
        for item in 0..3 * CHUNK {
            assert_eq!((chunks.len(), chunks.get(item)), (item, None));
            chunks.push(item);
        }
        for item in 0..3 * CHUNK {
            assert_eq!(chunks.get(item), Some(&item));
            assert_eq!(chunks.get_mut(item).copied(), Some(item));
        }
        assert_eq!(chunks.get_mut(3 * CHUNK), None);
    }

    #[test]
    fn push_few_allocates_no_full_chunk() {
        let mut chunks = ChunkedVec::new();
        chunks.push(1_u8);
        assert!(chunks.chunks[0].capacity() < 16);
    }
}
