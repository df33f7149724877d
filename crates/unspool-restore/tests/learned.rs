//! The networks that are shipped, on whole images.

use unspool_image::{Cfa, Image, Mask, demosaick, interpolate, metrics, simulate};
use unspool_restore::{Demosaicker, Interpolator};

/// Slopes, edges and waves.
fn scene(height: usize, width: usize) -> Image {
    Image::from_fn(3, height, width, |c, y, x| {
        let wave = (0.4 * x as f32 + 0.1 * y as f32).sin() * 0.1;
        let edge = if (x + 2 * y) % 37 < 15 { 0.25 } else { 0.0 };
        0.3 + edge + wave + 0.08 * c as f32
    })
}

fn mse(image: &Image, truth: &Image) -> f64 {
    metrics::mse(image, truth, metrics::Options { border: 4, ..Default::default() }).unwrap()
}

#[test]
fn better_than_what_they_start_from() {
    let truth = scene(96, 120);
    let net = Demosaicker::shipped();
    let theta = net.shipped_weights().unwrap();
    for sigma in [0.0, 0.04] {
        let mosaic = simulate::gaussian_noise(&Cfa::Rggb.mosaic(&truth).unwrap(), sigma, 3).unwrap();
        let own = net.demosaick(&theta, &mosaic, Cfa::Rggb, sigma).unwrap();
        let start = demosaick::run(demosaick::Method::Menon, &mosaic, Cfa::Rggb).unwrap();
        assert!(mse(&own, &truth) < mse(&start, &truth), "noise {sigma}");
    }
    let net = Interpolator::shipped();
    let theta = net.shipped_weights().unwrap();
    let whole = (3, 96, 120);
    for mask in [simulate::regular_mask(whole, 2, (0, 0)).unwrap(), simulate::random_mask(whole, 0.3, 4).unwrap()] {
        let own = net.interpolate(&theta, &truth, &mask).unwrap();
        let start = interpolate::run(interpolate::Method::Biharmonic, &truth, &mask).unwrap();
        assert!(mse(&own, &truth) < mse(&start, &truth));
        let once = net.clone().once().interpolate(&theta, &truth, &mask).unwrap();
        assert!(mse(&own, &truth) < mse(&once, &truth));
        assert!(own.data().iter().zip(truth.data()).zip(mask.known()).all(|((a, b), known)| !known || a == b));
    }
}

#[test]
fn turning_the_sensor_turns_the_image() {
    let net = Demosaicker::shipped();
    let theta = net.shipped_weights().unwrap();
    let mosaic = Cfa::Rggb.mosaic(&scene(40, 44)).unwrap();
    let straight = net.demosaick(&theta, &mosaic, Cfa::Rggb, 0.0).unwrap();
    // the same sensor, one row and column less: another pattern, the same pixels away from the border
    let shifted = net.demosaick(&theta, &mosaic.crop(1, 1, 39, 43).unwrap(), Cfa::Bggr, 0.0).unwrap();
    let away = |y: usize, x: usize| straight.plane(1)[y * 44 + x] - shifted.plane(1)[(y - 1) * 43 + x - 1];
    assert!((18..22).all(|y| (18..26).all(|x| away(y, x).abs() < 0.02)));
}

#[test]
fn turning_an_image_with_gaps_turns_the_result() {
    let net = Interpolator::shipped();
    let theta = net.shipped_weights().unwrap();
    // an odd number of rows: turned, its cells are the same
    let image = scene(39, 44);
    let turned = Image::from_fn(3, 44, 39, |c, y, x| image.plane(c)[(38 - x) * 44 + y]);
    let is_known = |y: usize, x: usize| y % 2 + x % 2 == 0 || (x * 7 + y * 5) % 11 < 3;
    let mask = Mask::from_fn(3, 39, 44, |_, y, x| is_known(y, x));
    let turned_mask = Mask::from_fn(3, 44, 39, |_, y, x| is_known(38 - x, y));
    let result = net.interpolate(&theta, &image, &mask).unwrap();
    let other = net.interpolate(&theta, &turned, &turned_mask).unwrap();
    let difference = |c: usize, y: usize, x: usize| other.plane(c)[y * 39 + x] - result.plane(c)[(38 - x) * 44 + y];
    for c in 0..3 {
        assert!((0..44).all(|y| (0..39).all(|x| difference(c, y, x).abs() < 1e-4)), "channel {c}");
    }
}

#[test]
fn values_that_are_not_finite_or_too_large_are_errors() {
    let (net, other) = (Demosaicker::shipped(), Interpolator::shipped());
    let (theta, other_theta) = (net.shipped_weights().unwrap(), other.shipped_weights().unwrap());
    let mask = simulate::regular_mask((1, 9, 8), 2, (0, 0)).unwrap();
    for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
        let image = Image::from_fn(1, 9, 8, |_, y, x| if (y / 4, x / 4) == (1, 1) { bad } else { 0.5 });
        assert!(net.demosaick(&theta, &image, Cfa::Grbg, 0.0).is_err(), "{bad}");
        assert!(bad == f32::MAX || other.interpolate(&other_theta, &image, &mask).is_err(), "{bad}");
        for method in demosaick::Method::ALL {
            assert!(demosaick::run(method, &image, Cfa::Rggb).is_err(), "{method} {bad}");
        }
    }
}
