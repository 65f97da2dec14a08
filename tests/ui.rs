//! What the derive macro says to wrong uses: each file of `ui` has one mistake and gives one error.

#[test]
fn one_mistake_gives_one_error() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

/// Kernels are asked for where the crate knows no device.
#[cfg(not(feature = "opencl"))]
#[test]
fn kernels_without_a_device_are_an_error() {
    trybuild::TestCases::new().compile_fail("ui/without_device/*.rs");
}
