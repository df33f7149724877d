//! `unspool eval image`.

use std::fmt::Write;
use std::time::Instant;

use serde_json::{Value, json};
use unspool_graph::metrics::{Estimate, mean};
use unspool_image::metrics::{self, Options};
use unspool_image::{Cfa, Image, Mask, io, simulate};
use unspool_restore::method::{Demosaick, Interpolate};

use super::method::{self, DEFAULT};
use crate::args::EvalImageArgs;
use crate::cmd::stop::Stop;
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Share;

/// What a method is asked.
enum Task {
    Demosaick(Cfa, Vec<(String, Demosaick)>),
    Interpolate(Vec<(String, Interpolate)>),
}

/// What a method scored.
#[derive(Default)]
struct Scores {
    /// Of each image: rounded to 8 bits, mean squared error and SSIM; as it is, mean squared error.
    mse: Vec<f64>,
    ssim: Vec<f64>,
    raw: Vec<f64>,
    seconds: f64,
    parameters: usize,
}

/// Compares methods on images whose truth is known.
pub(crate) fn run(args: &EvalImageArgs) -> Result<Done, Failure> {
    super::super::build_threads(args.running.threads)?;
    let mut files = super::files(std::slice::from_ref(&args.data))?;
    files.truncate(args.limit.unwrap_or(usize::MAX));
    let task = task(args)?;
    let names: Vec<String> = match &task {
        Task::Demosaick(_, methods) => methods.iter().map(|(name, _)| name.clone()).collect(),
        Task::Interpolate(methods) => methods.iter().map(|(name, _)| name.clone()).collect(),
    };
    refuse_unused(args, &names)?;
    let mut scores: Vec<Scores> = names.iter().map(|_| Scores::default()).collect();
    let stop = Stop::watch(&args.running, "stopping after this image; the table is of those that are done")?;
    let share = Share::new(args.running.quiet);
    let mut count = 0;
    for (k, file) in files.iter().enumerate() {
        if stop.is_asked() {
            break;
        }
        share.stage(&file.display().to_string());
        let truth = io::read(file)?.image;
        let seed = args.seed.wrapping_add(k as u64);
        match &task {
            Task::Demosaick(cfa, methods) => {
                let truth = colored(truth);
                let sigma = args.noise / 255.0;
                let mosaic = simulate::gaussian_noise(&cfa.mosaic(&truth)?, sigma, seed)?;
                for ((_, method), scores) in methods.iter().zip(&mut scores) {
                    scores.parameters = method.parameters();
                    scores.add(args, &truth, || Ok(method.run(&mosaic, *cfa, sigma)?))?;
                }
            }
            Task::Interpolate(methods) => {
                let truth = luma(&truth);
                let mask = mask(args, &truth, seed)?;
                let known = simulate::gaussian_noise(&truth, args.noise / 255.0, seed)?;
                for ((_, method), scores) in methods.iter().zip(&mut scores) {
                    scores.parameters = method.parameters();
                    scores.add(args, &truth, || Ok(method.run(&known, &mask)?))?;
                }
            }
        }
        count = k + 1;
        share.show(count as f64 / files.len() as f64);
    }
    share.finish();
    let text = if args.json { document(args, &names, &scores, count) } else { table(args, &names, &scores) };
    output::print(text.as_bytes())?;
    Ok(if count < files.len() { Done::Unfinished } else { Done::Well })
}

impl Scores {
    fn add(
        &mut self,
        args: &EvalImageArgs,
        truth: &Image,
        restore: impl FnOnce() -> Result<Image, Failure>,
    ) -> Result<(), Failure> {
        let clock = Instant::now();
        let image = restore()?;
        self.seconds += clock.elapsed().as_secs_f64();
        let rounded = Options { eight_bit: true, border: args.crop };
        self.mse.push(metrics::mse(&image, truth, rounded)?);
        self.raw.push(metrics::mse(&image, truth, Options { eight_bit: false, ..rounded })?);
        if let Ok(ssim) = metrics::ssim(&image, truth, rounded) {
            self.ssim.push(ssim);
        }
        Ok(())
    }

    /// Mean of the PSNR of the images.
    fn cpsnr(&self) -> Option<Estimate> {
        mean(&self.mse.iter().map(|&mse| metrics::psnr(mse)).collect::<Vec<_>>()).ok()
    }

    fn mean_psnr(&self) -> Option<f64> {
        metrics::mean_psnr(&self.mse)
    }

    fn mean_ssim(&self) -> Option<f64> {
        (!self.ssim.is_empty()).then(|| self.ssim.iter().sum::<f64>() / self.ssim.len() as f64)
    }

    fn seconds(&self) -> f64 {
        self.seconds / self.mse.len().max(1) as f64
    }
}

/// Weights of a method that is not measured are a mistake.
fn refuse_unused(args: &EvalImageArgs, names: &[String]) -> Result<(), Failure> {
    let files: [(_, &[&str], _); 3] = [
        ("--weights", &[DEFAULT, "quick"], &args.weights),
        ("--uglr", &["uglr"], &args.uglr),
        ("--ugtv", &["ugtv"], &args.ugtv),
    ];
    let is_unused = |methods: &[&str]| !names.iter().any(|name| methods.contains(&name.as_str()));
    match files.into_iter().find(|(_, methods, file)| file.is_some() && is_unused(methods)) {
        None => Ok(()),
        Some((flag, methods, _)) => Err(Failure::new(
            format!("{flag} is of the method {}, which is not measured", methods[0]),
            "name it in --methods or leave the file out; weights of uglr and ugtv are given by --uglr and --ugtv",
        )),
    }
}

