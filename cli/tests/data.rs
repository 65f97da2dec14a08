//! Wrong data and wrong usage: every message is a snapshot; nothing is on standard output, no file is left.

mod support;

use support::{Folder, doubles, npy, zip};

/// Data that fit the model.
const GOOD: &str = r#"{"X": [[1, 2], [3, 4], [5, 6]], "Y": [[1], [2], [3]], "W": [[0.5], [0.25]]}"#;

/// Runs and compares: the files given, the command, the exit status and the message.
fn refused(name: &str, files: &[(&str, Vec<u8>)], args: &[&str]) {
    let folder = Folder::new(&format!("data_{name}"));
    let mut shown = String::new();
    for (file, content) in files {
        folder.file(file, content);
        match std::str::from_utf8(content) {
            Ok(text) if text.len() < 400 && !text.contains('\0') => shown.push_str(&format!("{file}: {}\n", text.trim_end())),
            _ => shown.push_str(&format!("{file}: {} bytes\n", content.len())),
        }
    }
    let before = folder.content();
    let o = folder.run(args);
    assert!(o.stdout.is_empty(), "standard output: {}", String::from_utf8_lossy(&o.stdout));
    assert!(before == folder.content(), "files were left or changed");
    let said = String::from_utf8(o.stderr).expect("utf-8");
    assert!(!said.contains("panicked"), "{said}");
    assert_ne!(o.status.code(), Some(0), "{said}");
    let code = o.status.code().map_or("none".to_owned(), |c| c.to_string());
    let quoted: Vec<String> =
        args.iter().map(|a| if a.contains([' ', '(']) || a.is_empty() { format!("'{a}'") } else { (*a).to_owned() }).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(format!("data_{name}"), format!("{shown}$ hesse {}\nexit status: {code}\n{said}", quoted.join(" ")));
    });
}

/// JSON that does not fit the model.
fn json(name: &str, text: &str) {
    refused(name, &[("d.json", text.as_bytes().to_vec())], &["eval", "m.hesse", "--data", "d.json", "-q", "loss"]);
}

/// A query that does not fit the model or the data.
fn query(name: &str, text: &str) {
    refused(name, &[("d.json", GOOD.into())], &["eval", "m.hesse", "--data", "d.json", "-q", text]);
}

/// Another model with its data.
fn model(name: &str, model: &str, data: &str, q: &str) {
    let files = [("n.hesse", model.as_bytes().to_vec()), ("d.json", data.as_bytes().to_vec())];
    refused(name, &files, &["eval", "n.hesse", "--data", "d.json", "-q", q]);
}

