//! The hesse compiler: text to formulas, numbers and programs.
//!
#![doc = include_str!("../README.md")]
//!
//! Floors, in order; a module imports only from floors above it in this list.

mod greek;
pub mod laws;
pub mod number;
pub mod pages;
pub mod span;
mod splitmix;

pub mod dim;
pub mod scalar;

pub mod diagnostic;
pub mod matrix;

pub mod index;

pub mod expr;

pub mod ops;

pub mod syntax;

pub mod data;
pub mod differentiate;
mod draw;

pub mod emit;
pub mod hessian;
pub mod lower;
pub mod print;

pub mod simplify;

pub mod bound;

pub mod pipeline;

pub mod verify;
