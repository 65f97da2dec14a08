//! The command line of hesse.
fn main() {}
