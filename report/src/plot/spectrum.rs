//! The density of the eigenvalues: each widened to a Gaussian of a hundredth of the range.

use super::{
    Image,
    canvas::{COLORS, Drawing, FONT, LABEL, made, wrong},
};
use crate::page::{Numbers, Spectrum};
use plotters::{coord::Shift, prelude::*};

const POINTS: usize = 600;
/// Powers of ten below the highest point that are drawn.
const DECADES: i32 = 6;

struct Density {
    curves: Vec<(String, Vec<(f64, f64)>)>,
    low: f64,
    high: f64,
    top: f64,
}

/// The spectra of some sets of weights in one chart.
///
/// Errors: no spectrum was found.
pub fn spectrum(numbers: &[Numbers], image: Image) -> Result<Vec<u8>, String> {
    let found: Vec<(&Numbers, &Spectrum)> = numbers.iter().filter_map(|n| Some((n, n.spectrum.as_ref()?))).collect();
    let nodes = || found.iter().flat_map(|(_, s)| s.nodes.iter().copied());
    if nodes().next().is_none() {
        return Err("there is no spectrum: the eigenvalues were not found".to_owned());
    }
    let (least, most) = nodes().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let range = if most > least { most - least } else { most.abs().max(1.0) };
    let (low, high, width) = (least - 0.06 * range, most + 0.06 * range, 0.01 * range);
    let curve = |s: &Spectrum| -> Vec<(f64, f64)> {
        let at = |k: usize| low + (high - low) * k as f64 / (POINTS - 1) as f64;
        let gauss = |t: f64| (-t * t / 2.0).exp() / (width * std::f64::consts::TAU.sqrt());
        let density = |x: f64| s.nodes.iter().zip(&s.weights).map(|(n, w)| w * gauss((x - n) / width)).sum();
        (0..POINTS).map(|k| (at(k), density(at(k)))).collect()
    };
    let curves: Vec<(String, Vec<(f64, f64)>)> = found.iter().map(|(n, s)| (n.label.clone(), curve(s))).collect();
    let top = curves.iter().flat_map(|c| c.1.iter().map(|p| p.1)).fold(0.0, f64::max);
    made(&Density { curves, low, high, top }, (720, 420), image)
}

impl Drawing for Density {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<(), String> {
        let s = scale as i32;
        let highest = 10f64.powf(self.top.log10().ceil());
        let lowest = highest * 10f64.powi(-DECADES);
        let mut chart = ChartBuilder::on(area)
            .margin(10 * s)
            .x_label_area_size(52 * s)
            .y_label_area_size(86 * s)
            .build_cartesian_2d(self.low..self.high, (lowest..highest).log_scale())
            .map_err(wrong)?;
        chart
            .configure_mesh()
            .x_desc("eigenvalue of the Hessian")
            .y_desc("density")
            .x_labels(7)
            .y_labels(8)
            .y_label_formatter(&|y| super::canvas::power(y.log10().round() as i32))
            .x_label_formatter(&|x| tick(*x, self.high - self.low))
            .label_style((FONT, LABEL * s))
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(wrong)?;
        for (k, (label, curve)) in self.curves.iter().enumerate() {
            let color = COLORS[k % COLORS.len()];
            let width = scale * if k == 0 { 2 } else { 3 };
            // what is below the chart is left out
            let above = curve.chunk_by(|a, b| (a.1 >= lowest) == (b.1 >= lowest)).filter(|part| part[0].1 >= lowest);
            let lines = above.map(|part| PathElement::new(part.to_vec(), color.stroke_width(width)));
            let drawn = chart.draw_series(lines).map_err(wrong)?;
            if !label.is_empty() {
                let legend = move |(x, y)| PathElement::new([(x, y), (x + 24 * s, y)], color.stroke_width(width));
                drawn.label(label.clone()).legend(legend);
            }
        }
        if self.curves.iter().any(|c| !c.0.is_empty()) {
            chart
                .configure_series_labels()
                .label_font((FONT, LABEL * s))
                .legend_area_size(34 * s)
                .background_style(WHITE)
                .border_style(BLACK.mix(0.3))
                .draw()
                .map_err(wrong)?;
        }
        Ok(())
    }
}

/// As many digits as a range needs.
fn tick(x: f64, range: f64) -> String {
    let digits = (1.0 - range.log10().floor()).max(0.0) as usize;
    if digits > 6 || range > 1e6 { format!("{x:.1e}") } else { format!("{x:.digits$}") }
}
