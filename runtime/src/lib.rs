//! What a Rust program uses of hesse.
