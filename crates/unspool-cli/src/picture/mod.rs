//! Pictures, in colours that those who confuse red and green can tell apart.

mod curse;
mod graph;
pub(crate) mod neighbourhood;
mod training;
mod tuning;

use kuva::backend::raster::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::render::render::Scene;

pub(crate) use self::curse::{Drawn, draw as draw_curse};
pub(crate) use self::graph::{Settings as GraphSettings, draw as draw_graph};
pub(crate) use self::training::draw as draw_training;
pub(crate) use self::tuning::draw as draw_tuning;
use crate::exit::Failure;

const BLUE: &str = "#0072B2";
const ORANGE: &str = "#D55E00";
const GREY: &str = "#7f7f7f";
const PALE: &str = "#c8c8c8";

/// The picture in two formats.
pub(crate) struct Picture {
    /// As SVG.
    pub(crate) svg: String,
    /// As PNG, with twice as many pixels each way.
    pub(crate) png: Vec<u8>,
}

impl Picture {
    /// In both formats.
    fn of(scene: &Scene) -> Result<Self, Failure> {
        let png = RasterBackend::new().with_scale(2.0).render_scene(scene);
        let png = png.map_err(|error| Failure::new(format!("the picture cannot be drawn: {error}"), "report this"))?;
        Ok(Picture { svg: SvgBackend::new().render_scene(scene), png })
    }
}

/// The parts of a curve that lie below a height, cut where they cross it.
fn pieces(points: &[(f64, f64)], height: f64) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = vec![Vec::new()];
    let mut before: Option<(f64, f64)> = None;
    for &(x, y) in points {
        let crossing = before.filter(|&(_, earlier)| (earlier <= height) != (y <= height));
        let cut = crossing.map(|(at, earlier)| (at + (x - at) * (height - earlier) / (y - earlier), height));
        if y > height && cut.is_some() {
            pieces.last_mut().into_iter().for_each(|piece| piece.extend(cut));
            pieces.push(Vec::new());
        } else if y <= height {
            pieces.last_mut().into_iter().for_each(|piece| piece.extend(cut.into_iter().chain([(x, y)])));
        }
        before = Some((x, y));
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// Ten to this power, as on an axis.
fn power_of_ten(power: f64) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => digit.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(digit),
    };
    if power == 0.0 {
        return "1".into();
    }
    format!("10{}", power.round().to_string().chars().map(raised).collect::<String>())
}

/// An entry of a legend.
fn entry(label: &str, color: &str, shape: LegendShape, dash: Option<&str>) -> LegendEntry {
    LegendEntry { label: label.into(), color: color.into(), shape, dasharray: dash.map(Into::into) }
}

#[cfg(test)]
mod tests {
    use super::{pieces, power_of_ten};

    #[test]
    fn ticks_are_powers_of_ten() {
        assert_eq!([-12.0, -3.0, 0.0, 1.0, 4.0].map(power_of_ten), ["10⁻¹²", "10⁻³", "1", "10¹", "10⁴"]);
    }

    #[test]
    fn curves_are_cut_at_a_height() {
        let curve = [(1.0, 3.0), (2.0, 1.0), (3.0, 1.0), (4.0, 3.0), (5.0, 0.0)];
        let expected =
            vec![vec![(1.5, 2.0), (2.0, 1.0), (3.0, 1.0), (3.5, 2.0)], vec![(4.0 + 1.0 / 3.0, 2.0), (5.0, 0.0)]];
        assert_eq!(pieces(&curve, 2.0), expected);
        assert!(pieces(&[(1.0, 3.0), (2.0, 4.0)], 2.0).is_empty());
    }
}
