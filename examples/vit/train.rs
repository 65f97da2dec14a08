//! Trains the vision transformer of `vit.hesse` on drawn digits by Adam, with the gradient that `hesse emit` wrote into `model.rs`.
//!
//! `cargo run --release -p hesse-examples --example vit` writes `before.npz` and `after.npz` with the weights and `batch.npz` with
//! the images, all from one seed.

#[allow(missing_docs, dead_code, reason = "written by hesse emit")]
mod model;

use hesse::nalgebra::DMatrix;
use npyz::WriterBuilder;
use std::{
    error::Error,
    fs,
    io::{Cursor, Write},
    path::Path,
};

const IMAGES: usize = 128;
const SIDE: usize = 28;
const PATCH: usize = 4;
const PATCHES: usize = (SIDE / PATCH) * (SIDE / PATCH);
const D: usize = 16;
const DFF: usize = 64;
const CLASSES: usize = 10;
const STEPS: i32 = 300;
const RATE: f64 = 3e-3;

/// Random numbers. Source: Steele, Lea & Flood (2014), SplitMix64.
struct Random(u64);

impl Random {
    /// Uniform in [0, 1).
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
    /// Standard normal.
    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
    fn matrix(&mut self, m: usize, n: usize) -> DMatrix<f64> {
        let scale = 1.0 / (m as f64).sqrt();
        let entries: Vec<f64> = (0..m * n).map(|_| scale * self.normal()).collect();
        DMatrix::from_row_slice(m, n, &entries)
    }
}

/// The strokes of a digit on a seven-segment display: from, to, in units of its height.
fn strokes(digit: usize) -> Vec<[f64; 4]> {
    const SEGMENTS: [[f64; 4]; 7] = [
        [0.0, 0.0, 0.5, 0.0],
        [0.5, 0.0, 0.5, 0.5],
        [0.5, 0.5, 0.5, 1.0],
        [0.0, 1.0, 0.5, 1.0],
        [0.0, 0.5, 0.0, 1.0],
        [0.0, 0.0, 0.0, 0.5],
        [0.0, 0.5, 0.5, 0.5],
    ];
    const LIT: [&[usize]; 10] = [
        &[0, 1, 2, 3, 4, 5],
        &[1, 2],
        &[0, 1, 6, 4, 3],
        &[0, 1, 6, 2, 3],
        &[5, 6, 1, 2],
        &[0, 5, 6, 2, 3],
        &[0, 5, 4, 3, 2, 6],
        &[0, 1, 2],
        &[0, 1, 2, 3, 4, 5, 6],
        &[0, 1, 2, 3, 5, 6],
    ];
    LIT[digit].iter().map(|&s| SEGMENTS[s]).collect()
}

/// An image of a digit, moved, slanted and noisy, as rows of patches; entries are multiples of 1/16.
fn image(digit: usize, random: &mut Random) -> DMatrix<f64> {
    let (height, slant) = (15.0 + 4.0 * random.uniform(), 0.5 * random.uniform() - 0.25);
    let (left, top) = (7.0 + 6.0 * random.uniform(), 3.0 + 5.0 * random.uniform());
    let width = 1.0 + 0.6 * random.uniform();
    let lines = strokes(digit);
    let mut pixels = vec![0.0; SIDE * SIDE];
    for (k, pixel) in pixels.iter_mut().enumerate() {
        let (y, x) = ((k / SIDE) as f64, (k % SIDE) as f64);
        let (v, u) = ((y - top) / height, (x - left) / height);
        let u = u + slant * (v - 0.5);
        let distance = |[a, b, c, d]: &[f64; 4]| {
            let (p, q) = (c - a, d - b);
            let t = (((u - a) * p + (v - b) * q) / (p * p + q * q)).clamp(0.0, 1.0);
            height * (u - a - t * p).hypot(v - b - t * q)
        };
        let nearest = lines.iter().map(distance).fold(f64::INFINITY, f64::min);
        let ink = (1.5 * width - nearest).clamp(0.0, 1.0) + 0.12 * random.normal();
        *pixel = (16.0 * ink.clamp(0.0, 1.0)).round() / 16.0;
    }
    let across = SIDE / PATCH;
    DMatrix::from_fn(PATCHES, PATCH * PATCH, |patch, k| {
        let (y, x) = (patch / across * PATCH + k / PATCH, patch % across * PATCH + k % PATCH);
        pixels[y * SIDE + x]
    })
}

