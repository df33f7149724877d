//! Graphs from signals: weather stations drawn, and methods compared where the truth is known.

use serde_json::json;
use unspool_graph::io::NodeTable;
use unspool_graph::laplacian::{self, Criterion};
use unspool_graph::learn::{Learner, Sparsity};
use unspool_graph::metrics::Estimate;
use unspool_graph::{Graph, Signals, baseline, distances, example};
use unspool_report::number::Format::{Fixed, Short, Text};
use unspool_report::{Axis, Block, Cell, Column, Curves, Edge, Graphs, Layer, Node, Part, Series, Table, round};
use unspool_topology::data::Kind;
use unspool_topology::evaluate::{self, Calibration, Method, Networks, Row};
use unspool_topology::held_out;
use unspool_topology::problem::Problem;
use unspool_topology::{Learned, evaluate::Cell as Setting};

use super::paper::{self, Claim};
use super::{Desk, Job, train};
use crate::args::SectionArg;
use crate::exit::Failure;
use crate::picture;

/// Neighbours that methods without an opinion are told to look for.
const DEGREE: f64 = 6.0;

/// What is to be done.
pub(super) fn jobs(desk: &Desk) -> Result<Vec<Job>, Failure> {
    let mut jobs = train::graphs(desk)?;
    let size = &desk.size;
    let trained = train::recipes(desk, SectionArg::Graphs);
    let config = json!({ "splits": size.splits, "adapt": size.adapt, "degree": DEGREE, "trained": trained });
    jobs.push(Job::new("graphs-molene", "Weather stations", config, stations));
    let config = json!({
        "graphs": size.graphs, "families": size.families, "signals": size.signals, "trained": trained,
    });
    jobs.push(Job::new("graphs-simulated", "Graphs whose truth is known", config, simulated));
    Ok(jobs)
}

/// The networks, with weights that were trained in this run where there are any.
fn networks(desk: &Desk) -> Result<Networks, Failure> {
    let learned = match train::weights(desk, "learned") {
        Some(path) => Learned::read(&path)?,
        None => Learned::shipped()?,
    };
    let mut networks = Networks::with(learned)?;
    for (nodes, net, theta) in &mut networks.unrolling {
        if let (20, Some(path)) = (*nodes, train::weights(desk, "unrolling")) {
            *theta = train::values(&path, unspool_train::Model::<f32>::layout(net))?;
        }
    }
    for (nodes, net, theta) in &mut networks.l2g {
        if let (20, Some(path)) = (*nodes, train::weights(desk, "l2g")) {
            *theta = train::values(&path, unspool_train::Model::<f32>::layout(net))?;
        }
    }
    Ok(networks)
}

/// Real signals: graphs to look at, and which of them makes unseen hours likely.
fn stations(desk: &Desk) -> Result<Part, Failure> {
    let (signals, table) = example::load("molene")?;
    let signals = signals.standardised()?;
    let networks = networks(desk)?;
    let names = ["log-degree", "refitted", "learned", "correlation"];
    let drawn = names.map(|name| Ok::<_, Failure>((name, learn(name, &signals, &networks)?)));
    let drawn = drawn.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut files = Vec::new();
    for (name, graph) in &drawn {
        let graph = table.place(graph.clone().with_names(signals.names().to_vec())?)?;
        let title = format!("Weather stations in Brittany, {name}");
        let settings = picture::GraphSettings { title: &title, geographic: false, labels: true, seed: 0 };
        files.extend(desk.folder.picture(&format!("molene-{name}"), &picture::draw_graph(&graph, &settings)?)?);
    }
    let methods = held_out::METHODS;
    let scores = held_out::compare(&signals, desk.size.splits, &methods, desk.size.adapt, &networks)?;
    let names: Vec<&str> =
        methods.iter().map(|m| m.name()).chain((desk.size.adapt > 0).then_some("learned, adapted")).collect();
    let mut scored = Table::new(
        "molene-held-out",
        "Which graph makes unseen hours likely",
        format!(
            "Twice the negative log-likelihood of hours kept aside, for each degree of freedom, over {} runs of hours; less \
             is better. This measure is the likelihood's own: it has no need of a sparse graph. A dash: some graph falls apart.",
            desk.size.splits
        ),
    )
    .column(Column::new("method", Text))
    .column(Column::new("loss", Fixed(3)).less_is_better())
    .column(Column::new("above learned", Fixed(3)));
    for (name, score) in names.iter().zip(&scores) {
        scored = scored.row([Cell::text(*name), estimate(score.loss), estimate(score.above_learned)]);
    }
    let best: Vec<&str> = scored.best(1).into_iter().filter_map(|at| names.get(at).copied()).collect();
    let of = |name: &str| drawn.iter().find(|(other, _)| *other == name).map(|(_, graph)| graph.edges().len());
    let text = format!(
        "Hourly temperatures of January 2014 at {} stations in Brittany (Météo-France, Licence Ouverte), each standardised. \
         Log-degree and correlation are told to find about {DEGREE} neighbours a station; the other two decide for themselves.",
        signals.nodes()
    );
    Ok(Part::new("", "")
        .saying(text)
        .finding(format!(
            "Stations near each other become neighbours, though no method knows where they are. The network finds {} \
             edges, the refitted likelihood {}.",
            of("learned").unwrap_or_default(),
            of("refitted").unwrap_or_default()
        ))
        .finding(format!(
            "Hours kept aside are likeliest with the graph of {}{}.",
            best.join(" and "),
            if best.contains(&"learned") { "" } else { ", not with the network's" }
        ))
        .with(stage(&signals, &table, &drawn, files)?)
        .with(Block::Table(scored)))
}

