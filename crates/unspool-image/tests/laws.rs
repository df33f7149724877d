//! Laws of demosaicking and interpolation, on random images.

use proptest::prelude::*;
use unspool_image::{Cfa, Image, demosaick};

const METHODS: [demosaick::Method; 4] =
    [demosaick::Method::Bilinear, demosaick::Method::Malvar, demosaick::Method::Menon, demosaick::Method::Lmmse];
const PATTERNS: [Cfa; 4] = [Cfa::Rggb, Cfa::Bggr, Cfa::Grbg, Cfa::Gbrg];

/// A mosaic of smooth waves and noise.
fn mosaic(height: usize, width: usize, seed: u64) -> Image {
    Image::from_fn(1, height, width, |_, y, x| {
        let wave = (0.3 * y as f32 + seed as f32).sin() * (0.2 * x as f32).cos();
        let noise = (((y * 31 + x * 17) as u64 + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / 16_777_216.0;
        0.5 + 0.3 * wave + 0.2 * (noise - 0.5)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What was measured stays: the mosaic of the result is the mosaic.
    #[test]
    fn samples_stay(height in 2usize..24, width in 2usize..24, seed in 0u64..1000) {
        let y = mosaic(height, width, seed);
        for cfa in PATTERNS {
            for method in METHODS {
                let image = demosaick::run(method, &y, cfa).unwrap();
                prop_assert!(cfa.mosaic(&image).unwrap().data() == y.data(), "{} {}", method.name(), cfa.name());
            }
        }
    }

    /// A surface of one colour stays one; with Malvar's filters, which take the outermost pixels twice, two pixels from the border.
    #[test]
    fn one_colour_stays(height in 2usize..20, width in 2usize..20, color in prop::array::uniform3(0.05f32..0.95)) {
        let flat = Image::from_fn(3, height, width, |c, _, _| color[c]);
        for cfa in PATTERNS {
            for method in METHODS {
                let image = demosaick::run(method, &cfa.mosaic(&flat).unwrap(), cfa).unwrap();
                let border = if method == demosaick::Method::Malvar { 2 } else { 0 };
                for (c, color) in color.iter().enumerate() {
                    for y in border..height.saturating_sub(border) {
                        for x in border..width.saturating_sub(border) {
                            let got = image.plane(c)[y * width + x];
                            prop_assert!((got - color).abs() < 1e-5, "{} {}: {got}", method.name(), cfa.name());
                        }
                    }
                }
            }
        }
    }

    /// A sensor that begins a row or a column later sees the same scene: far from borders the result is the same.
    #[test]
    fn shifts_of_the_pattern(seed in 0u64..1000, down in 0usize..2, right in 0usize..2) {
        const BORDER: usize = 12;
        let y = mosaic(40, 44, seed);
        let later = y.crop(down, right, 40 - down, 44 - right).unwrap();
        for method in METHODS {
            let whole = demosaick::run(method, &y, Cfa::Rggb).unwrap();
            let part = demosaick::run(method, &later, Cfa::Rggb.shifted(down, right)).unwrap();
            for c in 0..3 {
                for v in BORDER..28 - BORDER / 2 {
                    for u in BORDER..32 - BORDER / 2 {
                        let a = whole.plane(c)[(v + down) * 44 + u + right];
                        let b = part.plane(c)[v * (44 - right) + u];
                        prop_assert!((a - b).abs() < 1e-5, "{} at {v}, {u}: {a} {b}", method.name());
                    }
                }
            }
        }
    }
}