/// An image and a kernel that do not fit.
fn images(name: &str, image: &str, kernel: &str) {
    let text = "dim C, D, m, n, k, l\ninput X: C × m × n\nparam W: D × C × k × l\nP = avgpool2d(conv2d(X, W), 2)\nloss sum(P)\n";
    model(name, text, &format!(r#"{{"X": {image}, "W": {kernel}}}"#), "loss");
}

/// An archive in which `X` is these bytes.
fn archive(name: &str, x: Vec<u8>) {
    let files = [("d.npz", zip(&[("X.npy", x)]))];
    refused(name, &files, &["eval", "m.hesse", "--data", "d.npz", "-q", "loss"]);
}

/// Options behind `eval m.hesse`.
fn usage(name: &str, options: &[&str]) {
    refused(name, &[("d.json", GOOD.into())], &[&["eval", "m.hesse"], options].concat());
}

macro_rules! each {
    ($what:ident: $($name:ident $(, $arg:expr)*;)*) => {
        $(#[test]
        fn $name() {
            $what(stringify!($name) $(, $arg)*);
        })*
    };
}

each! { json:
    empty_file, "";
    only_spaces, " \n ";
    cut_off, r#"{"X": [[1, 2], [3"#;
    comma_too_many, "{\"X\": [[1, 2],\n [3, 4],]}";
    text_behind, r#"{"X": [[1]]} x"#;
    top_level_list, "[[1, 2], [3, 4]]";
    top_level_number, "3";
    ragged, r#"{"X": [[1, 2], [3]]}"#;
    ragged_deeper, r#"{"X": [[[1, 2], [3, 4]], [[5, 6], [7]]]}"#;
    list_among_numbers, r#"{"X": [[1, [2]]]}"#;
    number_among_lists, r#"{"X": [[1, 2], 3]}"#;
    five_axes, r#"{"X": [[[[[1]]]]]}"#;
    six_axes, r#"{"X": [[[[[[1]]]]]]}"#;
    nan, r#"{"X": [[1, NaN]]}"#;
    infinity, r#"{"X": [[1, -Infinity]]}"#;
    null, r#"{"X": [[1, null]]}"#;
    too_large_a_number, r#"{"X": [[1, 1e999]]}"#;
    text_entry, r#"{"X": [[1, "2"]]}"#;
    bool_entry, r#"{"X": [[1, true]]}"#;
    object_entry, r#"{"X": {"rows": [[1, 2]]}}"#;
    twice, r#"{"X": [[1, 2]], "X": [[3, 4]]}"#;
    size_twice, r#"{"L": 3, "L": 4}"#;
    nothing_in_it, "{}";
    missing_array, r#"{"X": [[1, 2]], "Y": [[1]]}"#;
    misspelled, r#"{"X": [[1, 2]], "Y": [[1]], "w": [[0.5], [0.25]]}"#;
    empty_list, r#"{"X": [], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    empty_rows, r#"{"X": [[], []], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    flat_list_for_a_matrix, r#"{"X": [1, 2], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    number_for_a_matrix, r#"{"X": 1, "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    four_axes_for_a_matrix, r#"{"X": [[[[1, 2]]]], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    transposed, r#"{"X": [[1, 2], [3, 4], [5, 6]], "Y": [[1], [2], [3]], "W": [[0.5, 0.25]]}"#;
    rows_differ, r#"{"X": [[1, 2], [3, 4], [5, 6]], "Y": [[1], [2]], "W": [[0.5], [0.25]]}"#;
    zero_size, r#"{"L": 0, "X": [[1, 2]], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    negative_size, r#"{"L": -3, "X": [[1, 2]], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    fractional_size, r#"{"L": 1.5, "X": [[1, 2]], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    list_for_a_size, r#"{"L": [1, 2], "X": [[1, 2]], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    size_against_an_array, r#"{"n": 5, "X": [[1, 2]], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    batch_on_one_input, r#"{"X": [[[1, 2]], [[3, 4]]], "Y": [[1]], "W": [[0.5], [0.25]]}"#;
    batch_counts_differ, r#"{"X": [[[1, 2]], [[3, 4]]], "Y": [[[1]], [[2]], [[3]]], "W": [[0.5], [0.25]]}"#;
    batch_on_a_parameter, r#"{"X": [[1, 2]], "Y": [[1]], "W": [[[0.5], [0.25]], [[1], [2]]]}"#;
    batch_of_another_size, r#"{"X": [[[1, 2, 3]], [[3, 4, 5]]], "Y": [[[1]], [[2]]], "W": [[0.5], [0.25]]}"#;
}

each! { images:
    image_of_two_axes, "[[1, 2], [3, 4]]", "[[[[1]]]]";
    image_smaller_than_its_kernel, "[[[1, 2], [3, 4]]]", "[[[[1, 2], [3, 4], [5, 6]]]]";
    squares_that_do_not_divide, "[[[1, 2], [3, 4], [5, 6]]]", "[[[[1]]]]";
    channels_differ, "[[[1, 2], [3, 4]]]", "[[[[1]], [[2]]]]";
    kernel_with_a_batch_axis, "[[[1, 2], [3, 4]]]", "[[[[[1]]]]]";
}

each! { query:
    unknown_name, "hessian(loss, Q)";
    query_does_not_parse, "hessian(loss, W";
    query_is_empty, "";
    query_of_a_wrong_product, "W X";
    gradient_of_a_matrix, "grad(F, W)";
    by_a_formula, "jacobian(F, X W)";
    too_many_directions, "hvp(loss, W, W)";
    no_direction, "hvp(loss)";
    wrong_direction, "hvp(loss, X)";
    logarithm_of_negative, "log(-X)";
    root_of_negative, "sqrt(-X)";
    constant_row, "layernorm(W)";
    division_by_a_zero, "X ./ (X - ones(L, 1) X[1:1, :])";
    slice_out_of_range, "X[2:7, :]";
    slice_turned_around, "X[3:2, :]";
    overflow, "exp(1000 X)";
    second_query_is_wrong, "loss + Q";
}

each! { model:
    singular, "dim n\nparam X: n × n\nloss tr(X^-1)\n", r#"{"X": [[1, 2], [2, 4]]}"#, "loss";
    singular_logarithm, "dim n\nparam X: n × n\nloss logdet(X)\n", r#"{"X": [[1, 2], [2, 4]]}"#, "hessian(loss, X, X)";
    not_square, "dim n\nparam X: n × n\nloss tr(X)\n", r#"{"X": [[1, 2, 3], [2, 4, 5]]}"#, "loss";
    fixed_size, "param X: 2 × 3\nloss sum(X)\n", r#"{"X": [[1, 2], [3, 4]]}"#, "loss";
    derived_size_does_not_fit, "dim d\ndim h = 2*d\nparam X: d × h\nloss sum(X)\n", r#"{"X": [[1, 2, 3], [3, 4, 5]]}"#, "loss";
    derived_size_is_odd, "dim d\ndim h = 2*d\nparam x: h\nloss d sum(x)\n", r#"{"x": [1, 2, 3]}"#, "loss";
    derived_size_given_wrong, "dim d\ndim h = 2*d\nparam x: d\nloss h sum(x)\n", r#"{"x": [1, 2, 3], "h": 5}"#, "loss";
    size_unknown, "dim d, n\nparam x: d\nloss n sum(x)\n", r#"{"x": [1, 2, 3]}"#, "loss";
    scalar_given_a_list, "param b\nloss b^2\n", r#"{"b": [1, 2]}"#, "loss";
    zero_divisor, "param a, b\nloss a / b\n", r#"{"a": 1, "b": 0}"#, "loss";
    one_sample_overflows, "input x\nparam a\nloss exp(a x)\n", r#"{"a": 1, "x": [1, 2, 1000]}"#, "grad(loss, a)";
}

each! { archive:
    not_an_array, b"hello".to_vec();
    header_cut_off, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", &doubles(&[1.0, 2.0]))[..40].to_vec();
    entries_cut_off, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", &doubles(&[1.0]));
    objects, npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }", &[0; 16]);
    complex, npy("{'descr': '<c16', 'fortran_order': False, 'shape': (1, 1), }", &[0; 16]);
    texts, npy("{'descr': '<U3', 'fortran_order': False, 'shape': (1, 1), }", &[0; 12]);
    half_precision, npy("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2), }", &[0; 4]);
    boastful_shape, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 2), }", &[0; 16]);
    overflowing_shape, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }", &[0; 16]);
    no_shape, npy("{'descr': '<f8', 'fortran_order': False, }", &[0; 16]);
    nan_in_an_archive, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", &doubles(&[1.0, f64::NAN]));
    empty_axis, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2), }", &[]);
    wrong_rank_in_an_archive, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", &doubles(&[1.0, 2.0]));
}

