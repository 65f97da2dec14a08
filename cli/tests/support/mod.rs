//! Running the binary in a folder of its own.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Write},
    path::PathBuf,
    process::{Command, Output},
};

/// A regression whose sizes are all read off the data.
pub(crate) const MODEL: &str = "\
dim L, n, k
input X: L × n
target Y: L × k
param W: n × k
F = tanh(X W)
loss mse(F, Y)
";

/// A folder for one test, empty at first.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// With that name, which no other test uses, and the model `m.hesse`.
    pub(crate) fn new(name: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).expect("a folder");
        let folder = Folder(path);
        folder.file("m.hesse", MODEL);
        folder
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("a file");
    }

    /// The path of a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The bytes of a file.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a file")
    }

    /// The names of the files with their bytes.
    pub(crate) fn content(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(&self.0).expect("a folder").map(|e| e.expect("an entry").path());
        entries.map(|p| (p.display().to_string(), fs::read(&p).unwrap_or_default())).collect()
    }

    /// Runs the binary here.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hesse"));
        command.current_dir(&self.0).env("NO_COLOR", "1").args(args).output().expect("hesse runs")
    }

    /// Runs the binary here, which must succeed: its standard output.
    pub(crate) fn good(&self, args: &[&str]) -> String {
        let o = self.run(args);
        assert_eq!(o.status.code(), Some(0), "{args:?}\n{}", String::from_utf8_lossy(&o.stderr));
        String::from_utf8(o.stdout).expect("utf-8")
    }
}

/// A header of a NumPy array with the entries behind it, by hand.
pub(crate) fn npy(header: &str, entries: &[u8]) -> Vec<u8> {
    let mut text = header.as_bytes().to_vec();
    while !(text.len() + 11).is_multiple_of(64) {
        text.push(b' ');
    }
    text.push(b'\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend(u16::try_from(text.len()).expect("a short header").to_le_bytes());
    out.extend(text);
    out.extend(entries);
    out
}

/// An archive of files.
pub(crate) fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, content) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a file");
        archive.write_all(content).expect("its bytes");
    }
    archive.finish().expect("an archive").into_inner()
}

/// Bytes of doubles.
pub(crate) fn doubles(entries: &[f64]) -> Vec<u8> {
    entries.iter().flat_map(|x| x.to_le_bytes()).collect()
}
