//! The one place of the tests that calls the compiler: every test is text in, text out.