/// The place of each patch. Source: Vaswani et al. (2017), section 3.5.
fn places() -> DMatrix<f64> {
    DMatrix::from_fn(PATCHES, D, |i, k| {
        let angle = i as f64 / 100f64.powf((k / 2 * 2) as f64 / D as f64);
        if k % 2 == 0 { angle.sin() } else { angle.cos() }
    })
}

const NAMES: [&str; 7] = ["E", "Wq", "Wk", "Wv", "W1", "W2", "Wc"];
type Weights = [DMatrix<f64>; 7];

/// Arrays of one archive: names, shapes, entries in row-major order.
type Arrays = Vec<(String, Vec<u64>, Vec<f64>)>;

fn weights(w: &Weights) -> Arrays {
    let array = |(name, m): (&&str, &DMatrix<f64>)| {
        ((*name).to_owned(), vec![m.nrows() as u64, m.ncols() as u64], m.transpose().as_slice().to_vec())
    };
    NAMES.iter().zip(w).map(array).collect()
}

fn save(path: &Path, arrays: &Arrays) -> Result<(), Box<dyn Error>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, shape, entries) in arrays {
        let options = zip::write::SimpleFileOptions::default()
            .last_modified_time(zip::DateTime::default())
            .compression_method(zip::CompressionMethod::Deflated);
        archive.start_file(format!("{name}.npy"), options)?;
        let mut content = vec![];
        let mut w = npyz::WriteOptions::new().default_dtype().shape(shape).writer(&mut content).begin_nd()?;
        w.extend(entries.iter().map(|&x| x as f32))?;
        w.finish()?;
        archive.write_all(&content)?;
    }
    Ok(fs::write(path, archive.finish()?.into_inner())?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random(2024);
    let images: Vec<DMatrix<f64>> = (0..IMAGES).map(|k| image(k % CLASSES, &mut random)).collect();
    let labels: Vec<DMatrix<f64>> =
        (0..IMAGES).map(|k| DMatrix::from_fn(1, CLASSES, |_, c| f64::from(u8::from(c == k % CLASSES)))).collect();
    let (p, d) = (PATCH * PATCH, D);
    let shapes = [(p, d), (d, d), (d, d), (d, d), (d, DFF), (DFF, d), (d, CLASSES)];
    let mut w: Weights = shapes.map(|(m, n)| random.matrix(m, n));
    let place = places();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vit");
    save(&folder.join("before.npz"), &weights(&w))?;
    let (mut first, mut second): (Weights, Weights) = (w.clone().map(|m| m * 0.0), w.clone().map(|m| m * 0.0));
    for step in 1..=STEPS {
        let mut mean = 0.0;
        let mut gradient: Weights = w.clone().map(|m| m * 0.0);
        let [e, wq, wk, wv, w1, w2, wc] = &w;
        for (x, t) in images.iter().zip(&labels) {
            mean += model::loss(x, &place, e, wq, wk, wv, w1, w2, wc, t)? / IMAGES as f64;
            let one = model::gradient(x, &place, e, wq, wk, wv, w1, w2, wc, t)?;
            gradient.iter_mut().zip(one).for_each(|(sum, g)| *sum += g / IMAGES as f64);
        }
        if step % 10 == 1 {
            println!("step {step:3}, loss {mean:.4}");
        }
        // Adam. Source: Kingma & Ba (2015)
        for (((w, g), m), v) in w.iter_mut().zip(&gradient).zip(&mut first).zip(&mut second) {
            *m = &*m * 0.9 + g * 0.1;
            *v = &*v * 0.999 + g.component_mul(g) * 0.001;
            let (a, b) = (1.0 - 0.9f64.powi(step), 1.0 - 0.999f64.powi(step));
            *w -= m.zip_map(v, |m, v| RATE * (m / a) / ((v / b).sqrt() + 1e-8));
        }
    }
    save(&folder.join("after.npz"), &weights(&w))?;
    let stack = |all: &[DMatrix<f64>]| all.iter().flat_map(|m| m.transpose().as_slice().to_vec()).collect::<Vec<f64>>();
    let n = IMAGES as u64;
    let batch = vec![
        ("X".to_owned(), vec![n, PATCHES as u64, p as u64], stack(&images)),
        ("P".to_owned(), vec![PATCHES as u64, d as u64], stack(std::slice::from_ref(&place))),
        ("T".to_owned(), vec![n, 1, CLASSES as u64], stack(&labels)),
    ];
    save(&folder.join("batch.npz"), &batch)
}
