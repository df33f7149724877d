//! Weights, checkpoints, run folders and recipes.
//!
//! The first byte chooses. What must hold: nothing panics; weights that are read into a network's layout are finite and
//! are written and read again with the same bits; a checkpoint of any progress is gone on from, or refused; a recipe that
//! is read is the same after it was written, and trains a step or is refused.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use unspool_fuzz::{file, path};
use unspool_image::Image;
use unspool_restore::{Demosaicker, Interpolator, Prior, Transformer};
use unspool_topology::recipe::Network;
use unspool_topology::{L2g, Labelled, Learned, PriorNet, Unrolling, prior_net, unrolling};
use unspool_train::weights::{self, File};
use unspool_train::{Constraint, Epoch, Init, Layout, Model, RunFolder, Settings, Trainer};

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    match first % 5 {
        0 => read(bytes),
        1 => progress(&String::from_utf8_lossy(bytes)),
        2 => folder(bytes),
        3 => graph_recipe(bytes),
        _ => image_recipe(bytes),
    }
});

/// Weights into the layout of every network, small and large.
fn read(bytes: &[u8]) {
    let _ = Learned::read(&file("weights.safetensors", bytes));
    let Ok(file) = File::from_bytes("x", bytes) else { return };
    let unrolled = |recurrent| Model::<f32>::layout(&Unrolling::new(unrolling::LAYERS, recurrent)).clone();
    let layouts = [
        unrolled(true),
        unrolled(false),
        Model::<f32>::layout(&L2g::new(4, 1)).clone(),
        Model::<f32>::layout(&PriorNet::new(prior_net::BLOCKS)).clone(),
        Demosaicker::shipped().layout().clone(),
        Interpolator::shipped().layout().clone(),
        Transformer::shipped(Prior::Glr).layout().clone(),
        Transformer::shipped(Prior::Gtv).layout().clone(),
    ];
    for layout in layouts {
        let Ok(values) = file.values::<f32>(&layout) else { continue };
        assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
        let again = File::from_bytes("y", &weights::to_bytes(&layout, &values, file.text())).expect("weights");
        assert_eq!(again.text(), file.text());
        let again = again.values::<f32>(&layout).expect("the same weights");
        assert!(values.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}

/// A graph of three nodes.
fn sample() -> Labelled<f32> {
    Labelled { nodes: 3, z: vec![1.0, 2.0, 3.0], truth: vec![0.5, 0.0, 0.25] }
}

/// A checkpoint of this progress.
fn progress(text: &str) {
    let net = Unrolling::new(2, true);
    let n = Model::<f32>::layout(&net).len();
    let mut layout = Layout::new();
    for name in ["raw", "first_moment", "second_moment", "best"] {
        layout.add(name, &[n], Constraint::Free, Init::Constant(0.0));
    }
    let path = file("checkpoint.safetensors", &weights::to_bytes(&layout, &vec![0.1_f32; 4 * n], text));
    let settings = Settings { epochs: 3, batch: 1, patience: Some(2), ..Settings::default() };
    let mut trainer = Trainer::<f32, _>::new(&net, settings).expect("settings");
    if trainer.resume(&path).is_ok() {
        let data = vec![sample(); 2];
        let _ = trainer.run(&data, &data, None, |_| ControlFlow::Continue(()));
        assert_eq!(trainer.best().len(), n);
    }
}

/// A run folder with this configuration and these metrics.
fn folder(bytes: &[u8]) {
    for line in String::from_utf8_lossy(bytes).lines() {
        let Ok(epoch) = serde_json::from_str::<Epoch>(line) else { continue };
        let text = serde_json::to_string(&epoch).expect("an epoch as text");
        assert_eq!(serde_json::from_str::<Epoch>(&text).expect("the same epoch"), epoch);
    }
    let folder = path("run");
    std::fs::create_dir_all(&folder).expect("a folder");
    let _ = file("run/config.json", bytes);
    let _ = file("run/checkpoint.safetensors", b"");
    let config = serde_json::from_slice(bytes);
    let opened = RunFolder::open(&folder, config.as_ref().unwrap_or(&Value::Null), true);
    assert_eq!(opened.is_ok(), config.is_ok(), "{opened:?}");
}

/// An empty run folder.
fn empty(name: &str) -> RunFolder {
    let path = path(name);
    let _ = std::fs::remove_dir_all(&path);
    RunFolder::open(&path, &Value::Null, false).expect("a run folder")
}

fn graph_recipe(bytes: &[u8]) {
    type Recipe = unspool_topology::recipe::Recipe;
    let Ok(recipe) = serde_json::from_slice::<Recipe>(bytes) else { return };
    let again = serde_json::to_vec(&recipe).expect("a recipe as text");
    assert_eq!(serde_json::from_slice::<Recipe>(&again).expect("the same recipe"), recipe);
    let small = match &recipe.model {
        Network::Learned { data, validation } => {
            data.nodes[1] <= 12 && data.signals[1] <= 1000 && data.examples <= 8 && *validation <= 3
        }
        Network::Unrolling { data, .. } | Network::L2g { data } => {
            data.nodes <= 8 && data.signals <= 1000 && data.training <= 3 && data.validation <= 3
        }
    };
    if small && recipe.training.batch <= 4 {
        let _ = recipe.train(&empty("graphs"), |_| ControlFlow::Break(()));
    }
}

fn image_recipe(bytes: &[u8]) {
    type Recipe = unspool_restore::Recipe;
    let Ok(recipe) = serde_json::from_slice::<Recipe>(bytes) else { return };
    let again = serde_json::to_vec(&recipe).expect("a recipe as text");
    assert_eq!(serde_json::from_slice::<Recipe>(&again).expect("the same recipe"), recipe);
    let small = recipe.patches.size.max(recipe.validation.size) <= 8;
    if small && recipe.patches.count.max(recipe.validation.count) <= 2 && recipe.training.batch <= 2 {
        let images = [Image::from_fn(3, 9, 8, |c, y, x| (c + y + x) as f32 / 20.0)];
        let _ = recipe.train(&images, &images, None, &empty("images"), |_| ControlFlow::Break(()));
    }
}