each! { usage:
    missing_file, &["--data", "nope.json", "-q", "loss"];
    folder, &["--data", ".", "-q", "loss"];
    wrong_extension, &["--data", "m.hesse", "-q", "loss"];
    no_data, &["-q", "loss"];
    no_query, &["--data", "d.json"];
    data_and_random, &["--data", "d.json", "--random", "1", "--dims", "L=2", "-q", "loss"];
    data_and_dims, &["--data", "d.json", "--dims", "L=2", "-q", "loss"];
    random_without_dims, &["--random", "1", "-q", "loss"];
    seed_is_no_number, &["--random", "x", "--dims", "L=2", "-q", "loss"];
    dims_malformed, &["--random", "1", "--dims", "L=2,n", "-q", "loss"];
    dims_not_whole, &["--random", "1", "--dims", "L=2.5", "-q", "loss"];
    dims_zero, &["--random", "1", "--dims", "L=0", "-q", "loss"];
    dims_twice, &["--random", "1", "--dims", "L=2,L=3", "-q", "loss"];
    dims_past_every_number, &["--random", "1", "--dims", "L=18446744073709551615,n=2,k=1", "-q", "loss"];
    dims_huge, &["--random", "1", "--dims", "L=1000000000000,n=2,k=1", "--memory", "1GiB", "-q", "loss"];
    dims_missing, &["--random", "1", "--dims", "L=2", "-q", "loss"];
    dims_unknown, &["--random", "1", "--dims", "L=2,n=3,k=1,m=4", "-q", "loss"];
    dims_none, &["--random", "1", "--dims", "", "-q", "loss"];
    result_too_large, &["--random", "1", "--dims", "L=30,n=20,k=20", "--memory", "1MiB", "-q", "hessian(loss, W, W)"];
    memory_malformed, &["--data", "d.json", "--memory", "much", "-q", "loss"];
    memory_unit, &["--data", "d.json", "--memory", "2QiB", "-q", "loss"];
    output_unknown, &["--data", "d.json", "-q", "loss", "-o", "out.txt"];
    output_without_extension, &["--data", "d.json", "-q", "loss", "-o", "out"];
    output_is_a_folder, &["--data", "d.json", "-q", "loss", "-o", "."];
    output_in_no_folder, &["--data", "d.json", "-q", "loss", "-o", "nope/out.json"];
    output_below_a_file, &["--data", "d.json", "-q", "loss", "-o", "d.json/out.json"];
    unknown_option, &["--data", "d.json", "-q", "loss", "--fast"];
}