/// The graph that a method learns.
fn learn(name: &str, signals: &Signals, networks: &Networks) -> Result<Graph, Failure> {
    let nodes = signals.nodes();
    let z = distances::squared(signals)?;
    Ok(match name {
        "log-degree" => Learner::new(Sparsity::Degree(DEGREE)).from_signals(signals)?.graph,
        "refitted" => {
            let refitted =
                laplacian::refit(&z, Criterion::Bic(signals.observations()), laplacian::Settings::default())?;
            Graph::from_half(nodes, &refitted.w, 0.0)?
        }
        "learned" => {
            let problem = Problem::new(nodes, signals.observations(), &z)?;
            let told = networks.learned.predict(&problem);
            let kept: Vec<f64> = told.w.iter().zip(&told.p).map(|(&w, &p)| if p >= 0.5 { w } else { 0.0 }).collect();
            Graph::from_half(nodes, &kept, 0.0)?
        }
        _ => baseline::thresholded(signals, (DEGREE * nodes as f64 / 2.0).round() as usize)?,
    })
}

fn estimate(of: Option<Estimate>) -> Cell {
    of.map_or(Cell::Empty, |e| Cell::interval(e.value, Some((e.low, e.high))))
}

/// The figure of the stations.
fn stage(signals: &Signals, table: &NodeTable, drawn: &[(&str, Graph)], files: Vec<String>) -> Result<Block, Failure> {
    let positions = table.positions_of(signals.nodes(), signals.names())?;
    let range = |axis: usize| {
        let values = positions.iter().map(|p| p[axis]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (f64::min(low, x), f64::max(high, x)))
    };
    let ((west, east), (south, north)) = (range(0), range(1));
    let width = (east - west).max(f64::MIN_POSITIVE);
    let node = |(name, p): (&String, &[f64; 2])| Node {
        name: name.clone(),
        x: round((p[0] - west) / width, 4),
        y: round((north - p[1]) / width, 4),
    };
    let layer = |(name, graph): &(&str, Graph)| {
        let edges: Vec<Edge> = graph.edges().iter().map(|e| Edge(e.i, e.j, round(e.weight, 4))).collect();
        let average = 2.0 * edges.len() as f64 / signals.nodes() as f64;
        let pieces = match graph.components() {
            1 => "all in one piece".to_owned(),
            pieces => format!("in {pieces} pieces"),
        };
        let note = format!("{} edges, {} neighbours a station, {pieces}", edges.len(), Fixed(1).show(average));
        Layer { name: (*name).into(), note, edges }
    };
    Ok(Block::Graphs(Graphs {
        id: "molene".into(),
        title: "What four methods see in the same temperatures".into(),
        caption: "Stations lie where they lie in Brittany, the sea to the west. Thick lines are heavy edges. Choose a method; \
                  point at a station for its neighbours; drag it to untangle them."
            .into(),
        nodes: signals.names().iter().zip(&positions).map(node).collect(),
        height: round((north - south) / width, 4),
        layers: drawn.iter().map(layer).collect(),
        files,
    }))
}

