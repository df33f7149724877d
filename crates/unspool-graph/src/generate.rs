//! Random graphs, seeded. All edges have weight 1.

mod families;
mod plane;

use std::fmt;
use std::str::FromStr;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::error::{Error, Result};
use crate::{Edge, Graph};

/// A family of random graphs. On a command line: `ba:3`, `ws:4:0.3`, `er:0.1`, `sbm:0.6:0.02:20,30,50`, `grid:8x5`,
/// `knn:6`, `rgg:10`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Family {
    /// Barabási and Albert (1999): each new node brings `attach` edges to earlier nodes, in proportion to their
    /// degrees. The first `attach + 1` nodes are a star.
    BarabasiAlbert {
        /// Edges of a new node.
        attach: usize,
    },
    /// Watts and Strogatz (1998): a ring, each node joined to `neighbours / 2` on either side; each edge rewired
    /// with probability `rewire`.
    WattsStrogatz {
        /// Neighbours on the ring; an odd number counts as the even one below.
        neighbours: usize,
        /// Probability of rewiring.
        rewire: f64,
    },
    /// Erdős and Rényi (1959): each pair with the same probability.
    ErdosRenyi {
        /// The probability.
        p: f64,
    },
    /// Stochastic block model.
    Blocks {
        /// Nodes of each block.
        sizes: Vec<usize>,
        /// Probability of a pair inside of each block.
        inside: Vec<f64>,
        /// Probability of a pair between two blocks.
        outside: f64,
    },
    /// A rectangular grid.
    Grid {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// Points in the unit square, each joined to its nearest.
    Nearest {
        /// How many nearest points.
        k: usize,
    },
    /// Points in the unit square, joined where they are near: random geometric graph.
    Geometric {
        /// Average degree wanted, without the border; the radius is `sqrt(degree / (pi m))`.
        degree: f64,
    },
}

impl Family {
    /// A graph of this family, its nodes in random order: a method that sees the order in which a generator numbers
    /// nodes could learn that instead of the graph.
    ///
    /// # Complexity
    /// Nearly linear in nodes and edges.
    ///
    /// # Errors
    /// Parameters that allow no such graph.
    pub fn generate(&self, nodes: usize, seed: u64) -> Result<Graph> {
        let graph = self.in_order(nodes, seed)?;
        let mut place: Vec<usize> = (0..nodes).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(1);
        place.shuffle(&mut rng);
        let edges = graph.edges().iter().map(|e| Edge { i: place[e.i], j: place[e.j], weight: e.weight }).collect();
        let shuffled = Graph::new(nodes, edges)?;
        if graph.positions().is_empty() {
            return Ok(shuffled);
        }
        let mut positions = vec![[0.0; 2]; nodes];
        graph.positions().iter().zip(&place).for_each(|(position, &place)| positions[place] = *position);
        shuffled.with_positions(positions)
    }

