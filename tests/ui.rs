//! What the derive macro says to wrong uses: each file of `ui` has one mistake and gives one error.

#[test]
fn one_mistake_gives_one_error() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
