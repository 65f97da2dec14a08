//! How an array is divided among the rows of a chain: every entry belongs to one row.

/// The strides of the letters that count rows, one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout(pub(super) Vec<usize>);

/// Digits of a place between two letters of the rows: `low`, `2 low`, … `(size - 1) low`; `own` is the unit in the part of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    pub(super) low: usize,
    pub(super) size: usize,
    pub(super) own: usize,
}

/// Entries of an array as one step reads or writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) array: usize,
    pub(super) offset: usize,
    /// Strides of the letters that count rows.
    pub(super) rows: Vec<usize>,
    /// Strides of all others.
    pub(super) letters: Vec<usize>,
}

impl Layout {
    /// The gaps of an array of n entries, the fastest first; `None` if the letters overlap.
    pub(super) fn gaps(&self, rows: &[usize], n: usize) -> Option<Vec<Gap>> {
        let mut counted: Vec<(usize, usize)> = self.0.iter().copied().zip(rows.iter().copied()).collect();
        counted.sort_unstable();
        let (mut low, mut own, mut out) = (1, 1, vec![]);
        for (stride, extent) in counted {
            if stride == 0 || !stride.is_multiple_of(low) {
                return None;
            }
            out.push(Gap { low, size: stride / low, own });
            own *= stride / low;
            low = stride.checked_mul(extent)?;
        }
        out.push(Gap { low, size: n.div_ceil(low).max(1), own });
        Some(out)
    }

    /// Entries of one row.
    pub(super) fn own(&self, rows: &[usize], n: usize) -> Option<usize> {
        self.gaps(rows, n)?.last().map(|g| g.own * g.size)
    }

    /// The access in the part of its row, all of whose entries lie one after the other; `None` if it leaves that part. `extents` are
    /// those of the letters that do not count rows.
    pub(super) fn inside(&self, rows: &[usize], n: usize, access: &Access, extents: &[usize]) -> Option<Access> {
        let gaps = self.gaps(rows, n)?;
        let mut reach = vec![0; gaps.len()];
        let mut within = |stride: usize, extent: usize| -> Option<usize> {
            if stride == 0 || extent <= 1 {
                return Some(0);
            }
            let k = gaps.iter().rposition(|g| g.low <= stride)?;
            let steps = stride / gaps[k].low;
            reach[k] += steps * (extent - 1);
            stride.is_multiple_of(gaps[k].low).then_some(steps * gaps[k].own)
        };
        // on a diagonal a letter that counts rows moves inside of the row, too
        let mut own = Access { array: access.array, offset: 0, rows: vec![], letters: vec![] };
        for ((&stride, &unit), &extent) in access.rows.iter().zip(&self.0).zip(rows) {
            own.rows.push(within(stride.checked_sub(unit)?, extent)?);
        }
        for (&stride, &extent) in access.letters.iter().zip(extents) {
            own.letters.push(within(stride, extent)?);
        }
        let mut rest = access.offset;
        for (k, g) in gaps.iter().enumerate().rev() {
            let digit = rest / g.low;
            reach[k] += digit;
            own.offset += digit * g.own;
            rest -= digit * g.low;
        }
        gaps.iter().zip(&reach).all(|(g, r)| *r < g.size).then_some(own)
    }
}
