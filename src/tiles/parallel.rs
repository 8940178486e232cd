//! Work on all cores, for what is prepared in advance.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `make(0), make(1), … make(n - 1)`, made on all cores; each core has a workbench of its own.
pub fn map<T: Send, W>(n: usize, bench: impl Fn() -> W + Sync, make: impl Fn(&mut W, usize) -> T + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(n.max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut bench = bench();
        let mut made = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return made;
            }
            made.push((i, make(&mut bench, i)));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(made) => all.extend(made),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, made)| made).collect()
}

/// `0..n` in parts of `size`, as [`map`].
pub fn parts<T: Send, W>(
    n: usize,
    size: usize,
    bench: impl Fn() -> W + Sync,
    make: impl Fn(&mut W, Range<usize>) -> T + Sync,
) -> Vec<T> {
    map(n.div_ceil(size), bench, |bench, i| make(bench, i * size..n.min((i + 1) * size)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_order() {
        assert_eq!(super::map(1000, || 0, |_, i| i * 2), (0..1000).map(|i| i * 2).collect::<Vec<_>>());
        assert!(super::map(0, || 0, |_, i| i).is_empty());
    }
}