#[test]
fn not_utf8() {
    let files = [("d.json", b"{\"X\": \xff\xfe}".to_vec())];
    refused("not_utf8", &files, &["eval", "m.hesse", "--data", "d.json", "-q", "loss"]);
}

#[test]
fn binary() {
    let files = [("d.json", (0..=255).collect())];
    refused("binary", &files, &["eval", "m.hesse", "--data", "d.json", "-q", "loss"]);
}

#[test]
fn nested_too_deep() {
    let files = [("d.json", format!("{{\"X\": {}", "[".repeat(100_000)).into_bytes())];
    refused("nested_too_deep", &files, &["eval", "m.hesse", "--data", "d.json", "-q", "loss"]);
}

#[test]
fn archive_that_is_text() {
    refused("archive_that_is_text", &[("d.npz", GOOD.into())], &["eval", "m.hesse", "--data", "d.npz", "-q", "loss"]);
}

#[test]
fn archive_cut_off() {
    let whole = zip(&[("X.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", &doubles(&[1.0, 2.0])))]);
    let files = [("d.npz", whole[..whole.len() / 2].to_vec())];
    refused("archive_cut_off", &files, &["eval", "m.hesse", "--data", "d.npz", "-q", "loss"]);
}

#[test]
fn archive_damaged() {
    let mut whole = zip(&[("X.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", &doubles(&[1.0, 2.0])))]);
    whole[60] ^= 0x55;
    refused("archive_damaged", &[("d.npz", whole)], &["eval", "m.hesse", "--data", "d.npz", "-q", "loss"]);
}

#[test]
fn archive_without_arrays() {
    let files = [("d.npz", zip(&[("readme.txt", b"nothing".to_vec())]))];
    refused("archive_without_arrays", &files, &["eval", "m.hesse", "--data", "d.npz", "-q", "loss"]);
}

#[test]
fn safetensors_damaged() {
    let files = [("d.safetensors", b"\x10\0\0\0\0\0\0\0{\"X\": 3}        ".to_vec())];
    refused("safetensors_damaged", &files, &["eval", "m.hesse", "--data", "d.safetensors", "-q", "loss"]);
}

#[test]
fn safetensors_of_half_precision() {
    let header = r#"{"X":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0; 4]);
    let files = [("d.safetensors", bytes)];
    refused("safetensors_of_half_precision", &files, &["eval", "m.hesse", "--data", "d.safetensors", "-q", "loss"]);
}

#[test]
fn unknown_subcommand() {
    refused("unknown_subcommand", &[], &["evaluate", "m.hesse"]);
}

