//! Table.
use unspool_topology::data::Kind;
use unspool_topology::evaluate::*;
use unspool_topology::*;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let networks = Networks { learned: Learned::read(std::path::Path::new(&args[1]))?, unrolling: vec![], l2g: vec![] };
    let methods: Vec<Method> =
        Method::ALL.into_iter().filter(|m| !matches!(m, Method::Unrolling | Method::L2g)).collect();
    for nodes in args[2].split(',') {
        let nodes: usize = nodes.parse()?;
        let graphs = (640 / nodes as u64).max(4);
        for kind in Kind::ALL {
            for signals in [30, 100, 300, 3000] {
                let row = cell(Cell { kind, nodes, signals }, &methods, graphs, 99, &networks)?;
                let text: Vec<String> =
                    row.gmse.iter().map(|g| g.map_or("-".into(), |g| format!("{:.4}", g.value))).collect();
                let last = row.gmse.len() - 1;
                let best = row.gmse[..last].iter().flatten().map(|g| g.value).fold(f64::INFINITY, f64::min);
                let ours = row.gmse[last].map_or(f64::NAN, |g| g.value);
                println!(
                    "{} {nodes} {signals}: {} | {:.2} ece {:.3} {:.3}",
                    kind.name(),
                    text.join(" "),
                    ours / best,
                    row.calibration.error(),
                    row.calibration.error_above_first_bin()
                );
            }
        }
    }
    Ok(())
}
