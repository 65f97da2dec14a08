//! Where the threads of a row must wait for each other: between two steps that touch the same entries by different threads.

use std::collections::BTreeMap;

/// Memory that the threads of a row share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A slot of shared memory.
    Shared(usize),
    /// An array of the device's memory.
    Global(usize),
}

/// Which thread touches which entry: extents and strides of the loop that the threads divide among them, and where it begins. `None`
/// if any thread may touch any entry.
pub(super) type Spread = Option<(Vec<(usize, usize)>, usize)>;

/// What a step does to a place: whether it writes, and how.
pub(super) type Touch = (Place, bool, Spread);

/// What was touched since the threads last waited.
#[derive(Default)]
pub(super) struct Hazards(BTreeMap<Place, Vec<(bool, Spread)>>);

impl Hazards {
    /// The line that must stand before a step, if there must be one.
    pub(super) fn before(&mut self, touches: &[Touch]) -> Option<&'static str> {
        let apart = |(place, writes, spread): &&Touch| {
            let met = |(wrote, by): &(bool, Spread)| (*wrote || *writes) && (spread.is_none() || by != spread);
            self.0.get(place).is_some_and(|list| list.iter().any(met))
        };
        let met: Vec<Place> = touches.iter().filter(apart).map(|t| t.0).collect();
        let line = match met.last() {
            None => None,
            Some(_) if met.iter().any(|p| matches!(p, Place::Global(_))) => {
                self.0.clear();
                Some("BARRIER_ALL();")
            }
            Some(_) => {
                self.0.retain(|p, _| matches!(p, Place::Global(_)));
                Some("BARRIER();")
            }
        };
        for (place, writes, spread) in touches {
            self.0.entry(*place).or_default().push((*writes, spread.clone()));
        }
        line
    }
}
