//! Where the arrays of a chain are kept: in memory of the device, in memory that a group shares, or by each thread.

use super::{Chain, member::Does};
use crate::index::plan::{ArrayId, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// Most numbers of all rows of a group in shared memory: 30 KiB in double precision, of the 32 that every device has.
const SHARED: usize = 3840;
/// Most entries of a row that its threads set to zero, where there is one row.
const CLEARED: usize = 2048;

/// Where an array is kept.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    /// In the memory of the device, under that name.
    Global(String),
    /// In that slot of shared memory.
    Shared(usize),
    /// Each thread of the row has it.
    Register(usize),
}

/// All arrays of a chain.
pub(super) struct Storage {
    kept: BTreeMap<ArrayId, Kept>,
    /// Arrays in the memory of the device: those that are only read, those that are written.
    read: Vec<ArrayId>,
    made: Vec<ArrayId>,
    /// Numbers of every slot, in one row.
    pub(super) slots: Vec<usize>,
    pub(super) registers: usize,
    /// Entries of one row of the arrays that are made.
    pub(super) own: BTreeMap<ArrayId, usize>,
    /// Arrays that are set to zero before the member of that number.
    cleared: BTreeMap<usize, Vec<ArrayId>>,
    /// Arrays that must be zero before the chain.
    pub(super) cleared_outside: Vec<ArrayId>,
}

impl Storage {
    pub(super) fn new(
        chain: &Chain,
        plan: &Plan,
        at_once: usize,
        private: &dyn Fn(ArrayId) -> bool,
        fresh: &dyn Fn(ArrayId) -> bool,
    ) -> Storage {
        let mut s = Storage {
            kept: BTreeMap::new(),
            read: vec![],
            made: vec![],
            slots: vec![],
            registers: 0,
            own: BTreeMap::new(),
            cleared: BTreeMap::new(),
            cleared_outside: vec![],
        };
        let mut last: BTreeMap<ArrayId, usize> = BTreeMap::new();
        let mut pointed: BTreeSet<ArrayId> = BTreeSet::new();
        for (k, m) in chain.members.iter().enumerate() {
            let all = || m.factors.iter().chain([&m.target]).map(|a| a.array);
            last.extend(all().map(|a| (a, k)));
            if matches!(m.does, Does::Rows { .. }) {
                pointed.extend(all());
            }
        }
        // slots that hold an array until that member
        let mut busy: Vec<usize> = vec![];
        let mut used = 0;
        for (k, m) in chain.members.iter().enumerate() {
            for f in m.factors.iter().filter(|f| !chain.layouts.contains_key(&f.array)) {
                if !s.read.contains(&f.array) {
                    s.read.push(f.array);
                }
            }
            let a = m.target.array;
            if s.kept.contains_key(&a) {
                continue;
            }
            let layout = &chain.layouts[&a];
            let own = layout.own(&chain.rows, plan.arrays[a]).expect("a member has a layout");
            s.own.insert(a, own);
            let kept = if !private(a) {
                None
            } else if own == 1 && !pointed.contains(&a) {
                s.registers += 1;
                Some(Kept::Register(s.registers - 1))
            } else if let Some(slot) = (0..s.slots.len()).find(|&slot| s.slots[slot] == own && busy[slot] < k) {
                busy[slot] = last[&a];
                Some(Kept::Shared(slot))
            } else if (used + own) * at_once <= SHARED {
                used += own;
                s.slots.push(own);
                busy.push(last[&a]);
                Some(Kept::Shared(s.slots.len() - 1))
            } else {
                None
            };
            if kept.is_none() {
                s.made.push(a);
            }
            if fresh(a) && !m.set {
                // one letter counts rows that lie one after the other
                let simple = chain.rows.len() == 1 && layout.gaps(&chain.rows, plan.arrays[a]).is_some_and(|g| g[1].size == 1);
                if kept.is_some() || simple || (chain.rows.is_empty() && own <= CLEARED) {
                    s.cleared.entry(k).or_default().push(a);
                } else {
                    s.cleared_outside.push(a);
                }
            }
            // names come when all are known
            s.kept.insert(a, kept.unwrap_or(Kept::Global(String::new())));
        }
        for (k, &a) in s.read.iter().chain(&s.made).enumerate() {
            let c = char::from(b'A' + (k % 17) as u8);
            let name = if k < 17 { c.to_string() } else { format!("{c}{}", k / 17) };
            s.kept.insert(a, Kept::Global(name));
        }
        s
    }

    pub(super) fn kept(&self, a: ArrayId) -> &Kept {
        &self.kept[&a]
    }

    /// Arrays to set to zero before a member.
    pub(super) fn cleared_before(&self, member: usize) -> Vec<ArrayId> {
        self.cleared.get(&member).cloned().unwrap_or_default()
    }

    /// The arrays in the memory of the device, those that are written last.
    pub(super) fn arrays(&self) -> Vec<ArrayId> {
        [&self.read[..], &self.made].concat()
    }

    pub(super) fn written(&self) -> usize {
        self.made.len()
    }

    /// The parameters of the kernel, four a line.
    pub(super) fn parameters(&self, flagged: bool) -> String {
        let name = |a: &ArrayId| if let Kept::Global(name) = &self.kept[a] { name.clone() } else { String::new() };
        let read = self.read.iter().map(|a| format!("GLOBAL const real* RESTRICT {}", name(a)));
        let made = self.made.iter().map(|a| format!("GLOBAL real* RESTRICT {}", name(a)));
        let all: Vec<String> = read.chain(made).chain(flagged.then(|| "GLOBAL real* flag".to_owned())).collect();
        all.chunks(4).map(|line| line.join(", ")).collect::<Vec<_>>().join(",\n    ")
    }
}
