//! Training: to the end, interrupted, resumed; threads; bad input.

use std::ops::ControlFlow;
use std::path::Path;

use unspool_train::layer::Linear;
use unspool_train::trainer::Event;
use unspool_train::{
    Constraint, Ended, Error, Init, Layout, Model, Muon, Noise, Result, RunFolder, Schedule, Settings, Trainer, weights,
};

/// The mean of `W x + b` with noise on `x`, which is repeated as often as needed, squared error, and a positive factor.
struct Line {
    layout: Layout,
    linear: Linear,
    factor: std::ops::Range<usize>,
}

impl Line {
    fn new() -> Self {
        Line::of(3, 1)
    }

    fn of(inputs: usize, outputs: usize) -> Self {
        let mut layout = Layout::new();
        let linear = Linear::new(&mut layout, "line", inputs, outputs, Init::Xavier(1.0), Init::Constant(0.0));
        let factor = layout.add("factor", &[1], Constraint::Positive, Init::Constant(1.0));
        Line { layout, linear, factor }
    }
}

impl Model<f64> for Line {
    type Sample = [f64; 4];
    type Memory = ();

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn memory(&self) {}

    fn loss(&self, theta: &[f64], s: &[f64; 4], noise: &mut Noise, g: &mut [f64], (): &mut ()) -> Result<f64> {
        use rand::RngExt;
        let outputs = self.linear.bias().len();
        let inputs = self.linear.weight().len() / outputs;
        let x: Vec<f64> = s[..3].iter().cycle().take(inputs).map(|x| x + 0.01 * noise.random::<f64>()).collect();
        let mut y = vec![0.0; outputs];
        self.linear.forward(theta, &x, &mut y);
        let (factor, mean) = (theta[self.factor.start], y.iter().sum::<f64>() / outputs as f64);
        let error = factor * mean - s[3];
        g[self.factor.start] += 2.0 * error * mean;
        self.linear.backward(theta, &x, &vec![2.0 * error * factor / outputs as f64; outputs], g, None);
        Ok(error * error)
    }

    fn metric_names(&self) -> Vec<String> {
        vec!["error".into()]
    }

    fn metrics(&self, theta: &[f64], s: &[f64; 4], noise: &mut Noise, out: &mut [f64], m: &mut ()) -> Result<()> {
        out[0] = self.loss(theta, s, noise, &mut vec![0.0; theta.len()], m)?;
        Ok(())
    }
}

fn data(count: usize) -> Vec<[f64; 4]> {
    (0..count)
        .map(|k| {
            let x = [(k as f64).sin(), (1.7 * k as f64).cos(), (0.3 * k as f64).sin()];
            [x[0], x[1], x[2], 2.0 * x[0] - x[1] + 0.5]
        })
        .collect()
}

fn settings() -> Settings {
    let schedule = Schedule::Cosine { warm_up: 0.1 };
    Settings { epochs: 12, batch: 7, rate: 0.05, schedule, checkpoint_every: 3, clip: Some(1.0), ..Settings::default() }
}

fn open(path: &Path, resume: bool) -> Result<RunFolder> {
    RunFolder::open(path, &serde_json::to_value(settings()).unwrap(), resume)
}

/// Files that must not depend on interruptions.
fn files(path: &Path) -> [Vec<u8>; 3] {
    ["weights.safetensors", "metrics.jsonl", "checkpoint.safetensors"]
        .map(|name| std::fs::read(path.join(name)).unwrap())
}

/// By Adam alone; and with a matrix that takes Muon's steps.
fn both() -> [(Line, Settings); 2] {
    let muon = Some(Muon { size: 1.0, momentum: 0.8 });
    [(Line::new(), settings()), (Line::of(16, 16), Settings { muon, ..settings() })]
}

fn whole(threads: usize, net: &Line, settings: Settings) -> [Vec<u8>; 3] {
    let home = tempfile::tempdir().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let folder = open(home.path(), false).unwrap();
        let mut trainer: Trainer<f64, Line> = Trainer::new(net, settings).unwrap();
        let ended = trainer.run(&data(50), &data(20), Some(&folder), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(ended, Ended::Finished);
        let error = trainer.history().last().unwrap().validation[0].1;
        assert!(error < 1e-3, "{error}");
    });
    files(home.path())
}

#[test]
fn threads_change_nothing() {
    assert!(both().into_iter().all(|(net, settings)| whole(1, &net, settings) == whole(3, &net, settings)));
}

