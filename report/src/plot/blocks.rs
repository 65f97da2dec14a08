//! Norms of parameters beside the norms of their diagonal Hessian blocks.

use super::{
    Image,
    canvas::{COLORS, Drawing, FONT, LABEL, made, words, wrong},
};
use crate::page::Numbers;
use plotters::{coord::Shift, prelude::*, style::text_anchor::HPos};

struct Dots {
    names: Vec<String>,
    /// A series: its label, whether it is of Hessian blocks, its values by parameter.
    series: Vec<(String, bool, Vec<f64>)>,
}

/// The chart of some sets of weights.
///
/// Errors: there are no blocks.
pub fn blocks(numbers: &[Numbers], image: Image) -> Result<Vec<u8>, String> {
    let names: Vec<String> = numbers.first().map(|n| n.parameters.iter().map(|p| p.name.clone()).collect()).unwrap_or_default();
    let mut series = vec![];
    for n in numbers {
        let label = |what: &str| if n.label.is_empty() { what.to_owned() } else { format!("{what}, {}", n.label) };
        series.push((label("‖W‖F"), false, n.parameters.iter().map(|p| p.norm).collect()));
        let of = |name: &String| n.blocks.iter().find(|b| b.row == *name && b.col == *name).map_or(0.0, |b| b.spectral);
        series.push((label("‖H[W,W]‖₂"), true, names.iter().map(of).collect::<Vec<f64>>()));
    }
    if numbers.iter().all(|n| n.blocks.is_empty()) {
        return Err("there are no blocks: the Hessian does not fit in memory".to_owned());
    }
    made(&Dots { names, series }, (720, 440), image)
}

impl Drawing for Dots {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<(), String> {
        let s = scale as i32;
        let values = || self.series.iter().flat_map(|x| x.2.iter().copied()).filter(|x| *x > 0.0);
        let (least, most) = values().fold((f64::INFINITY, 0.0f64), |(a, b), x| (a.min(x), b.max(x)));
        let (low, high) = if most > 0.0 { (least.log10().floor(), most.log10().ceil()) } else { (-1.0, 0.0) };
        let (low, high) = if high > low { (low, high) } else { (low - 1.0, high) };
        let n = self.names.len();
        let mut chart = ChartBuilder::on(area)
            .margin(10 * s)
            .margin_top((12 + 24 * self.series.len().div_ceil(2) as i32) * s)
            .x_label_area_size(40 * s)
            .y_label_area_size(86 * s)
            .build_cartesian_2d(-0.5..n as f64 - 0.5, (10f64.powf(low)..10f64.powf(high)).log_scale())
            .map_err(wrong)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_desc("norm")
            .y_label_formatter(&|y| super::canvas::power(y.log10().round() as i32))
            .label_style((FONT, LABEL * s))
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(wrong)?;
        let (pixels, _) = chart.plotting_area().get_pixel_range();
        for (k, name) in self.names.iter().enumerate() {
            let at = pixels.start + (f64::from(pixels.end - pixels.start) * (k as f64 + 0.5) / n as f64) as i32;
            words(area, name, (at, 440 * s - 32 * s), s * LABEL, HPos::Center)?;
        }
        let count = self.series.len() as f64;
        for (k, (_, hessian, values)) in self.series.iter().enumerate() {
            let shift = (k as f64 - (count - 1.0) / 2.0) * 0.16;
            let color = COLORS[k % COLORS.len()];
            for (i, y) in values.iter().enumerate().filter(|v| *v.1 > 0.0) {
                let at = (i as f64 + shift, *y);
                match hessian {
                    true => chart.draw_series([TriangleMarker::new(at, 8 * s, color.filled())]).map(|_| ()),
                    false => chart.draw_series([Circle::new(at, 6 * s, color.filled())]).map(|_| ()),
                }
                .map_err(wrong)?;
            }
        }
        // two names side by side
        for (k, (label, hessian, _)) in self.series.iter().enumerate() {
            let (color, x, y) = (COLORS[k % COLORS.len()], s * (110 + 240 * (k as i32 % 2)), s * (18 + 24 * (k as i32 / 2)));
            match hessian {
                true => area.draw(&TriangleMarker::new((x, y), 8 * s, color.filled())),
                false => area.draw(&Circle::new((x, y), 6 * s, color.filled())),
            }
            .map_err(wrong)?;
            words(area, label, (x + 12 * s, y), s * LABEL, HPos::Left)?;
        }
        Ok(())
    }
}
