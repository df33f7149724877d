//! Learning, drawing and scoring graphs of up to 8 nodes.
//!
//! What must hold for any signals, distances, weights and settings: nothing panics, every function returns within
//! seconds, with numbers that are finite or an error.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use unspool_fuzz::{Number, finite, values};
use unspool_graph::generate::Family;
use unspool_graph::laplacian::{self, Candidates, Criterion};
use unspool_graph::learn::{Learned, Learner, Sparsity};
use unspool_graph::log_degree::held_out::{self, Loss};
use unspool_graph::log_degree::{Weights, select};
use unspool_graph::points::Points;
use unspool_graph::{Graph, Result, Signals, baseline, distances, layout, metrics, pairs, simulate};

/// Nodes of a generated graph.
const MOST_NODES: usize = 60;

#[derive(Arbitrary, Debug)]
struct Input {
    nodes: u8,
    rows: u8,
    numbers: Vec<Number>,
    task: Task,
}

#[derive(Arbitrary, Debug)]
enum Task {
    LogDegree { degree: Option<Number>, weights: [Number; 3], priced: bool },
    Select,
    Likelihood { held_out: bool },
    Baselines,
    Distances { forgetting: Number, standardised: bool },
    Draw { seed: u8 },
    Score { other: Vec<Number>, replicates: u8 },
    Generate { text: String, seed: u8 },
}

fuzz_target!(|input: Input| {
    // an error is an answer, too
    let _ = run(&input);
});

fn run(input: &Input) -> Result<()> {
    let nodes = 2 + usize::from(input.nodes % 7);
    let rows = 1 + usize::from(input.rows % 6);
    let half = |numbers: &[Number]| values(numbers, pairs::count(nodes));
    let signals = || Signals::new(values(&input.numbers, rows * nodes), nodes);
    match &input.task {
        Task::LogDegree { degree, weights: [alpha, beta, theta], priced } => {
            let weights = Weights { alpha: alpha.value(), beta: beta.value(), theta: theta.value() };
            let learner = Learner::new(degree.map_or(Sparsity::Weights(weights), |d| Sparsity::Degree(d.value())));
            if *priced {
                learned(&learner.from_points(&Points::new(&signals()?)?)?);
            } else {
                learned(&learner.from_signals(&signals()?)?);
            }
        }
        Task::Select => {
            let z = half(&input.numbers);
            let held: Vec<f64> = z.iter().rev().copied().collect();
            let selected = select(nodes, &z, &held)?;
            assert!(selected.loss.is_finite() && finite(&selected.lambda), "{selected:?}");
            let derivative =
                held_out::implicit(nodes, &z, selected.weights, (Loss::Likelihood, &held), &selected.lambda)?;
            let Weights { alpha, beta, theta } = derivative.gradient;
            assert!(finite(&[derivative.loss, alpha, beta, theta]) && finite(&derivative.w), "{derivative:?}");
        }
        Task::Likelihood { held_out } => {
            let z = half(&input.numbers);
            let settings = laplacian::Settings::default();
            let candidates = Candidates::all(&z)?;
            let optimum = laplacian::minimise(&candidates, None, settings)?;
            assert!(finite(&optimum.w), "{optimum:?}");
            assert!(optimum.objective.is_finite() || !optimum.converged, "{optimum:?}");
            candidates.graph(&optimum.w)?;
            let held: Vec<f64> = z.iter().rev().copied().collect();
            let criterion = if *held_out { Criterion::HeldOut(&held) } else { Criterion::Bic(rows) };
            let refitted = laplacian::refit(&z, criterion, settings)?;
            assert!(finite(&refitted.w) && refitted.path.iter().all(|(_, value)| value.is_finite()), "{refitted:?}");
        }
        Task::Baselines => {
            assert!(baseline::correlations(&signals()?)?.iter().all(|r| r.is_nan() || r.abs() <= 1.0 + 1e-9));
            baseline::thresholded(&signals()?, rows)?;
            assert!(finite(&baseline::pseudo_inverse(nodes, &half(&input.numbers))?));
        }
        Task::Distances { forgetting, standardised } => {
            let signals = if *standardised { signals()?.standardised()? } else { signals()? };
            let mut stream = distances::Stream::new(nodes, forgetting.value())?;
            stream.push(&signals)?;
            stream.push(&signals)?;
            let z = stream.squared()?;
            assert!(z.len() == pairs::count(nodes) && !z.iter().any(|z| *z < 0.0), "{z:?}");
        }
        Task::Draw { seed } => {
            let graph = Graph::from_half(nodes, &half(&input.numbers), f64::NEG_INFINITY)?;
            drawn(&graph, u64::from(*seed));
            let signals = simulate::signals(&graph, rows, 1e-3, u64::from(*seed))?;
            assert!(finite(signals.values()), "{signals:?}");
        }
        Task::Score { other, replicates } => {
            let truth = Graph::from_half(nodes, &half(&input.numbers), 0.0)?;
            let found = Graph::from_half(nodes, &half(other), 0.0)?;
            let scores = metrics::score(&found, &truth)?;
            assert!(scores.named().iter().all(|(_, value)| value.is_finite()), "{scores:?}");
            metrics::score_with_interval(&found, &truth, usize::from(replicates % 32), 0)?;
            metrics::summary(&[scores, scores])?;
        }
        Task::Generate { text, seed } => {
            let family: Family = text.parse()?;
            assert_eq!(family.to_string().parse::<Family>()?.to_string(), family.to_string());
            let nodes = match &family {
                Family::Blocks { sizes, .. } => sizes.iter().fold(0_usize, |sum, size| sum.saturating_add(*size)),
                Family::Grid { rows, columns } => rows.saturating_mul(*columns),
                _ => 5 * nodes,
            };
            if nodes <= MOST_NODES || nodes == usize::MAX {
                let graph = family.generate(nodes, u64::from(*seed))?;
                drawn(&graph, u64::from(*seed));
                drawn(&simulate::weigh(&graph, u64::from(*seed))?, 0);
            }
        }
    }
    Ok(())
}

fn learned(learned: &Learned) {
    assert!(finite(&learned.lambda) && finite(&[learned.objective, learned.gap]), "{learned:?}");
    let Weights { alpha, beta, theta } = learned.weights;
    assert!(finite(&[alpha, beta, theta]), "{learned:?}");
}

/// Asserts that a graph can be drawn.
fn drawn(graph: &Graph, seed: u64) {
    let positions = layout::layout(graph, seed);
    assert!(positions.len() == graph.nodes() && finite(positions.iter().flatten()), "{graph:?} {positions:?}");
}
