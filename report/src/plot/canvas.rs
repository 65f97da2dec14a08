//! What is drawn on: SVG in a string, or pixels that become a PNG. Fonts are the same on every machine.

use super::Image;
use plotters::{
    coord::Shift,
    prelude::*,
    style::{FontStyle, register_font},
};
use std::sync::Once;

/// The font of all charts.
pub(super) const FONT: &str = "sans-serif";
/// Blue, vermilion, green, purple.
pub(super) const COLORS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];
/// Size of labels.
pub(super) const LABEL: i32 = 17;

/// A drawing that can be made on both kinds of canvas.
pub(super) trait Drawing {
    /// Draws; returns the rectangle of pixels that an image would fill, if the drawing has one.
    ///
    /// Errors: what the canvas says.
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<(), String>;
    /// Elements that stand behind everything but the background, in SVG.
    fn behind(&self) -> String {
        String::new()
    }
}

/// What a canvas says.
pub(super) fn wrong(e: impl std::fmt::Display) -> String {
    format!("the chart cannot be drawn: {e}")
}

/// A drawing of that size.
///
/// Errors: what the canvas says.
pub(super) fn made(drawing: &impl Drawing, (width, height): (u32, u32), image: Image) -> Result<Vec<u8>, String> {
    static FONTS: Once = Once::new();
    FONTS.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())] {
            // the bytes are a font, so nothing can go wrong; without it there would be no labels
            register_font(FONT, style, bytes).ok();
        }
    });
    match image {
        Image::Svg => {
            let mut out = String::new();
            {
                let area = SVGBackend::with_string(&mut out, (width, height)).into_drawing_area();
                area.fill(&WHITE).map_err(wrong)?;
                drawing.draw(&area, 1)?;
                area.present().map_err(wrong)?;
            }
            // the background is the first element
            if let Some(at) = out.find("/>\n").map(|k| k + 3) {
                out.insert_str(at, &drawing.behind());
            }
            Ok(out.into_bytes())
        }
        Image::Png => {
            let (width, height) = (2 * width, 2 * height);
            let mut pixels = vec![0; (3 * width * height) as usize];
            {
                let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
                area.fill(&WHITE).map_err(wrong)?;
                drawing.draw(&area, 2)?;
                area.present().map_err(wrong)?;
            }
            png(&pixels, (width, height), None)
        }
    }
}

/// A PNG of pixels in RGB, or of numbers of colors.
///
/// Errors: what the encoder says.
pub(super) fn png(pixels: &[u8], (width, height): (u32, u32), palette: Option<Vec<u8>>) -> Result<Vec<u8>, String> {
    let mut out = vec![];
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    match palette {
        Some(colors) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(colors);
            encoder.set_filter(png::Filter::NoFilter);
        }
        None => encoder.set_color(png::ColorType::Rgb),
    }
    let mut writer = encoder.write_header().map_err(wrong)?;
    writer.write_image_data(pixels).map_err(wrong)?;
    writer.finish().map_err(wrong)?;
    Ok(out)
}

/// Powers of ten as people write them.
pub(super) fn power(k: i32) -> String {
    let digits = |n: u32| {
        n.to_string().chars().map(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(c as usize - '0' as usize).unwrap_or(c)).collect::<String>()
    };
    match k {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        k if k < 0 => format!("10⁻{}", digits(k.unsigned_abs())),
        k => format!("10{}", digits(k.unsigned_abs())),
    }
}

/// A text of that size at a place, by the middle of its left, right or center.
pub(super) fn words<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    at: (i32, i32),
    size: i32,
    side: plotters::style::text_anchor::HPos,
) -> Result<(), String> {
    use plotters::style::text_anchor::{Pos, VPos};
    let style = TextStyle::from((FONT, size).into_font()).pos(Pos::new(side, VPos::Center));
    area.draw_text(text, &style, at).map_err(wrong)
}
