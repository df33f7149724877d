//! What networks start from: samples, and other networks.

use unspool_image::{Cfa, Image, demosaick};
use unspool_restore::{Grid, Observed, Prior, Recipe, Shape, Transformer, start};
use unspool_train::weights;

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

#[test]
fn networks_grow_by_blocks_that_are_nearly_idle() {
    for (prior, preset) in [(Prior::Glr, "uglr"), (Prior::Gtv, "ugtv")] {
        let shape = Shape { blocks: 2, ..Shape::paper(prior, 3) };
        let two = Transformer::new(shape);
        let mut theta: Vec<f32> = two.layout().init(3);
        for entry in two.layout().entries().iter().filter(|entry| entry.name.ends_with("alpha")) {
            theta[entry.range.clone()].fill(0.1);
        }
        let (three, more) = two.grown(3, &theta);
        assert_eq!((three.shape().blocks, three.layout().len()), (3, more.len()));
        let (n, untrained) = (theta.len(), three.layout().init::<f32>(0));
        assert_eq!(more[..n], theta);
        for entry in three.layout().entries().iter().filter(|entry| entry.range.start >= n) {
            let is_solver = ["alpha", "beta", "comb", "gamma"].iter().any(|name| entry.name.ends_with(name));
            let own = entry.range.clone();
            let like = if is_solver { &untrained[own.clone()] } else { &theta[own.start - n / 2..own.end - n / 2] };
            assert_eq!(&more[own], like, "{}", entry.name);
        }
        // the added block changes the estimate by little
        let mosaic = Cfa::Rggb.mosaic(&scene()).unwrap();
        let image = |net: &Transformer, theta: &[f32]| net.demosaick(theta, &mosaic, Cfa::Rggb).unwrap();
        let (before, after) = (image(&two, &theta), image(&three, &more));
        assert!(before.data().iter().zip(after.data()).all(|(a, b)| (a - b).abs() < 0.05));
        // files have as many blocks as they have
        let file = |bytes: &[u8]| weights::File::from_bytes("here", bytes).unwrap();
        let saved = file(&weights::to_bytes(two.layout(), &theta, ""));
        let (read, values) = Transformer::from_file::<f32>(Shape::paper(prior, 3), &saved).unwrap();
        assert_eq!((read.shape(), &values), (shape, &theta));
        let recipe = Recipe { blocks: 3, ..Recipe::preset(preset).unwrap() };
        assert_eq!(recipe.start(&saved).unwrap(), more);
        let refused = Recipe { blocks: 1, ..recipe.clone() }.start(&saved).unwrap_err().to_string();
        assert!(refused.contains("1 where the weights to start from have 2"), "{refused}");
        for blocks in [0, 101, usize::MAX] {
            let refused = Recipe { blocks, ..recipe.clone() }.start(&saved).unwrap_err().to_string();
            assert!(refused.contains("blocks"), "{refused}");
        }
        let other = Recipe::preset("learned").unwrap();
        assert!(other.start(&saved).is_err());
        let refused =
            recipe.start(&file(&weights::to_bytes(&unspool_train::Layout::new(), &[0f32; 0], ""))).unwrap_err();
        assert!(refused.to_string().contains("has no tensor blocks.0"), "{refused}");
    }
}

#[test]
fn files_with_too_many_blocks_are_refused() {
    let file = |blocks: &mut dyn Iterator<Item = usize>| {
        let mut layout = unspool_train::Layout::new();
        for b in blocks {
            layout.add(
                format!("blocks.{b}.comb"),
                &[4],
                unspool_train::Constraint::Free,
                unspool_train::Init::Constant(0.25),
            );
        }
        let bytes = weights::to_bytes(&layout, &layout.init::<f32>(0), "");
        let file = weights::File::from_bytes("here", &bytes).unwrap();
        Transformer::from_file::<f32>(Shape::paper(Prior::Glr, 3), &file).unwrap_err().to_string()
    };
    assert!(file(&mut (0..2000)).contains("at most 100"));
    // blocks after a gap are none
    assert!(file(&mut (1..3)).contains("has no tensor blocks.0"));
}
