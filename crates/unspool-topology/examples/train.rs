//! Trains.
use std::ops::ControlFlow;
use std::time::Instant;
use unspool_topology::data::{Kind, Mixture};
use unspool_topology::{Example, PriorNet};
use unspool_train::trainer::Event;
use unspool_train::{Dataset, RunFolder, Schedule, Settings, Trainer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let (epochs, examples, folder) = (args[1].parse()?, args[2].parse()?, &args[3]);
    let kinds = vec![Kind::Ba, Kind::Ws, Kind::Er, Kind::Rgg];
    let training = Mixture { kinds: kinds.clone(), nodes: [12, 100], signals: [20, 5000], examples, seed: 1 };
    let validation = Mixture { kinds, nodes: [12, 100], signals: [20, 5000], examples: 200, seed: 2 };
    let clock = Instant::now();
    let held: Vec<Example<f32>> =
        (0..200).map(|i| validation.sample(0, i).map(|s| s.into_owned())).collect::<Result<_, _>>()?;
    eprintln!("400 examples in {:.1} s", clock.elapsed().as_secs_f64());
    let net = PriorNet::new(unspool_topology::prior_net::BLOCKS);
    let settings = Settings {
        epochs,
        batch: 16,
        rate: 2e-3,
        schedule: Schedule::Cosine { warm_up: 0.02 },
        clip: Some(5.0),
        ..Settings::default()
    };
    let config = serde_json::json!({ "settings": settings, "data": training });
    let folder = RunFolder::open(std::path::Path::new(folder), &config, true)?;
    let mut trainer: Trainer<f32, PriorNet> = Trainer::new(&net, settings)?;
    eprintln!("{} parameters", unspool_train::Model::<f32>::layout(&net).len());
    if folder.checkpoint().exists() {
        trainer.resume(&folder.checkpoint())?;
    }
    trainer.run(&training, &held, Some(&folder), |event| {
        match event {
            Event::Batch(e, b, of, loss) if b % 20 == 0 => {
                eprintln!("epoch {e} {b}/{of} loss {loss:.4} {:.0} s", clock.elapsed().as_secs_f64())
            }
            Event::Epoch(e) => {
                eprintln!("{} {:.0} s", serde_json::to_string(e).unwrap_or_default(), clock.elapsed().as_secs_f64())
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}