fn task(args: &EvalImageArgs) -> Result<Task, Failure> {
    let chosen = |all: &[&str]| -> Vec<String> {
        if args.methods.is_empty() { all.iter().map(|&name| name.to_owned()).collect() } else { args.methods.clone() }
    };
    match args.task.as_str() {
        "demosaick" => {
            let methods = chosen(&Demosaick::NAMES)
                .into_iter()
                .map(|name| {
                    let weights = match name.as_str() {
                        "uglr" => &args.uglr,
                        "ugtv" => &args.ugtv,
                        _ => &args.weights,
                    };
                    let method = method::demosaick(&name, weights.as_deref())?;
                    Ok((name, method))
                })
                .collect::<Result<_, Failure>>()?;
            Ok(Task::Demosaick(args.cfa.parse()?, methods))
        }
        "interpolate" => {
            let mut all = Interpolate::NAMES.to_vec();
            all.retain(|&name| name != "bicubic" || args.mask.starts_with("grid"));
            let methods = chosen(&all)
                .into_iter()
                .map(|name| method::interpolate(&name, args.weights.as_deref()).map(|method| (name, method)))
                .collect::<Result<_, Failure>>()?;
            Ok(Task::Interpolate(methods))
        }
        other => Err(Failure::new(format!("there is no task {other:?}"), "there are demosaick and interpolate")),
    }
}

/// Grey images have three equal channels.
fn colored(image: Image) -> Image {
    if image.channels() == 3 {
        return image;
    }
    let width = image.width();
    Image::from_fn(3, image.height(), width, |_, y, x| image.plane(0)[y * width + x])
}

/// Studio-range luma of BT.601, the Y of super-resolution: `(16 + 65.481 R + 128.553 G + 24.966 B) / 255`.
fn luma(image: &Image) -> Image {
    if image.channels() == 1 {
        return image.clone();
    }
    let width = image.width();
    Image::from_fn(1, image.height(), width, |_, y, x| {
        let at = y * width + x;
        let [r, g, b] = [0, 1, 2].map(|c| image.plane(c)[at]);
        (16.0 + 65.481 * r + 128.553 * g + 24.966 * b) / 255.0
    })
}

fn mask(args: &EvalImageArgs, image: &Image, seed: u64) -> Result<Mask, Failure> {
    let size = (image.channels(), image.height(), image.width());
    let grid = |step: usize| Mask::from_fn(size.0, size.1, size.2, |_, y, x| y % step == 0 && x % step == 0);
    match args.mask.as_str() {
        "grid2" => Ok(grid(2)),
        "grid3" => Ok(grid(3)),
        "random50" => Ok(simulate::random_mask(size, 0.5, seed)?),
        "random20" => Ok(simulate::random_mask(size, 0.2, seed)?),
        other => {
            Err(Failure::new(format!("there is no mask {other:?}"), "there are grid2, grid3, random50 and random20"))
        }
    }
}

fn table(args: &EvalImageArgs, names: &[String], scores: &[Scores]) -> String {
    let count = scores.first().map_or(0, |s| s.mse.len());
    let mut text = format!(
        "{} image{}, {}, noise {}, {} pixels cropped. PSNR: mean of images +- half of its 95 % interval, of 8-bit results;\n\
         of all images' mean squared error, as it is\n\n{:12} {:>16} {:>10} {:>8} {:>9} {:>11}\n",
        count,
        if count == 1 { " (which has no interval)" } else { "s" },
        args.task,
        args.noise,
        args.crop,
        "method",
        "PSNR of images",
        "of all",
        "SSIM",
        "seconds",
        "parameters"
    );
    for (name, scores) in names.iter().zip(scores) {
        let psnr = match scores.cpsnr() {
            Some(e) => format!("{:.2} +-{:.2}", e.value, (e.high - e.low) / 2.0),
            None => format!("{:.2}", scores.mean_psnr().unwrap_or(f64::NAN)),
        };
        let of_all = metrics::psnr_of_mean(&scores.raw).unwrap_or(f64::NAN);
        let ssim = scores.mean_ssim().map_or("-".into(), |s| format!("{s:.4}"));
        let _ = writeln!(
            text,
            "{name:12} {psnr:>16} {of_all:>10.2} {ssim:>8} {:>9.3} {:>11}",
            scores.seconds(),
            scores.parameters
        );
    }
    text
}

fn document(args: &EvalImageArgs, names: &[String], scores: &[Scores], images: usize) -> String {
    let methods: serde_json::Map<String, Value> = names
        .iter()
        .zip(scores)
        .map(|(name, scores)| {
            let interval = scores.cpsnr().map(|e| json!([e.low, e.high]));
            let one = json!({
                "cpsnr": scores.mean_psnr(),
                "cpsnr_interval": interval,
                "psnr_dataset": metrics::psnr_of_mean(&scores.raw),
                "ssim": scores.mean_ssim(),
                "seconds": scores.seconds(),
                "parameters": scores.parameters,
                "default": name == DEFAULT,
            });
            (name.clone(), one)
        })
        .collect();
    let document = json!({
        "schema_version": super::super::SCHEMA_VERSION,
        "command": "eval image",
        "task": args.task,
        "images": images,
        "noise": args.noise,
        "crop": args.crop,
        "seed": args.seed,
        "methods": methods,
    });
    format!("{document:#}\n")
}
