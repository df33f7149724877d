//! Demosaicking, interpolation, noise levels and metrics on images of up to 24 x 24 pixels.
//!
//! What must hold: nothing panics on any values; where all are finite, so is what comes out, or it is an error.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use unspool_fuzz::Number;
use unspool_image::{Cfa, Image, Mask, Result, demosaick, interpolate, metrics, noise, simulate};
use unspool_restore::{Demosaicker, Interpolator};

static DEMOSAICKER: LazyLock<(Demosaicker, Vec<f32>)> = LazyLock::new(|| {
    let net = Demosaicker::shipped();
    let theta = net.shipped_weights().expect("the weights of the crate");
    (net, theta)
});

static INTERPOLATOR: LazyLock<(Interpolator, Vec<f32>)> = LazyLock::new(|| {
    let net = Interpolator::shipped();
    let theta = net.shipped_weights().expect("the weights of the crate");
    (net, theta)
});

#[derive(Arbitrary, Debug)]
struct Input {
    size: [u8; 2],
    cfa: u8,
    numbers: Vec<Number>,
    task: Task,
}

#[derive(Arbitrary, Debug)]
enum Task {
    Demosaick { method: u8 },
    LearnedDemosaick { sigma: Number },
    Interpolate { method: u8, known: Vec<bool>, channels: bool },
    LearnedInterpolate { known: Vec<bool> },
    Noise { mosaic: bool },
    Metrics { border: u8, eight_bit: bool, other: Vec<Number> },
    Simulate { sigma: Number, share: Number, thickness: Number, step: u8, seed: u8 },
}

fuzz_target!(|input: Input| {
    // an error is an answer, too
    let _ = run(&input);
});

fn run(input: &Input) -> Result<()> {
    // the networks are slow
    let is_learned = matches!(input.task, Task::LearnedDemosaick { .. } | Task::LearnedInterpolate { .. });
    let most = if is_learned { 9 } else { 24 };
    let [height, width] = input.size.map(|side| 1 + usize::from(side % most));
    let cfa = Cfa::ALL[usize::from(input.cfa % 4)];
    let image = |channels: usize, numbers: &[Number]| {
        let mut values = numbers.iter().map(|number| number.value() as f32).chain([0.5]).cycle();
        Image::from_fn(channels, height, width, |_, _, _| values.next().unwrap_or_default())
    };
    let mask = |known: &[bool], channels: usize| {
        let mut known = known.iter().copied().chain([true]).cycle();
        Mask::from_fn(channels, height, width, |_, _, _| known.next().unwrap_or_default())
    };
    match &input.task {
        Task::Demosaick { method } => {
            let methods = demosaick::Method::ALL;
            let mosaic = image(1, &input.numbers);
            check(&mosaic, &demosaick::run(methods[usize::from(*method) % methods.len()], &mosaic, cfa)?);
        }
        Task::LearnedDemosaick { sigma } => {
            let (mosaic, (net, theta)) = (image(1, &input.numbers), &*DEMOSAICKER);
            let done = net.demosaick(theta, &mosaic, cfa, sigma.value() as f32)?;
            if sigma.value().is_finite() {
                check(&mosaic, &done);
            }
        }
        Task::Interpolate { method, known, channels } => {
            let channels = if *channels { 3 } else { 1 };
            let methods = interpolate::Method::ALL;
            let method = methods[usize::from(*method) % methods.len()];
            let image = image(channels, &input.numbers);
            check(&image, &interpolate::run(method, &image, &mask(known, channels))?);
        }
        Task::LearnedInterpolate { known } => {
            let (image, (net, theta)) = (image(1, &input.numbers), &*INTERPOLATOR);
            check(&image, &net.interpolate(theta, &image, &mask(known, 1))?);
        }
        Task::Noise { mosaic } => {
            let image = image(if *mosaic { 1 } else { 3 }, &input.numbers);
            let sigma = noise::estimate(&image, mosaic.then_some(cfa));
            assert!(sigma.is_finite() || !all_finite(&image), "{sigma}");
        }
        Task::Metrics { border, eight_bit, other } => {
            let (image, truth) = (image(3, &input.numbers), image(3, other));
            let options = metrics::Options { eight_bit: *eight_bit, border: usize::from(*border) };
            let finite = all_finite(&image) && all_finite(&truth);
            let mse = metrics::mse(&image, &truth, options)?;
            assert!(mse.is_finite() || !finite, "{mse}");
            let ssim = metrics::ssim(&image, &truth, options)?;
            assert!(ssim.is_finite() || !finite, "{ssim}");
        }
        Task::Simulate { sigma, share, thickness, step, seed } => {
            let (size, seed) = ((1, height, width), u64::from(*seed));
            simulate::regular_mask(size, usize::from(*step), (usize::from(*step) / 2, 0))?;
            simulate::random_mask(size, share.value(), seed)?;
            simulate::scratch_mask(size, usize::from(*step), thickness.value(), seed)?;
            simulate::gaussian_noise(&image(1, &input.numbers), sigma.value() as f32, seed)?;
        }
    }
    Ok(())
}

fn all_finite(image: &Image) -> bool {
    image.data().iter().all(|value| value.is_finite())
}

/// Asserts that what was made of finite values is finite.
fn check(given: &Image, made: &Image) {
    assert_eq!((given.height(), given.width()), (made.height(), made.width()));
    assert!(all_finite(made) || !all_finite(given), "{given:?} {made:?}");
}
