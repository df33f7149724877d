//! Arguments of the commands on images.

use std::path::PathBuf;

use super::running::Running;
use clap::{ArgGroup, Args};

/// Arguments that all commands on many images share.
#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    /// Image files, folders of them, or patterns such as 'raw/*.png'
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// File for the result (.png, .tif), or a folder for many
    #[arg(long, short, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// Overwrite files that are already there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// Arguments that ask a network what it saw.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Folder for pictures of what the network saw of each image: estimates, edges, doubts, what pixels are made of
    ///
    /// It takes seconds for each pixel that is told about: the network is run again with each of its samples changed.
    #[arg(long, value_name = "DIR")]
    pub(crate) explain: Option<PathBuf>,
    /// A pixel to tell about; may be given again [default: an edge, a smooth area, texture, where it is least sure]
    #[arg(long, value_name = "ROW,COLUMN", requires = "explain", value_parser = pixel)]
    pub(crate) pixel: Vec<(usize, usize)>,
}

fn pixel(text: &str) -> Result<(usize, usize), String> {
    let pair = text.split_once(',').and_then(|(y, x)| Some((y.trim().parse().ok()?, x.trim().parse().ok()?)));
    pair.ok_or_else(|| "give a row and a column, counted from 0, such as 120,64".to_owned())
}

/// Arguments of `unspool mosaick`.
#[derive(Debug, Args)]
pub(crate) struct MosaickArgs {
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    /// Bayer pattern: rggb, bggr, grbg or gbrg
    #[arg(long, value_name = "CFA", default_value = "rggb")]
    pub(crate) cfa: String,
    /// Standard deviation of Gaussian noise, in units of an 8-bit image
    #[arg(long, value_name = "SIGMA", default_value_t = 0.0)]
    pub(crate) noise: f32,
    /// Seed of the noise
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// Arguments of `unspool demosaick`.
#[derive(Debug, Args)]
pub(crate) struct DemosaickArgs {
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    /// Bayer pattern: rggb, bggr, grbg or gbrg; camera raw files (feature raw) know their own
    #[arg(long, value_name = "CFA")]
    pub(crate) cfa: Option<String>,
    /// learned, menon, lmmse, malvar, bilinear; uglr and ugtv, the networks of Do et al.
    #[arg(long, value_name = "NAME", default_value = "learned")]
    pub(crate) method: String,
    /// Weights of the network [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Standard deviation of the noise, in units of an 8-bit image, or auto
    ///
    /// auto estimates it from the mosaic and takes fine texture, such as fur, for noise: state it if you know it.
    #[arg(long, value_name = "SIGMA", default_value = "0")]
    pub(crate) noise: String,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
}

/// Arguments of `unspool interpolate`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true))]
pub(crate) struct InterpolateArgs {
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    /// Image of the size of the input: white where pixels are known
    ///
    /// Grey, or as many channels as the input; from half of white on a pixel counts as known.
    #[arg(long, value_name = "MASK", group = "which")]
    pub(crate) mask: Option<PathBuf>,
    /// Enlarge: the input has every so many-th pixel of each row and column
    #[arg(long, value_name = "FACTOR", group = "which", value_parser = clap::value_parser!(u8).range(2..=8))]
    pub(crate) scale: Option<u8>,
    /// The mask is white where pixels are missing
    #[arg(long, requires = "mask")]
    pub(crate) missing_white: bool,
    /// learned, quick, biharmonic, linear; bicubic for regular grids
    ///
    /// learned: a network sees each channel eight times, as it is, transposed and mirrored, and the mean is taken; quick: once.
    #[arg(long, value_name = "NAME", default_value = "learned")]
    pub(crate) method: String,
    /// Weights of the network [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
}

/// Arguments of `unspool eval image`.
#[derive(Debug, Args)]
pub(crate) struct EvalImageArgs {
    /// Folder of colour images
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// demosaick or interpolate
    #[arg(long, value_name = "TASK", default_value = "demosaick")]
    pub(crate) task: String,
    /// Standard deviation of Gaussian noise on the samples, in units of an 8-bit image
    #[arg(long, value_name = "SIGMA", default_value_t = 0.0)]
    pub(crate) noise: f32,
    /// Leave out so many pixels at each border
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) crop: usize,
    /// Bayer pattern: rggb, bggr, grbg or gbrg
    #[arg(long, value_name = "CFA", default_value = "rggb")]
    pub(crate) cfa: String,
    /// What is known for interpolate: grid2, grid3, random50 or random20
    #[arg(long, value_name = "MASK", default_value = "grid2")]
    pub(crate) mask: String,
    /// Methods [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) methods: Vec<String>,
    /// Weights of learned and quick [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Weights of uGLR [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) uglr: Option<PathBuf>,
    /// Weights of uGTV [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) ugtv: Option<PathBuf>,
    /// Take the first so many images alone
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Seed of noise and masks
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads and progress.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// Arguments of `unspool train image`.
#[derive(Debug, Args)]
pub(crate) struct TrainImageArgs {
    /// Folder of colour images to train on
    #[arg(long, value_name = "DIR", required_unless_present = "show")]
    pub(crate) data: Option<PathBuf>,
    /// Folder of images to validate on [default: each tenth of --data, which is then not trained on]
    #[arg(long, value_name = "DIR")]
    pub(crate) validation: Option<PathBuf>,
    /// Configuration, TOML or JSON; `config.json` of another run serves
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub(crate) config: Option<PathBuf>,
    /// Start from these weights, such as those of another run, instead of the seed. uGLR and uGTV of fewer blocks than the
    /// configuration has are grown: their last block is repeated, with a solver that is nearly idle until it is trained
    #[arg(long, value_name = "FILE")]
    pub(crate) start: Option<PathBuf>,
    /// Ready configuration: learned (demosaicking), interpolation, uglr or ugtv
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

pub(super) const MOSAICK_EXAMPLES: &str = "\
Examples:
  unspool mosaick photo.png -o raw.png --cfa rggb
  unspool mosaick photos/ -o raw/ --noise 5 --seed 1";

pub(super) const DEMOSAICK_EXAMPLES: &str = "\
Examples:
  unspool demosaick raw.png -o photo.png --cfa rggb
  unspool demosaick 'raw/*.tif' -o photos/ --cfa grbg --noise auto
  unspool demosaick raw.png -o photo.png --cfa rggb --method menon";

pub(super) const INTERPOLATE_EXAMPLES: &str = "\
Examples:
  Scratches painted white on a black copy of the photo:
    unspool interpolate photo.png -o whole.png --mask scratches.png --missing-white
  Twice the size:
    unspool interpolate small.png -o large.png --scale 2";

pub(super) const EVAL_IMAGE_EXAMPLES: &str = "\
Examples:
  unspool eval image --data kodak/
  unspool eval image --data kodak/ --noise 5 --methods menon,learned --json
  unspool eval image --data kodak/ --task interpolate --mask random20";

pub(super) const TRAIN_IMAGE_EXAMPLES: &str = "\
Examples:
  The networks that come with the program:
    unspool train image --data photos/ --validation other/ -o run
    unspool train image --data photos/ --validation other/ --preset interpolation -o run-gaps
  The paper's, on the paper's terms; stopped by Ctrl-C or worse, it goes on with --resume:
    unspool train image --data photos/ --preset ugtv -o run-ugtv
    unspool train image --data photos/ --preset ugtv -o run-ugtv --resume
  What it learned:
    unspool demosaick raw.png -o photo.png --cfa rggb --method ugtv --weights run-ugtv/weights.safetensors";
