//! Arguments of the commands on graphs.

use std::path::PathBuf;

use super::running::Running;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

/// Arguments of `unspool learn-graph`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("input").required(true).args(["signals", "example", "distances"]))]
pub(crate) struct LearnGraphArgs {
    /// Signals: CSV (also .csv.gz), NPY or NPZ; rows are observations, columns nodes
    ///
    /// Parquet too, where the program was built with that feature.
    pub(crate) signals: Option<PathBuf>,
    /// Learn from signals that come with the program: molene
    #[arg(long, value_name = "NAME")]
    pub(crate) example: Option<String>,
    /// Ready squared distances instead of signals: a square matrix or a half-vector, CSV or NPY
    #[arg(long, value_name = "FILE")]
    pub(crate) distances: Option<PathBuf>,
    /// File for the graph: .graphml, .gexf, .csv, .json, .mtx or .npz
    ///
    /// A CSV file has an edge a row, `source,target,weight`; a node without edges stands with itself and weight 0.
    #[arg(long, short, value_name = "FILE", default_value = "graph.graphml")]
    pub(crate) out: PathBuf,
    /// How the graph is learned
    #[arg(long, value_enum, default_value = "log-degree")]
    pub(crate) method: MethodArg,
    /// Average number of neighbours wanted [default: 6, less for few nodes]
    #[arg(long, value_name = "K", conflicts_with_all = ["alpha", "beta", "theta", "held_out"], allow_negative_numbers = true)]
    pub(crate) degree: Option<f64>,
    /// Weight of the log-barrier on degrees (log-degree methods)
    #[arg(long, value_name = "A", requires = "beta", allow_negative_numbers = true)]
    pub(crate) alpha: Option<f64>,
    /// Weight of the squared norm of edges (log-degree methods)
    #[arg(long, value_name = "B", requires = "alpha", allow_negative_numbers = true)]
    pub(crate) beta: Option<f64>,
    /// Factor on the distances [default with --alpha and --beta: 1]
    #[arg(long, value_name = "T", requires = "alpha", allow_negative_numbers = true)]
    pub(crate) theta: Option<f64>,
    /// Further signals on the same nodes: the sparsity is learned by hypergradient of their likelihood
    #[arg(long, value_name = "FILE", conflicts_with_all = ["alpha", "distances"])]
    pub(crate) held_out: Option<PathBuf>,
    /// Weights of the method learned, as `unspool train graph` writes them [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// With the method learned: adapt the weights to these signals first, in so many steps at most
    ///
    /// Raises the likelihood of signals that were held out; the graph need not be known.
    #[arg(long, value_name = "STEPS", conflicts_with = "distances")]
    pub(crate) adapt: Option<usize>,
    /// With the method learned: least probability of an edge
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    pub(crate) probability: f64,
    /// With the method learned and --distances: how many observations they come from
    #[arg(long, hide_short_help = true, value_name = "N", requires = "distances")]
    pub(crate) observations: Option<usize>,
    /// Rows of the file are nodes, columns observations
    #[arg(long)]
    pub(crate) transpose: bool,
    /// Whether the first row of a CSV file names its columns: true or false [default: find out]
    #[arg(long, hide_short_help = true, value_name = "BOOL")]
    pub(crate) header: Option<bool>,
    /// Column (node) to leave out; may be repeated
    #[arg(long, value_name = "NODE")]
    pub(crate) ignore: Vec<String>,
    /// Give every node mean 0 and variance 1 first
    #[arg(long)]
    pub(crate) standardise: bool,
    /// CSV with positions (x and y, or longitude and latitude) and names of the nodes
    #[arg(long, value_name = "FILE")]
    pub(crate) nodes: Option<PathBuf>,
    /// Take the signals in chunks of so many rows, updating the graph from where it was
    #[arg(long, hide_short_help = true, value_name = "ROWS", conflicts_with_all = ["distances", "held_out"])]
    pub(crate) chunk: Option<usize>,
    /// With --chunk: what an observation counts, relative to the one after it
    #[arg(long, hide_short_help = true, value_name = "F", requires = "chunk", default_value_t = 1.0)]
    pub(crate) forgetting: f64,
    /// Relative duality gap to reach
    #[arg(long, hide_short_help = true, value_name = "GAP", default_value_t = 1e-6)]
    pub(crate) tolerance: f64,
    /// Up to so many nodes all pairs are held in memory; beyond, they are searched
    #[arg(long, hide_short_help = true, value_name = "M", default_value_t = 5000)]
    pub(crate) dense_up_to: usize,
    /// Seed of searches and of the picture's layout
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// File for the picture, .png or .svg [default: as the graph's, .png]
    #[arg(long, value_name = "FILE", conflicts_with = "no_picture")]
    pub(crate) picture: Option<PathBuf>,
    /// Draw no picture
    #[arg(long, hide_short_help = true)]
    pub(crate) no_picture: bool,
    /// Overwrite files that are already there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON document, with all edges, instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// How a graph is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodArg {
    /// Log-degree model, Newton on the dual: the fastest
    LogDegree,
    /// Log-degree model, fast dual proximal gradient
    Fdpg,
    /// Log-degree model, primal-dual splitting
    Pds,
    /// Log-degree model, relaxed primal-dual ("ADMM")
    Relaxed,
    /// Laplacian maximum likelihood: for many observations
    Laplacian,
    /// Laplacian maximum likelihood on the support of least BIC
    Refitted,
    /// Pseudo-inverse of the centred Gram matrix
    PseudoInverse,
    /// Largest correlations: the baseline
    Correlation,
    /// Trained network: an unrolled likelihood with a learned prior, and the probability of each edge
    Learned,
}

