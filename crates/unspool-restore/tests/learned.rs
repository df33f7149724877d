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

/// Odd sizes: turned, the cells of the image are the same.
#[test]
fn gaps_are_filled_with_the_mean_over_turns() {
    let net = Interpolator::shipped();
    let theta = net.shipped_weights().unwrap();
    let (height, width) = (39, 45);
    let all = scene(height, width);
    let image = Image::from_fn(1, height, width, |_, y, x| all.plane(1)[y * width + x]);
    let is_known = |y: usize, x: usize| y % 2 + x % 2 == 0 || (x * 7 + y * 5) % 11 < 3;
    let mut mean = vec![0.0; height * width];
    for turn in 0..8 {
        let (rows, columns) = if turn & 4 == 0 { (height, width) } else { (width, height) };
        let upright = |y: usize, x: usize| {
            let (y, x) =
                (if turn & 1 == 0 { y } else { rows - 1 - y }, if turn & 2 == 0 { x } else { columns - 1 - x });
            if turn & 4 == 0 { (y, x) } else { (x, y) }
        };
        let turned = Image::from_fn(1, rows, columns, |_, y, x| {
            let (y, x) = upright(y, x);
            image.plane(0)[y * width + x]
        });
        let mask = Mask::from_fn(1, rows, columns, |_, y, x| is_known(upright(y, x).0, upright(y, x).1));
        let once = net.clone().once().interpolate(&theta, &turned, &mask).unwrap();
        for (i, value) in once.plane(0).iter().enumerate() {
            let (y, x) = upright(i / columns, i % columns);
            mean[y * width + x] += value / 8.0;
        }
    }
    let mask = Mask::from_fn(1, height, width, |_, y, x| is_known(y, x));
    let result = net.interpolate(&theta, &image, &mask).unwrap();
    assert!(result.plane(0).iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1e-4));
    let once = net.once().interpolate(&theta, &image, &mask).unwrap();
    assert!(result.plane(0).iter().zip(once.plane(0)).any(|(a, b)| (a - b).abs() > 1e-3));
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
