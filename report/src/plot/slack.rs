//! How much too large bounds are: of the named nodes in the order of the model, and of the blocks.

use super::{
    Image,
    canvas::{COLORS, Drawing, FONT, LABEL, made, words, wrong},
};
use crate::page::Bounded;
use plotters::{coord::Shift, prelude::*, style::text_anchor::HPos};

/// Names with their slack.
type Named = Vec<(String, f64)>;

struct Bars {
    panels: Vec<(&'static str, RGBColor, Named)>,
}

const ROW: i32 = 24;
const LEFT: i32 = 110;
const WIDTH: i32 = 720;

/// The chart of bounds that have values.
///
/// Errors: none has one.
pub fn slack(b: &Bounded, image: Image) -> Result<Vec<u8>, String> {
    let layers: Named = b.layers.iter().map(|l| (l.name.clone(), l.slack)).collect();
    let name = |row: &str, col: &str| if row.is_empty() { "whole".to_owned() } else { format!("{row}, {col}") };
    let all = b.blocks.iter().chain(&b.whole);
    let blocks: Named = all.filter_map(|x| Some((name(&x.row, &x.col), x.slack?))).collect();
    let all = [("norms of the named nodes, layer by layer", COLORS[2], layers), ("blocks of the Hessian", COLORS[0], blocks)];
    let panels: Vec<_> = all.into_iter().filter(|p| !p.2.is_empty()).collect();
    if panels.is_empty() {
        return Err("there is no slack: no bound has a value on these data".to_owned());
    }
    let rows: usize = panels.iter().map(|p| p.2.len() + 2).sum();
    made(&Bars { panels }, (WIDTH as u32, (rows as i32 * ROW + 40) as u32), image)
}

impl Drawing for Bars {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<(), String> {
        let s = scale as i32;
        let most = self.panels.iter().flat_map(|p| p.2.iter().map(|x| x.1)).fold(10.0, f64::max).log10().ceil();
        let right = WIDTH - 90;
        let x = |slack: f64| s * (LEFT + (f64::from(right - LEFT) * slack.max(1.0).log10() / most) as i32);
        let mut y = 8 * s;
        for (title, color, bars) in &self.panels {
            words(area, title, (s * LEFT, y + s * ROW / 2), s * LABEL, HPos::Left)?;
            y += s * ROW;
            let tall = s * ROW * bars.len() as i32;
            for k in 0..=most as i32 {
                let at = x(10f64.powi(k));
                let line = PathElement::new([(at, y), (at, y + tall)], BLACK.mix(0.25).stroke_width(scale));
                area.draw(&line).map_err(wrong)?;
            }
            for (name, slack) in bars {
                let middle = y + s * ROW / 2;
                let corners = [(x(1.0), y + 4 * s), (x(*slack).max(x(1.0) + s), y + s * (ROW - 4))];
                area.draw(&Rectangle::new(corners, color.filled())).map_err(wrong)?;
                words(area, name, (s * (LEFT - 8), middle), s * LABEL, HPos::Right)?;
                let text = crate::figure(*slack);
                words(area, &text, (x(*slack) + 6 * s, middle), s * (LABEL - 2), HPos::Left)?;
                y += s * ROW;
            }
            y += s * ROW;
        }
        for k in 0..=most as i32 {
            words(area, &super::canvas::power(k), (x(10f64.powi(k)), y - s * ROW / 3), s * LABEL, HPos::Center)?;
        }
        let axis = TextStyle::from((FONT, s * LABEL).into_font());
        area.draw_text("bound / true norm", &axis, (s * LEFT, y + s * 6)).map_err(wrong)
    }
}