    /// The same graph with its nodes in the order of the generator.
    pub fn in_order(&self, nodes: usize, seed: u64) -> Result<Graph> {
        if nodes < 2 || nodes > u32::MAX as usize {
            return Err(Error::range("the number of nodes", nodes, "at least 2, and below 2^32"));
        }
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let probability = |what, p: f64| {
            if (0.0..=1.0).contains(&p) { Ok(p) } else { Err(Error::range(what, p, "between 0 and 1")) }
        };
        match self {
            &Family::BarabasiAlbert { attach } if (1..nodes).contains(&attach) => {
                families::barabasi_albert(nodes, attach, rng)
            }
            Family::BarabasiAlbert { attach } => {
                Err(Error::range("the edges of a new node", attach, "at least 1 and below the number of nodes"))
            }
            &Family::WattsStrogatz { neighbours, rewire } => {
                probability("the probability of rewiring", rewire)?;
                if !(2..nodes).contains(&neighbours) {
                    return Err(Error::range(
                        "the neighbours on the ring",
                        neighbours,
                        "at least 2 and below the number of nodes",
                    ));
                }
                families::watts_strogatz(nodes, neighbours / 2, rewire, rng)
            }
            &Family::ErdosRenyi { p } => {
                families::blocks(&[nodes], &[probability("the probability of an edge", p)?], 0.0, rng)
            }
            Family::Blocks { sizes, inside, outside } => {
                let total = sizes.iter().fold(0usize, |a, b| a.saturating_add(*b));
                if total != nodes {
                    return Err(Error::range("the sum of the sizes of blocks", total, "the number of nodes"));
                }
                crate::error::check_len("the probabilities inside of blocks", inside.len(), sizes.len())?;
                for &p in inside.iter().chain([outside]) {
                    probability("the probability of an edge", p)?;
                }
                families::blocks(sizes, inside, *outside, rng)
            }
            &Family::Grid { rows, columns } => {
                if rows.saturating_mul(columns) != nodes {
                    return Err(Error::range(
                        "rows times columns",
                        rows.saturating_mul(columns),
                        "the number of nodes",
                    ));
                }
                families::grid(rows, columns)
            }
            &Family::Nearest { k } if (1..nodes).contains(&k) => plane::nearest(nodes, k, rng),
            Family::Nearest { k } => {
                Err(Error::range("the nearest points", k, "at least 1 and below the number of nodes"))
            }
            &Family::Geometric { degree } => {
                crate::error::check_positive("the average degree", degree)?;
                plane::geometric(nodes, (degree / (std::f64::consts::PI * nodes as f64)).sqrt(), rng)
            }
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |values: &mut dyn Iterator<Item = String>| values.collect::<Vec<_>>().join(",");
        match self {
            Family::BarabasiAlbert { attach } => write!(f, "ba:{attach}"),
            Family::WattsStrogatz { neighbours, rewire } => write!(f, "ws:{neighbours}:{rewire}"),
            Family::ErdosRenyi { p } => write!(f, "er:{p}"),
            Family::Blocks { sizes, inside, outside } => {
                let inside = joined(&mut inside.iter().map(f64::to_string));
                write!(f, "sbm:{inside}:{outside}:{}", joined(&mut sizes.iter().map(usize::to_string)))
            }
            Family::Grid { rows, columns } => write!(f, "grid:{rows}x{columns}"),
            Family::Nearest { k } => write!(f, "knn:{k}"),
            Family::Geometric { degree } => write!(f, "rgg:{degree}"),
        }
    }
}

impl FromStr for Family {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        fn list<T: FromStr>(text: &str) -> Option<Vec<T>> {
            text.split(',').map(|part| part.parse().ok()).collect()
        }
        let parts: Vec<&str> = text.split(':').collect();
        let parsed = match parts[..] {
            ["ba", attach] => attach.parse().ok().map(|attach| Family::BarabasiAlbert { attach }),
            ["ws", k, p] => k
                .parse()
                .ok()
                .zip(p.parse().ok())
                .map(|(neighbours, rewire)| Family::WattsStrogatz { neighbours, rewire }),
            ["er", p] => p.parse().ok().map(|p| Family::ErdosRenyi { p }),
            ["sbm", inside, outside, sizes] => list(inside).zip(outside.parse().ok()).zip(list::<usize>(sizes)).map(
                |((inside, outside), sizes): ((Vec<f64>, _), _)| {
                    let inside = if inside.len() == 1 { vec![inside[0]; sizes.len()] } else { inside };
                    Family::Blocks { sizes, inside, outside }
                },
            ),
            ["grid", size] => size.split_once('x').and_then(|(rows, columns)| {
                rows.parse().ok().zip(columns.parse().ok()).map(|(rows, columns)| Family::Grid { rows, columns })
            }),
            ["knn", k] => k.parse().ok().map(|k| Family::Nearest { k }),
            ["rgg", degree] => degree.parse().ok().map(|degree| Family::Geometric { degree }),
            _ => None,
        };
        let hint = "ba:ATTACH, ws:NEIGHBOURS:REWIRE, er:P, sbm:INSIDE:OUTSIDE:SIZE,SIZE,..., grid:ROWSxCOLUMNS, knn:K, rgg:DEGREE";
        parsed.ok_or_else(|| Error::data(format!("`{text}` names no family of graphs"), hint))
    }
}
