//! The index IR: contractions over letters, maps and calls, as a program of statements; and its interpreter.

mod contraction;

pub use contraction::Contraction;
