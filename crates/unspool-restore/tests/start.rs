//! What networks start from.

use unspool_image::{Cfa, Image, demosaick};
use unspool_restore::{Grid, Observed, start};

fn scene() -> Image {
    Image::from_fn(3, 9, 11, |c, y, x| 0.5 + 0.3 * ((0.7 + 0.2 * c as f32) * y as f32 + 0.9 * x as f32).sin())
}

#[test]
fn mosaics_start_from_malvar() {
    for cfa in Cfa::ALL {
        let mosaic = cfa.mosaic(&scene()).unwrap();
        let observed = Observed::new(9, 11, cfa.spread(&mosaic).unwrap().data(), cfa.mask(9, 11).known());
        let want = demosaick::run(demosaick::Method::Malvar, &mosaic, cfa).unwrap();
        assert_eq!(observed.image(&observed.start()), want.data());
    }
}

#[test]
fn other_masks_start_from_means() {
    let (grid, scene) = (Grid::new(9, 11), scene());
    // one sample more than a mosaic has; a mosaic that is not finite
    let mut more = Cfa::Grbg.mask(9, 11).known().to_vec();
    more[0] = true;
    let mut infinite = scene.data().to_vec();
    infinite[99] = f32::INFINITY;
    for (samples, known) in [(scene.data(), &more[..]), (&infinite, Cfa::Grbg.mask(9, 11).known())] {
        let observed = Observed::new(9, 11, samples, known);
        let got = observed.image(&observed.start());
        for c in 0..3 {
            let own = c * 99..(c + 1) * 99;
            let plane = |values: &dyn Fn(usize) -> f32| {
                let mut plane = vec![0.0; grid.plane()];
                grid.put(&own.clone().map(values).collect::<Vec<_>>(), &mut plane);
                plane
            };
            let y = plane(&|i| if known[i] { samples[i] } else { 0.0 });
            let marks = plane(&|i| f32::from(u8::from(known[i])));
            let (mut x, mut want) = (vec![0.0; grid.plane()], vec![0.0; 99]);
            start::tent(grid, &y, &marks, &mut x);
            grid.get(&x, &mut want);
            assert_eq!(got[own.clone()], want);
        }
    }
}