#[test]
fn no_subcommand_is_exit_2() {
    assert_eq!(Folder::new("data_no_subcommand").run(&[]).status.code(), Some(2));
}

#[test]
fn missing_model() {
    refused("missing_model", &[("d.json", GOOD.into())], &["eval", "nope.hesse", "--data", "d.json", "-q", "loss"]);
}

#[test]
fn model_is_not_utf8() {
    refused("model_is_not_utf8", &[("n.hesse", b"dim n\xff".to_vec())], &["check", "n.hesse"]);
}

#[test]
fn output_cannot_be_written() {
    let folder = Folder::new("data_output_cannot_be_written");
    folder.file("d.json", GOOD);
    let before = folder.content();
    // longer than any file system admits
    let name = format!("{}.json", "x".repeat(300));
    let o = folder.run(&["eval", "m.hesse", "--data", "d.json", "-q", "loss", "-o", &name]);
    assert_eq!(o.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&o.stderr).contains("cannot be written"));
    assert!(o.stdout.is_empty() && before == folder.content());
}

#[test]
fn nothing_beside_the_result_is_touched() {
    let folder = Folder::new("data_beside_the_result");
    folder.file("d.json", GOOD);
    folder.file("out.json.partial", "precious");
    folder.good(&["eval", "m.hesse", "--data", "d.json", "-q", "loss", "-o", "out.json"]);
    assert_eq!(folder.bytes("out.json.partial"), b"precious");
    // the model, the data, the result, and that file
    assert_eq!(folder.content().len(), 4);
}

/// An archive of zeros: small on disk, large in memory.
fn zeros(kind: &str, bytes: usize, entry: usize) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (1, {}), }}", bytes / entry);
    zip(&[("X.npy", npy(&header, &vec![0; bytes]))])
}

#[test]
fn archive_larger_than_the_memory() {
    let args = ["eval", "m.hesse", "--data", "d.npz", "--memory", "1MiB", "-q", "loss"];
    refused("archive_larger_than_memory", &[("d.npz", zeros("<f8", 4 << 20, 8))], &args);
    // a byte in the file is eight in memory
    refused("archive_of_bytes_larger_than_memory", &[("d.npz", zeros("|i1", 500_000, 1))], &args);
}

#[test]
fn file_larger_than_the_memory() {
    let text = format!("{{\"X\": [[{}1]]}}", "1, ".repeat(1000));
    let files = [("d.json", text.into_bytes())];
    refused("file_larger_than_memory", &files, &["eval", "m.hesse", "--data", "d.json", "--memory", "1KiB", "-q", "loss"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_success() {
    use std::{fs::OpenOptions, process::Command};
    let folder = Folder::new("data_full_disk");
    folder.file("d.json", GOOD);
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("a device");
    let mut eval = Command::new(env!("CARGO_BIN_EXE_hesse"));
    eval.current_dir(folder.path(".")).env("NO_COLOR", "1").args(["eval", "m.hesse", "--data", "d.json", "-q", "loss"]);
    let o = eval.stdout(full()).output().expect("hesse runs");
    assert_eq!(o.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&o.stderr).contains("standard output cannot be written"));
    // notes that nobody can read do not spoil the answer
    folder.file("e.json", GOOD.replacen('{', r#"{"spare": 1, "#, 1));
    let mut noted = Command::new(env!("CARGO_BIN_EXE_hesse"));
    noted.current_dir(folder.path(".")).args(["eval", "m.hesse", "--data", "e.json", "-q", "loss"]);
    let o = noted.stderr(full()).output().expect("hesse runs");
    assert_eq!(o.status.code(), Some(0));
    assert!(o.stdout.starts_with(b"{\"results\""));
}

#[test]
fn an_old_result_survives_a_mistake() {
    let folder = Folder::new("data_an_old_result");
    folder.file("d.json", GOOD);
    folder.file("out.json", "old");
    let o = folder.run(&["eval", "m.hesse", "--data", "d.json", "-q", "log(-X)", "-o", "out.json"]);
    assert_eq!(o.status.code(), Some(1));
    assert_eq!(folder.bytes("out.json"), b"old");
}
