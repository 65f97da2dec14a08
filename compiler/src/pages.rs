//! Memory for large arrays, in large pages where the system has them: of small ones, a product that reads down the columns meets another
//! with every entry.

/// Bytes from which on large pages are asked for.
const LARGE: usize = 1 << 22;
/// Bytes of a small page.
#[cfg(target_os = "linux")]
const PAGE: usize = 1 << 12;

/// An empty vector with room for so many entries.
pub fn room<T>(n: usize) -> Vec<T> {
    let entries = Vec::with_capacity(n);
    ask(&entries);
    entries
}

/// A copy.
pub fn copy<T: Copy>(entries: &[T]) -> Vec<T> {
    let mut own = room(entries.len());
    own.extend_from_slice(entries);
    own
}

/// So many equal entries, best of all zeros, which the system gives without writing them.
pub fn filled<T: Clone>(entry: T, n: usize) -> Vec<T> {
    let entries = vec![entry; n];
    ask(&entries);
    entries
}

/// Asks for large pages, where that matters. Nothing but time depends on whether they are given.
fn ask<T>(entries: &Vec<T>) {
    let bytes = entries.capacity().saturating_mul(size_of::<T>());
    if bytes < LARGE {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        let start = entries.as_ptr().addr().next_multiple_of(PAGE) - entries.as_ptr().addr();
        let whole = (bytes - start) / PAGE * PAGE;
        // SAFETY: these pages lie within the vector's own memory as a whole; how they are kept changes, what stands there does not.
        unsafe { libc::madvise(entries.as_ptr().cast_mut().byte_add(start).cast(), whole, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGE, copy, filled, room};

    #[test]
    fn large_vectors_are_vectors() {
        let n = LARGE / 8 + 1001;
        let mut grown = room::<f64>(n);
        assert!(grown.is_empty() && grown.capacity() >= n);
        grown.extend((0..n).map(|k| k as f64));
        assert!(grown.iter().enumerate().all(|(k, &x)| x == k as f64));
        assert!(filled(2.5, n).iter().all(|&x| x == 2.5));
        assert!(copy(&grown) == grown);
        assert_eq!(filled(0.0, 3), [0.0; 3]);
        assert!(room::<f64>(0).is_empty());
    }
}
