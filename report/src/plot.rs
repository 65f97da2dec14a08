//! Charts as SVG or PNG: heat maps of Hessians, spectra, norms of blocks, slack of bounds.
//!
//! Colors are those of Okabe & Ito (2008) and viridis, which people of all color vision can tell apart; shapes differ too.

mod blocks;
mod canvas;
mod heatmap;
mod slack;
mod spectrum;

pub use blocks::blocks;
pub use heatmap::{HeatMap, heatmap};
pub use slack::slack;
pub use spectrum::spectrum;

use crate::page::{Bounded, Numbers};

/// What a chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Entries of the Hessian in log scale.
    Heatmap,
    /// The density of the eigenvalues.
    Spectrum,
    /// Norms of parameters beside those of their blocks.
    Blocks,
    /// Bounds over true norms.
    Slack,
}

/// What a chart is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// Scalable.
    Svg,
    /// Pixels, two for every unit of the SVG.
    Png,
}

/// A chart on its own; several sets of weights stand in one chart, or one below the other.
///
/// Errors: a sentence: what there is no chart of.
pub fn plot(kind: Kind, image: Image, numbers: &[Numbers], bounds: &Bounded) -> Result<Vec<u8>, String> {
    match kind {
        Kind::Heatmap => heatmap(&HeatMap::of(numbers), image),
        Kind::Spectrum => spectrum(numbers, image),
        Kind::Blocks => blocks(numbers, image),
        Kind::Slack => slack(bounds, image),
    }
}