#[test]
fn interrupted_anywhere_and_resumed_it_ends_with_the_same_bits() {
    for ((net, settings), strides) in both().into_iter().zip([&[1, 2, 5, 13][..], &[5]]) {
        let want = whole(2, &net, settings);
        for &stride in strides {
            let home = tempfile::tempdir().unwrap();
            let mut runs = 0;
            loop {
                runs += 1;
                let folder = open(home.path(), true).unwrap();
                let mut trainer: Trainer<f64, Line> = Trainer::new(&net, settings).unwrap();
                if folder.checkpoint().exists() {
                    trainer.resume(&folder.checkpoint()).unwrap();
                }
                let mut left = stride;
                let ended = trainer.run(&data(50), &data(20), Some(&folder), |event| {
                    left -= usize::from(matches!(event, Event::Batch(..)));
                    if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                if ended.unwrap() == Ended::Finished {
                    break;
                }
                assert!(runs < 200);
            }
            assert!(runs > 5 && files(home.path()) == want, "every {stride} batches");
        }
    }
}

#[test]
fn a_folder_is_one_runs_own() {
    let home = tempfile::tempdir().unwrap();
    let folder = open(home.path(), false).unwrap();
    assert!(open(home.path(), true).unwrap_err().to_string().contains("another process"));
    let net = Line::new();
    let mut trainer: Trainer<f64, Line> = Trainer::new(&net, Settings { epochs: 1, ..settings() }).unwrap();
    trainer.run(&data(5), &data(5), Some(&folder), |_| ControlFlow::Continue(())).unwrap();
    drop(folder);
    assert!(open(home.path(), false).unwrap_err().to_string().contains("holds a run"));
    let other = serde_json::json!({});
    assert!(RunFolder::open(home.path(), &other, true).unwrap_err().to_string().contains("configuration"));
}

#[test]
fn a_damaged_checkpoint_is_an_error_at_every_byte() {
    let home = tempfile::tempdir().unwrap();
    let (net, folder) = (Line::new(), open(home.path(), false).unwrap());
    let mut trainer: Trainer<f64, Line> = Trainer::new(&net, Settings { epochs: 1, ..settings() }).unwrap();
    trainer.run(&data(5), &data(5), Some(&folder), |_| ControlFlow::Continue(())).unwrap();
    let bytes = std::fs::read(folder.checkpoint()).unwrap();
    let cut = home.path().join("cut");
    for end in 0..bytes.len() {
        std::fs::write(&cut, &bytes[..end]).unwrap();
        let mut other: Trainer<f64, Line> = Trainer::new(&net, settings()).unwrap();
        assert!(matches!(other.resume(&cut), Err(Error::File { .. })), "{end}");
    }
}

#[test]
fn progress_that_cannot_be_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let (net, path) = (Line::new(), home.path().join("checkpoint.safetensors"));
    let n = net.layout().len();
    let mut layout = Layout::new();
    for name in ["raw", "first_moment", "second_moment", "best"] {
        layout.add(name, &[n], Constraint::Free, Init::Constant(0.0));
    }
    let resumed = |epoch: u64, best_epoch: u64, steps: u64| {
        let text = format!(
            r#"{{"steps":{steps},"epoch":{epoch},"batch":0,"loss":0.0,"rate":0.1,"best_epoch":{best_epoch},"best_value":null,"history":[]}}"#
        );
        std::fs::write(&path, weights::to_bytes(&layout, &vec![0.1; 4 * n], &text)).unwrap();
        let settings = Settings { epochs: usize::MAX, patience: Some(usize::MAX), ..settings() };
        let mut trainer: Trainer<f64, Line> = Trainer::new(&net, settings).unwrap();
        trainer.resume(&path).map(|()| trainer.run(&data(9), &data(2), None, |_| ControlFlow::Break(())))
    };
    for (epoch, best_epoch) in [(1, 0), (u64::MAX, 0), (0, 1), (0, u64::MAX)] {
        let error = resumed(epoch, best_epoch, 0).unwrap_err().to_string();
        assert!(error.contains("checkpoint.safetensors") && error.contains("do not add up"), "{error}");
    }
    for steps in [0, u64::MAX] {
        assert_eq!(resumed(0, 0, steps).unwrap().unwrap(), Ended::Interrupted);
    }
}

#[test]
fn weights_too_large_for_their_type_are_refused() {
    let net = Line::new();
    let bytes = weights::to_bytes(net.layout(), &vec![1e300; net.layout().len()], "");
    let file = weights::File::from_bytes("large.safetensors", &bytes).unwrap();
    assert!(file.values::<f64>(net.layout()).is_ok());
    let error = file.values::<f32>(net.layout()).unwrap_err().to_string();
    assert!(error.contains("large.safetensors") && error.contains("entry 0") && error.contains("f32"), "{error}");
}

#[test]
fn what_is_not_finite_is_named() {
    let net = Line::new();
    let mut trainer: Trainer<f64, Line> = Trainer::new(&net, settings()).unwrap();
    let bad = vec![[1.0, f64::NAN, 0.0, 1.0]; 3];
    let error = trainer.run(&bad, &data(2), None, |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.to_string(), "epoch 1, batch 1: the loss is not finite");
    assert!(trainer.run(&data(0), &data(2), None, |_| ControlFlow::Continue(())).is_err());
    assert!(Trainer::<f64, _>::new(&net, Settings { batch: 0, ..settings() }).is_err());
    assert!(Trainer::<f64, _>::new(&net, Settings { rate: f64::NAN, ..settings() }).is_err());
    for muon in [Muon { momentum: 1.0, ..Muon::default() }, Muon { size: f64::NAN, ..Muon::default() }] {
        assert!(Trainer::<f64, _>::new(&net, Settings { muon: Some(muon), ..settings() }).is_err());
    }
}