/// Fresh graphs of known families.
fn simulated(desk: &Desk) -> Result<Part, Failure> {
    let size = &desk.size;
    let networks = networks(desk)?;
    let methods = Method::ALL;
    let mut part = Part::new("", "").saying(format!(
        "{} graphs a cell, their nodes in random order; signals are Gaussian with the inverse Laplacian as covariance. GMSE is \
         the mean of |w − w*|² / |w*|²: 0 is perfect, 1 as good as no graph at all. Log-degree-tuned is told the family and \
         tuned on 16 other graphs of the same cell, log-degree-oracle its scale, too.",
        size.graphs
    ));
    let mut calibration = Calibration::default();
    let (mut wins, mut cells) = (0, 0);
    let total = (size.families.len() * size.signals.len()) as f64;
    let mut paper = None;
    for &(family, nodes) in size.families {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == family).unwrap_or(Kind::Ba);
        let mut rows: Vec<Row> = Vec::new();
        for &signals in size.signals {
            let cell = Setting { kind, nodes, signals };
            rows.push(evaluate::cell(cell, &methods, size.graphs, desk.args.seed, &networks)?);
            cells += 1;
            desk.share.show(f64::from(cells) / total);
        }
        let mut table = Table::new(
            format!("gmse-{family}-{nodes}"),
            format!("{}, {nodes} nodes", title_of(kind)),
            "GMSE with its interval, by number of signals. A dash: the method has no weights for this size, or found no \
             connected graph.",
        )
        .column(Column::new("method", Text));
        for signals in size.signals {
            table = table.column(Column::new(format!("{signals} signals"), Short).less_is_better());
        }
        for (at, method) in methods.iter().enumerate() {
            let own = rows.iter().map(|row| estimate(row.gmse[at]));
            table = table.row([Cell::text(method.name())].into_iter().chain(own));
        }
        let learned = methods.iter().position(|m| *m == Method::Learned);
        wins += (1..=size.signals.len()).filter(|&c| learned.is_some_and(|at| table.best(c).contains(&at))).count();
        rows.iter().for_each(|row| calibration.merge(&row.calibration));
        part = part.with(Block::Table(table));
        if let (Kind::Ba, 20, Some(row)) = (kind, nodes, rows.iter().find(|row| row.cell.signals == 3000)) {
            paper = Some(claims(row, desk.size.graphs));
        }
    }
    let finding =
        format!("The network is the best method in {wins} of {cells} cells; the simple ones are in the tables, too.");
    let calibrated = format!(
        "Its probabilities can be taken at their word: the expected calibration error is {}.",
        Short.show(calibration.error())
    );
    part = part.finding(finding).finding(calibrated).with(reliability(&calibration));
    part.blocks.extend(paper);
    Ok(part)
}

fn title_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Ba => "Barabási-Albert graphs",
        Kind::Ws => "Watts-Strogatz graphs",
        Kind::Er => "Erdős-Rényi graphs",
        Kind::Sbm => "Stochastic block models, which training never saw",
        Kind::Rgg => "Random geometric graphs",
    }
}

/// Probabilities against what is so.
fn reliability(calibration: &Calibration) -> Block {
    let bins: Vec<(f64, f64)> =
        calibration.bins.iter().filter(|b| b[0] >= 10.0).map(|[n, p, edges]| (p / n, edges / n)).collect();
    let series = |name: &str, color, theory, y: &dyn Fn(&(f64, f64)) -> f64| Series {
        name: name.into(),
        color,
        theory,
        y: bins.iter().map(|bin| Some(round(y(bin), 4))).collect(),
    };
    let axis = |label: &str| Axis { label: label.into(), log: false, low: 0.0, high: 1.0 };
    Block::Curves(Curves {
        id: "calibration".into(),
        title: "Are the network's probabilities right?".into(),
        caption: "Of the pairs of nodes that the network gives a probability, the share that are edges; dots: if it were exactly \
                  right. Ten bins, those with ten pairs or more."
            .into(),
        x: bins.iter().map(|bin| round(bin.0, 4)).collect(),
        x_axis: axis("probability"),
        y_axis: axis("share of edges"),
        series: vec![series("edges", 5, false, &|bin| bin.1), series("edges", 5, true, &|bin| bin.0)],
        dotted: "ideal".into(),
        marks: Vec::new(),
        files: Vec::new(),
    })
}

/// What the authors of L2G have.
fn claims(row: &Row, graphs: u64) -> Block {
    let ours = |method: Method| {
        let at = Method::ALL.iter().position(|m| *m == method).unwrap_or_default();
        row.gmse[at].map_or("–".into(), |e| {
            format!("{} ± {}", Short.show(e.value), Short.show_like((e.high - e.low) / 2.0, e.value))
        })
    };
    let claim = |what: &str, paper: &str, method, why: &str| Claim {
        what: what.into(),
        paper: paper.into(),
        ours: ours(method),
        why: why.into(),
    };
    let claims = vec![
        claim(
            "Unrolling, 60 numbers",
            "0.1059 ± 0.0050",
            Method::Unrolling,
            "trained here with the learning rate that the authors give L2G, 100 times as large",
        ),
        claim(
            "L2G, 106,019 numbers",
            "0.0391 ± 0.0029",
            Method::L2g,
            "its decoder learns the order in which a generator numbers the nodes; here they are shuffled",
        ),
        claim("pseudo-inverse", "–", Method::PseudoInverse, "no training; not among the paper's baselines"),
        claim("Laplacian likelihood", "–", Method::Laplacian, "no training; not among the paper's baselines"),
        claim("the same, refitted", "–", Method::Refitted, "no training; not among the paper's baselines"),
        claim("learned, 16,703 numbers", "–", Method::Learned, "starts from the likelihood; one network for all sizes"),
    ];
    paper::table(
        "graphs-paper",
        "Beside the paper",
        &format!(
            "Pu, Cao, Zhang, Dong, Chen: Learning to Learn Graph Topologies (NeurIPS 2021). GMSE on Barabási-Albert graphs of \
             20 nodes, 3000 signals. Theirs: results saved with their code, 64 graphs; here: {graphs} graphs."
        ),
        claims,
    )
}
