//! `Work`: what is done on a device as far as memory is concerned, whatever it was made of.

/// Arrays by their places, and the tasks that touch them.
#[derive(Default)]
pub(super) struct Work {
    /// Entries of every array.
    pub(super) lengths: Vec<usize>,
    /// Arrays that are uploaded.
    pub(super) given: Vec<usize>,
    /// Arrays that are downloaded.
    pub(super) results: Vec<usize>,
    /// What is done, in order.
    pub(super) tasks: Vec<Touch>,
}

/// One task.
pub(super) struct Touch {
    /// Its arrays, and whether it writes them.
    pub(super) arrays: Vec<(usize, bool)>,
    /// Whether it is done on this side, so that all that was started must be done before.
    pub(super) host: bool,
}

impl Touch {
    /// Sets an array to zero.
    pub(super) fn zero(array: usize) -> Touch {
        Touch { arrays: vec![(array, true)], host: false }
    }

    /// A kernel that writes so many of its arrays, the last ones.
    pub(super) fn kernel(arrays: &[usize], written: usize) -> Touch {
        let first = arrays.len() - written;
        Touch { arrays: arrays.iter().enumerate().map(|(k, &a)| (a, k >= first)).collect(), host: false }
    }

    /// A step on this side.
    pub(super) fn host(reads: impl IntoIterator<Item = usize>, target: Option<usize>) -> Touch {
        let written = target.map(|a| (a, true));
        Touch { arrays: reads.into_iter().map(|a| (a, false)).chain(written).collect(), host: true }
    }
}
