//! How close an image is to the truth.

use rayon::prelude::*;

use crate::Image;
use crate::error::{Error, Result};

/// What is compared of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Both images are clipped to 0 to 1 and rounded to multiples of 1/255 first.
    pub eight_bit: bool,
    /// So many pixels at each border are left out.
    pub border: usize,
}

impl Options {
    /// What is compared, after a check that there is something and that the sizes agree.
    fn prepare(self, image: &Image, truth: &Image) -> Result<[Image; 2]> {
        truth.check_same(image, "the image to be compared")?;
        let (height, width) = (truth.height(), truth.width());
        if height.min(width) <= self.border.saturating_mul(2) || truth.channels() == 0 {
            return Err(Error::Data {
                problem: format!("nothing is left of {height} x {width} pixels without a border of {}", self.border),
                hint: "leave out a narrower border",
            });
        }
        let one = |image: &Image| {
            let mut inner = image.crop(self.border, self.border, height - 2 * self.border, width - 2 * self.border)?;
            if self.eight_bit {
                inner.data_mut().par_iter_mut().for_each(|v| *v = (v.clamp(0.0, 1.0) * 255.0).round() / 255.0);
            }
            Ok(inner)
        };
        Ok([one(image)?, one(truth)?])
    }
}

/// The mean squared error, over all channels together.
///
/// ```
/// use unspool_image::{Image, metrics};
/// let truth = Image::zeros(3, 4, 4);
/// let image = Image::from_fn(3, 4, 4, |_, _, _| 0.1);
/// let mse = metrics::mse(&image, &truth, metrics::Options::default())?;
/// assert!((metrics::psnr(mse) - 20.0).abs() < 1e-6);
/// # Ok::<(), unspool_image::Error>(())
/// ```
///
/// # Errors
/// The sizes differ; the border leaves nothing.
pub fn mse(image: &Image, truth: &Image, options: Options) -> Result<f64> {
    let [image, truth] = options.prepare(image, truth)?;
    let rows = image.data().par_chunks(image.width()).zip(truth.data().par_chunks(image.width()));
    let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
    let sums: Vec<f64> = rows.map(|(a, b)| a.iter().zip(b).map(square).sum()).collect();
    Ok(sums.iter().sum::<f64>() / image.data().len() as f64)
}

/// The peak signal-to-noise ratio of a mean squared error, `-10 log10(mse)` dB for a peak of one; infinite for zero.
pub fn psnr(mse: f64) -> f64 {
    -10.0 * mse.log10()
}

/// The PSNR over all channels together, in dB, which for colour images is called CPSNR.
///
/// # Errors
/// As [`mse`].
pub fn cpsnr(image: &Image, truth: &Image, options: Options) -> Result<f64> {
    mse(image, truth, options).map(psnr)
}

/// The mean of the PSNR of several images of these mean squared errors; `None` of none.
pub fn mean_psnr(mses: &[f64]) -> Option<f64> {
    mean(mses.iter().map(|&mse| psnr(mse)))
}

/// The PSNR of a whole data set: that of the mean of its images' mean squared errors; `None` of none. It is at most
/// [`mean_psnr`], the logarithm being concave.
///
/// ```
/// use unspool_image::metrics::{mean_psnr, psnr_of_mean};
/// let mses = [1e-2, 1e-4];
/// assert_eq!(mean_psnr(&mses), Some(30.0));
/// assert!(psnr_of_mean(&mses) < Some(23.0));
/// ```
pub fn psnr_of_mean(mses: &[f64]) -> Option<f64> {
    mean(mses.iter().copied()).map(psnr)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let n = values.len();
    (n > 0).then(|| values.sum::<f64>() / n as f64)
}

/// Side of the window of [`ssim`].
const WINDOW: usize = 11;

/// The structural similarity, 1 for equal images: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality
/// assessment: from error visibility to structural similarity", IEEE Transactions on Image Processing 13(4), 2004.
///
/// With means `m`, variances `s^2` and covariance `s_ab` in a Gaussian window of 11 x 11 and standard deviation 1.5,
/// `(2 m_a m_b + C1) (2 s_ab + C2) / ((m_a^2 + m_b^2 + C1) (s_a^2 + s_b^2 + C2))`, `C1 = 0.01^2`, `C2 = 0.03^2`; the
/// mean over all windows inside of the image and over the channels.
///
/// # Errors
/// The sizes differ; less than 11 rows or columns are left.
pub fn ssim(image: &Image, truth: &Image, options: Options) -> Result<f64> {
    let [image, truth] = options.prepare(image, truth)?;
    let (height, width) = (image.height(), image.width());
    if height.min(width) < WINDOW {
        return Err(Error::Shape {
            what: "the image to be compared",
            got: format!("{height} x {width}"),
            want: format!("at least {WINDOW} x {WINDOW}, for SSIM,"),
        });
    }
    let channels = (0..image.channels()).map(|c| {
        let (a, b) = (image.plane(c), truth.plane(c));
        let window = |f: &(dyn Fn(f64, f64) -> f64 + Sync)| {
            let product: Vec<f64> = a.par_iter().zip(b).map(|(&a, &b)| f(f64::from(a), f64::from(b))).collect();
            gaussian(&product, width)
        };
        let (a, b) = (window(&|a, _| a), window(&|_, b| b));
        let (aa, bb, ab) = (window(&|a, _| a * a), window(&|_, b| b * b), window(&|a, b| a * b));
        let (c1, c2) = (0.01_f64.powi(2), 0.03_f64.powi(2));
        let similarity = |i: usize| {
            let (squares, product) = (a[i] * a[i] + b[i] * b[i], a[i] * b[i]);
            let alike = (2.0 * product + c1) * (2.0 * (ab[i] - product) + c2);
            alike / ((squares + c1) * (aa[i] + bb[i] - squares + c2))
        };
        (0..a.len()).map(similarity).sum::<f64>() / a.len() as f64
    });
    Ok(channels.sum::<f64>() / image.channels() as f64)
}

/// The Gaussian means of all windows inside of the plane.
fn gaussian(plane: &[f64], width: usize) -> Vec<f64> {
    let weights: [f64; WINDOW] = std::array::from_fn(|i| (-(i as f64 - 5.0).powi(2) / (2.0 * 1.5 * 1.5)).exp());
    let total: f64 = weights.iter().sum();
    let weights = weights.map(|w| w / total);
    let inner = width + 1 - WINDOW;
    let weighted = |values: &mut dyn Iterator<Item = f64>| values.zip(weights).map(|(v, w)| v * w).sum::<f64>();
    let mut rows = vec![0.0; plane.len() / width * inner];
    rows.par_chunks_mut(inner).zip(plane.par_chunks(width)).for_each(|(out, row)| {
        out.iter_mut().enumerate().for_each(|(x, out)| *out = weighted(&mut row[x..x + WINDOW].iter().copied()));
    });
    let mut out = vec![0.0; rows.len() - (WINDOW - 1) * inner];
    out.par_chunks_mut(inner).enumerate().for_each(|(y, out)| {
        let column = |x: usize| (y..y + WINDOW).map(move |y| y * inner + x);
        out.iter_mut().enumerate().for_each(|(x, out)| *out = weighted(&mut column(x).map(|i| rows[i])));
    });
    out
}