impl MethodArg {
    /// As on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// As in a title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            MethodArg::LogDegree => "log-degree model",
            MethodArg::Fdpg => "log-degree model by FDPG",
            MethodArg::Pds => "log-degree model by PDS",
            MethodArg::Relaxed => "log-degree model by the relaxed primal-dual method",
            MethodArg::Laplacian => "Laplacian maximum likelihood",
            MethodArg::Refitted => "Laplacian maximum likelihood, refitted",
            MethodArg::PseudoInverse => "pseudo-inverse",
            MethodArg::Correlation => "correlation",
            MethodArg::Learned => "learned prior",
        }
    }

    /// Whether it minimises the log-degree objective.
    pub(crate) fn is_log_degree(self) -> bool {
        matches!(self, MethodArg::LogDegree | MethodArg::Fdpg | MethodArg::Pds | MethodArg::Relaxed)
    }
}

/// Arguments of `unspool graph`.
#[derive(Debug, Subcommand)]
pub(crate) enum GraphCommand {
    /// Nodes, edges, degrees and components of a graph
    Info {
        /// The graph: .graphml, .gexf, .csv, .json, .mtx or .npz
        graph: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Draw a graph with its degree histogram
    Plot {
        /// The graph
        graph: PathBuf,
        /// File for the picture, .png or .svg [default: as the graph's, .png]
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
        /// CSV with positions (x and y, or longitude and latitude) and names of the nodes
        #[arg(long, value_name = "FILE")]
        nodes: Option<PathBuf>,
        /// Title [default: the file's name]
        #[arg(long)]
        title: Option<String>,
        /// Write no names
        #[arg(long)]
        no_labels: bool,
        /// Seed of the layout of a graph without positions
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// Overwrite a file that is already there
        #[arg(long)]
        force: bool,
    },
    /// Write a graph in another format, chosen by the extension
    Convert {
        /// The graph
        graph: PathBuf,
        /// The new file
        out: PathBuf,
        /// CSV with positions and names of the nodes, to add
        #[arg(long, value_name = "FILE")]
        nodes: Option<PathBuf>,
        /// Overwrite a file that is already there
        #[arg(long)]
        force: bool,
    },
    /// Compare learned graphs with true ones: GMSE, AUC, average precision, F1, Hamming distance
    ///
    /// With one pair of graphs the intervals are those of a bootstrap over pairs of nodes; with several, of
    /// the mean over graphs (Student's t).
    Score {
        /// Learned and true graph, in turn: LEARNED TRUTH [LEARNED TRUTH]...
        #[arg(required = true, num_args = 2.., value_name = "GRAPH")]
        graphs: Vec<PathBuf>,
        /// Replicates of the bootstrap
        #[arg(long, value_name = "N", default_value_t = 1000)]
        replicates: usize,
        /// Seed of the bootstrap
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `unspool simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Family: ba:ATTACH, ws:NEIGHBOURS:REWIRE, er:P, sbm:INSIDE:OUTSIDE:SIZE,SIZE,..., grid:ROWSxCOLUMNS, knn:K, rgg:DEGREE
    pub(crate) family: String,
    /// Number of nodes [default: what grid and sbm say]
    #[arg(long, value_name = "M")]
    pub(crate) nodes: Option<usize>,
    /// Number of signals
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) signals: usize,
    /// What is added to the Laplacian: signals are N(0, (L + EPSILON I)^-1)
    #[arg(long, value_name = "EPSILON", default_value_t = 1e-4)]
    pub(crate) epsilon: f64,
    /// Keep the nodes in the order of the generator
    #[arg(long)]
    pub(crate) in_order: bool,
    /// Seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// File for the signals, .csv or .npy
    #[arg(long, short, value_name = "FILE", default_value = "signals.csv")]
    pub(crate) out: PathBuf,
    /// File for the true graph
    #[arg(long, short, value_name = "FILE", default_value = "truth.graphml")]
    pub(crate) graph: PathBuf,
    /// Overwrite files that are already there
    #[arg(long)]
    pub(crate) force: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// Arguments of `unspool train`.
#[derive(Debug, Subcommand)]
pub(crate) enum TrainCommand {
    /// Train a network that learns graphs from signals
    #[command(after_long_help = TRAIN_EXAMPLES)]
    Graph(TrainGraphArgs),
    /// Train a network that demosaicks images
    #[command(after_long_help = super::image::TRAIN_IMAGE_EXAMPLES)]
    Image(super::TrainImageArgs),
}

/// Arguments of `unspool train graph`.
#[derive(Debug, Args)]
pub(crate) struct TrainGraphArgs {
    /// Configuration, TOML or JSON; `config.json` of another run serves
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub(crate) config: Option<PathBuf>,
    /// Ready configuration: learned, unrolling, unrolling-authors, recurrent or l2g
    #[arg(long, value_name = "NAME", default_value = "learned")]
    pub(crate) preset: String,
    /// Folder for configuration, metrics, checkpoints and weights
    #[arg(long, short, value_name = "DIR", default_value = "run")]
    pub(crate) out: PathBuf,
    /// Go on with the run in the folder
    #[arg(long)]
    pub(crate) resume: bool,
    /// Passes over the data, instead of the configuration's
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,
    /// Seed of weights and order, instead of the configuration's
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Change the configuration: KEY=VALUE, such as training.rate=1e-3; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print the configuration and do nothing
    #[arg(long)]
    pub(crate) show: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// Arguments of `unspool eval`.
#[derive(Debug, Subcommand)]
pub(crate) enum EvalCommand {
    /// Compare all methods: on fresh random graphs, or on one's own signals
    ///
    /// On random graphs by GMSE with 95 % intervals and by the calibration of probabilities; with --data by how likely
    /// they make signals that were kept aside.
    #[command(after_long_help = EVAL_EXAMPLES)]
    Graph(EvalGraphArgs),
    /// Compare all methods of demosaicking or interpolation on images whose truth is known
    ///
    /// PSNR in both conventions: the mean over images of 8-bit results, and of the whole set's mean squared error.
    #[command(after_long_help = super::image::EVAL_IMAGE_EXAMPLES)]
    Image(super::EvalImageArgs),
}

/// Arguments of `unspool eval graph`.
#[derive(Debug, Args)]
pub(crate) struct EvalGraphArgs {
    /// One's own signals instead of random graphs: CSV (also .csv.gz), NPY or NPZ; rows are observations
    #[arg(long, value_name = "FILE", conflicts_with_all = ["families", "nodes", "signals", "graphs", "seed"])]
    pub(crate) data: Option<PathBuf>,
    /// With --data: rows of the file are nodes, columns observations
    #[arg(long, requires = "data")]
    pub(crate) transpose: bool,
    /// With --data: whether the first row of a CSV file names its columns: true or false [default: find out]
    #[arg(long, value_name = "BOOL", requires = "data")]
    pub(crate) header: Option<bool>,
    /// With --data: column (node) to leave out; may be repeated
    #[arg(long, value_name = "NODE", requires = "data")]
    pub(crate) ignore: Vec<String>,
    /// With --data: give every node mean 0 and variance 1 first
    #[arg(long, requires = "data")]
    pub(crate) standardise: bool,
    /// With --data: runs of rows, each kept aside in turn
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) splits: usize,
    /// With --data: score the method learned also after so many steps of adapting it
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    pub(crate) adapt: usize,
    /// Families: ba, ws, er, sbm, rgg
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["ba", "ws", "er", "sbm", "rgg"])]
    pub(crate) families: Vec<String>,
    /// Numbers of nodes
    #[arg(long, value_name = "M", value_delimiter = ',', default_values_t = [20, 50, 100, 200])]
    pub(crate) nodes: Vec<usize>,
    /// Numbers of signals
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [30, 100, 300, 3000])]
    pub(crate) signals: Vec<usize>,
    /// Methods [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) methods: Vec<String>,
    /// Graphs in each cell
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) graphs: u64,
    /// Seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Weights of the method learned [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

const TRAIN_EXAMPLES: &str = "\
Examples:
  The network that comes with the program, again:
    unspool train graph -o run
  Stopped by Ctrl-C or worse, it goes on where it was, and ends with the same weights:
    unspool train graph -o run --resume
  One's own configuration:
    unspool train graph --preset unrolling --show > config.json
    unspool train graph --config config.json -o run2
    unspool train graph --preset unrolling --set training.rate=1e-3 -o run3
  What it learned:
    unspool learn-graph signals.csv --method learned --weights run/weights.safetensors";

const EVAL_EXAMPLES: &str = "\
Examples:
  unspool eval graph --nodes 20 --graphs 64
  unspool eval graph --families ba,ws --nodes 20,50 --signals 30,300 --json > table.json
  unspool eval graph --nodes 20 --weights run/weights.safetensors --methods refitted,learned
  unspool eval graph --data speeds.csv --standardise --adapt 50";

pub(super) const LEARN_GRAPH_EXAMPLES: &str = "\
Examples:
  Weather stations that come with the program, six neighbours each:
    unspool learn-graph --example molene --degree 6 -o molene.graphml
  One's own signals, columns are nodes, with their places:
    unspool learn-graph speeds.csv --standardise --nodes sensors.csv -o roads.gexf
  Sparsity learned from signals that were kept aside:
    unspool learn-graph monday.csv --held-out tuesday.csv
  Many observations of few nodes: maximum likelihood, refitted on the edges that matter:
    unspool learn-graph returns.npy --method refitted -o market.graphml
  Few observations: a trained network, with the probability of each edge:
    unspool learn-graph returns.npy --method learned -o market.graphml
  A stream, a day at a time, older days forgotten:
    unspool learn-graph sensors.csv --chunk 288 --forgetting 0.999
  Squared distances that are ready:
    unspool learn-graph --distances Z.csv --alpha 1 --beta 0.5 --json > graph.json";

pub(super) const GRAPH_EXAMPLES: &str = "\
Examples:
  unspool graph info graph.graphml
  unspool graph plot graph.graphml --nodes stations.csv -o map.svg
  unspool graph convert graph.graphml graph.npz
  unspool graph score learned.graphml truth.graphml";

pub(super) const SIMULATE_EXAMPLES: &str = "\
Examples:
  unspool simulate ba:3 --nodes 20 --signals 3000
  unspool simulate sbm:0.6:0.02:20,30,50 --signals 500 -o signals.npy -g truth.npz
  unspool simulate rgg:10 --nodes 10000 --signals 3000 -o big.npy";
