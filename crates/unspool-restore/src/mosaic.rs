//! uGLR and uGTV on mosaics of any Bayer pattern: trained on RGGB, they see others turned around until red comes first.

use unspool_image::{Cfa, Image, Result};

use crate::explain::{Explanation, SIDE};
use crate::learned::shipped;
use crate::restore::Observed;
use crate::transformer::{Prior, Shape, Transformer};

/// The weights that are shipped.
static UGLR: &[u8] = include_bytes!("../weights/uglr.safetensors");
static UGTV: &[u8] = include_bytes!("../weights/ugtv.safetensors");

/// A mosaic with red first, and how it was turned.
struct Turned {
    observed: Observed<f32>,
    size: (usize, usize),
    rows: bool,
    columns: bool,
}

impl Turned {
    fn new(mosaic: &Image, cfa: Cfa) -> Result<Self> {
        let (y0, x0) = cfa.red();
        let (height, width) = (mosaic.height(), mosaic.width());
        let (rows, columns) = (y0 == 1, x0 == 1);
        let cfa = cfa.shifted((height - 1) * y0, (width - 1) * x0);
        let spread = cfa.spread(&mosaic.mirrored(rows, columns))?;
        let observed = Observed::new(height, width, spread.data(), cfa.mask(height, width).known());
        Ok(Turned { observed, size: (height, width), rows, columns })
    }

    fn back(&self, channels: usize, values: Vec<f32>) -> Result<Image> {
        Ok(Image::new(channels, self.size.0, self.size.1, values)?.mirrored(self.rows, self.columns))
    }
}

impl Transformer {
    /// uGLR or uGTV of the paper, for colour images, whose weights come with the crate.
    pub fn shipped(prior: Prior) -> Self {
        Transformer::new(Shape::paper(prior, 3))
    }

    /// The weights that come with the crate, for a [shipped](Transformer::shipped) network.
    ///
    /// # Errors
    /// A network of another shape; else none, unless the crate was damaged.
    pub fn shipped_weights(&self) -> unspool_train::Result<Vec<f32>> {
        shipped(if self.shape().prior == Prior::Glr { UGLR } else { UGTV }, self.layout())
    }

    /// Demosaicks: three channels, neither clipped nor rounded.
    ///
    /// # Errors
    /// Not a mosaic.
    ///
    /// # Panics
    /// As [`Transformer::restore`].
    pub fn demosaick(&self, theta: &[f32], mosaic: &Image, cfa: Cfa) -> Result<Image> {
        let turned = Turned::new(mosaic, cfa)?;
        turned.back(3, turned.observed.image(&self.restore(theta, &turned.observed)))
    }

    /// [`Transformer::demosaick`] with what happened on the way, as [`Transformer::explain`] tells it.
    ///
    /// # Errors
    /// Not a mosaic.
    ///
    /// # Panics
    /// As [`Transformer::explain`].
    pub fn explain_mosaic(
        &self,
        theta: &[f32],
        mosaic: &Image,
        cfa: Cfa,
        pixels: &[(usize, usize)],
    ) -> Result<Explanation<f32>> {
        let turned = Turned::new(mosaic, cfa)?;
        let (height, width) = turned.size;
        let place = |turned: bool, i: usize, n: usize| if turned { n - 1 - i } else { i };
        let there: Vec<(usize, usize)> = pixels
            .iter()
            .map(|&(y, x)| {
                (place(turned.rows, y.min(height - 1), height), place(turned.columns, x.min(width - 1), width))
            })
            .collect();
        let mut told = self.explain(theta, &turned.observed, &there);
        let turn = |channels: usize, values: &mut Vec<f32>| -> Result<()> {
            *values = turned.back(channels, std::mem::take(values))?.data().to_vec();
            Ok(())
        };
        told.estimates.iter_mut().try_for_each(|values| turn(3, values))?;
        told.ties.iter_mut().flatten().try_for_each(|values| turn(1, values))?;
        turn(1, &mut told.spread)?;
        for window in told.windows.iter_mut().flatten().flatten() {
            let own = *window;
            *window = std::array::from_fn(|i| {
                own[place(turned.rows, i / SIDE, SIDE) * SIDE + place(turned.columns, i % SIDE, SIDE)]
            });
        }
        Ok(told)
    }
}
