//! Every family of kernels under Oclgrind: no race, nothing outside of an array; and a barrier that is missing is seen.

use std::{fs, path::PathBuf, process::Command};

/// Where Debian puts it.
const OCLGRIND: &str = "/usr/lib/oclgrind";

/// What Oclgrind says of a run, and whether the run came to its end.
fn checked(what: &str) -> (String, bool) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("oclgrind-{what}"));
    fs::create_dir_all(&folder).expect("a folder");
    let log = folder.join("log");
    fs::write(&log, "").expect("a file");
    fs::write(folder.join("oclgrind.icd"), format!("{OCLGRIND}/liboclgrind-rt-icd.so\n")).expect("a file");
    let out = Command::new(env!("CARGO_BIN_EXE_kernel_families"))
        .arg(what)
        .env("OCL_ICD_VENDORS", &folder)
        .env("LD_LIBRARY_PATH", OCLGRIND)
        .env("OCLGRIND_DATA_RACES", "1")
        .env("OCLGRIND_LOG", &log)
        .output()
        .expect("a program");
    let said = fs::read_to_string(&log).expect("a log");
    (format!("{said}{}", String::from_utf8_lossy(&out.stderr)), out.status.success())
}

#[test]
fn kernels_have_no_races_and_stay_inside_of_their_arrays() {
    let (said, done) = checked("clean");
    assert!(done && said.trim().is_empty(), "{said}");
}

#[test]
fn a_missing_barrier_is_seen() {
    for what in ["tile", "lanes", "matrix", "chain"] {
        let (said, _) = checked(what);
        assert!(said.contains("data race"), "{what}: {said}");
    }
}
