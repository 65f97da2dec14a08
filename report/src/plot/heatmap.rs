//! Heat maps: |entries of the Hessian| in log scale, with the borders and names of blocks.

use super::{
    Image,
    canvas::{Drawing, LABEL, made, png, power, words, wrong},
};
use crate::page::{Heat, Numbers};
use base64::{Engine, prelude::BASE64_STANDARD};
use plotters::{
    coord::Shift,
    prelude::*,
    style::{colors::colormaps::ViridisRGB, text_anchor::HPos},
};

/// Colors of the scale; one more stands for zero.
const SHADES: usize = 64;
/// Powers of ten below the largest entry that are told apart.
const DECADES: f64 = 8.0;
const SIDE: i32 = 520;
const LEFT: i32 = 70;
const TOP: i32 = 64;
const WIDTH: i32 = 720;

/// Heat maps one below the other, on one scale.
#[derive(Clone, Debug)]
pub struct HeatMap<'a> {
    maps: Vec<(String, &'a Heat)>,
    /// `log10` of the darkest and the brightest.
    scale: (f64, f64),
}

impl<'a> HeatMap<'a> {
    /// Those of some sets of weights.
    pub fn of(numbers: &'a [Numbers]) -> HeatMap<'a> {
        let maps: Vec<(String, &Heat)> = numbers.iter().filter_map(|n| Some((n.label.clone(), n.heat.as_ref()?))).collect();
        let cells = || maps.iter().flat_map(|(_, h)| h.cells.iter().flatten());
        let high = cells().fold(f64::NEG_INFINITY, |a, b| a.max(*b)).max(-300.0).ceil();
        let low = cells().fold(high, |a, b| a.min(*b)).floor().max(high - DECADES);
        HeatMap { maps, scale: (low.min(high - 1.0), high) }
    }

    /// One of the maps by itself, on the scale of all.
    pub fn only(&self, k: usize) -> HeatMap<'a> {
        HeatMap { maps: self.maps.iter().skip(k).take(1).cloned().collect(), scale: self.scale }
    }

    fn shade(&self, x: Option<f64>) -> usize {
        let (low, high) = self.scale;
        // zero, and what is not told apart from it
        x.map_or(SHADES, |x| (((x - low) / (high - low)).clamp(0.0, 1.0) * (SHADES - 1) as f64).round() as usize)
    }

    fn place(&self, k: usize) -> i32 {
        TOP + k as i32 * (SIDE + TOP)
    }
}

fn color(shade: usize) -> RGBColor {
    match shade {
        SHADES => RGBColor(225, 225, 225),
        s => ViridisRGB::get_color(s as f64 / (SHADES - 1) as f64),
    }
}

/// Heat maps as a chart.
///
/// Errors: there is no Hessian entry by entry.
pub fn heatmap(map: &HeatMap, image: Image) -> Result<Vec<u8>, String> {
    if map.maps.is_empty() {
        return Err("there is no heat map: the Hessian does not fit in memory".to_owned());
    }
    made(map, (WIDTH as u32, (map.place(map.maps.len()) - TOP + 20) as u32), image)
}

impl Drawing for HeatMap<'_> {
    fn behind(&self) -> String {
        let mut out = String::new();
        for (k, (_, heat)) in self.maps.iter().enumerate() {
            let side = heat.side as u32;
            let pixels: Vec<u8> = heat.cells.iter().map(|x| self.shade(*x) as u8).collect();
            let palette = (0..=SHADES).flat_map(|s| [color(s).0, color(s).1, color(s).2]).collect();
            // an image that cannot be made would leave the frame empty
            let Ok(bytes) = png(&pixels, (side, side), Some(palette)) else { continue };
            out.push_str(&format!(
                "<image x=\"{LEFT}\" y=\"{}\" width=\"{SIDE}\" height=\"{SIDE}\" preserveAspectRatio=\"none\" \
                 style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>\n",
                self.place(k),
                BASE64_STANDARD.encode(bytes)
            ));
        }
        out
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<(), String> {
        let s = scale as i32;
        for (k, (label, heat)) in self.maps.iter().enumerate() {
            let (x, y, n) = (s * LEFT, s * self.place(k), heat.side as i32);
            let at = |c: i32| c * s * SIDE / n;
            if scale > 1 {
                for (c, value) in heat.cells.iter().enumerate() {
                    let (i, j) = ((c / heat.side) as i32, (c % heat.side) as i32);
                    let corners = [(x + at(j), y + at(i)), (x + at(j + 1), y + at(i + 1))];
                    area.draw(&Rectangle::new(corners, color(self.shade(*value)).filled())).map_err(wrong)?;
                }
            }
            let frame = [(x, y), (x + s * SIDE, y + s * SIDE)];
            area.draw(&Rectangle::new(frame, BLACK.stroke_width(scale))).map_err(wrong)?;
            if !label.is_empty() {
                words(area, label, (x + s * SIDE / 2, y - s * 46), s * (LABEL + 2), HPos::Center)?;
            }
            let rows = heat.rows;
            let cell = |row: usize| (row as f64 / rows as f64 * f64::from(s * SIDE)).round() as i32;
            let mut last = (-100, -100);
            for (b, (name, row)) in heat.borders.iter().enumerate() {
                let end = heat.borders.get(b + 1).map_or(rows, |n| n.1);
                let (from, to) = (cell(*row), cell(end));
                if b > 0 {
                    let style = WHITE.mix(0.8).stroke_width(scale);
                    area.draw(&PathElement::new([(x, y + from), (x + s * SIDE, y + from)], style)).map_err(wrong)?;
                    area.draw(&PathElement::new([(x + from, y), (x + from, y + s * SIDE)], style)).map_err(wrong)?;
                }
                // names of narrow blocks keep their distance
                let middle = (from + to) / 2;
                let below = middle.max(last.0 + s * (LABEL + 2));
                words(area, name, (x - s * 8, y + below), s * LABEL, HPos::Right)?;
                last.0 = below;
                let wide = s * 10 * name.chars().count() as i32;
                let right = middle.max(last.1 + wide / 2 + s * 6);
                words(area, name, (x + right, y - s * 16), s * LABEL, HPos::Center)?;
                last.1 = right + wide / 2;
            }
            self.legend(area, x + s * (SIDE + 28), y, s)?;
        }
        Ok(())
    }
}

impl HeatMap<'_> {
    fn legend<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, x: i32, y: i32, s: i32) -> Result<(), String> {
        let (low, high) = self.scale;
        let (wide, tall) = (s * 18, s * SIDE);
        let level = |t: f64| y + tall - (t * f64::from(tall)) as i32;
        for k in (0..SHADES).rev() {
            // each a little higher than its share, so that no seam shows
            let corners = [(x, level((k + 1) as f64 / SHADES as f64) - s), (x + wide, level(k as f64 / SHADES as f64))];
            area.draw(&Rectangle::new(corners, color(k).filled())).map_err(wrong)?;
        }
        for k in low as i32..=high as i32 {
            let at = level((f64::from(k) - low) / (high - low));
            let tick = PathElement::new([(x + wide, at), (x + wide + s * 5, at)], BLACK.stroke_width(s as u32));
            area.draw(&tick).map_err(wrong)?;
            words(area, &power(k), (x + wide + s * 9, at), s * LABEL, HPos::Left)?;
        }
        words(area, "|entry|", (x - s * 4, y - s * 16), s * LABEL, HPos::Left)
    }
}
