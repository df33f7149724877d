//! `unspool curse`.

mod report;

pub(super) use self::report::{Report, Run};

use std::path::{Path, PathBuf};

use unspool_curse::experiment::Method;

use super::subject::Subject;
use crate::args::CurseArgs;
use crate::exit::{Done, Failure};
use crate::{output, picture};

/// Most steps of a method.
const MOST_STEPS: usize = 100_000;
/// Most numbers that the theory keeps: steps times coordinates.
const MOST_NUMBERS: usize = 10_000_000;

/// Runs every method, and compares with the theory.
pub(crate) fn run(args: &CurseArgs) -> Result<Done, Failure> {
    let files = Files::named(args)?;
    check_steps(args.steps, 1)?;
    let subject = Subject::new(&args.problem)?;
    check_steps(args.steps, subject.start.len())?;
    let report = Report { args, subject: &subject, runs: measure(&subject, args.steps)? };
    files.write(&report)?;
    if args.json {
        output::print(format!("{:#}\n", report.document(&files)).as_bytes())?;
    } else {
        output::print(report.summary(&files).as_bytes())?;
    }
    Ok(if report.runs.iter().all(|run| run.is_whole(args.steps)) { Done::Well } else { Done::Unfinished })
}

/// Every method, measured and predicted.
pub(super) fn measure(subject: &Subject, steps: usize) -> Result<Vec<Run>, Failure> {
    let setting = subject.setting(steps);
    let (curves, predictions) =
        rayon::join(|| setting.run(&subject.exact, &Method::ALL), || setting.predict(&subject.exact, &Method::ALL));
    Ok(curves?.into_iter().zip(predictions?).map(|(curve, prediction)| Run::new(curve, prediction)).collect())
}

/// Refuses no steps, and more than there is memory for.
fn check_steps(steps: usize, coordinates: usize) -> Result<(), Failure> {
    let most = MOST_STEPS.min(MOST_NUMBERS / coordinates);
    if (1..=most).contains(&steps) {
        return Ok(());
    }
    let what = if coordinates == 1 { String::new() } else { format!(" for {coordinates} coordinates") };
    let message = format!("the number of steps is {steps}, but must be 1 to {most}{what}");
    Err(Failure::new(message, "a few times 1/kappa shows gradient descent, 1/sqrt kappa the faster methods"))
}

/// The files that are written.
struct Files {
    /// SVG and PNG.
    pictures: Option<[PathBuf; 2]>,
    csv: Option<PathBuf>,
    force: bool,
}

impl Files {
    /// Those that the arguments name, none of which may be there already.
    fn named(args: &CurseArgs) -> Result<Self, Failure> {
        let files = Files {
            pictures: args.out.as_deref().map(stem).map(|stem| {
                [".svg", ".png"].map(|extension| {
                    let mut name = stem.clone().into_os_string();
                    name.push(extension);
                    name.into()
                })
            }),
            csv: args.csv.clone(),
            force: args.force,
        };
        let is_taken = |path: &&PathBuf| path.metadata().is_ok_and(|meta| meta.is_file());
        if let Some(path) = files.all().find(is_taken).filter(|_| !args.force) {
            return Err(Failure::exists(path, "choose another name, or overwrite it with --force"));
        }
        Ok(files)
    }

    fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.pictures.iter().flatten().chain(&self.csv)
    }

    fn write(&self, report: &Report) -> Result<(), Failure> {
        if let Some(path) = &self.csv {
            output::write(path, report.csv().as_bytes(), self.force)?;
        }
        if let Some([svg, png]) = &self.pictures {
            let picture = picture::draw_curse(&report.subject.name, &report.drawn())?;
            output::write(svg, picture.svg.as_bytes(), self.force)?;
            output::write(png, &picture.png, self.force)?;
        }
        Ok(())
    }
}

/// Where pictures go, without their extension: a folder (one that is there, or a name that ends in a
/// separator) takes them as `curse`.
fn stem(out: &Path) -> PathBuf {
    let ends_in_separator = out.to_string_lossy().ends_with(std::path::is_separator);
    if ends_in_separator || out.is_dir() {
        return out.join("curse");
    }
    match out.extension().and_then(|extension| extension.to_str()) {
        Some("svg" | "png") => out.with_extension(""),
        _ => out.to_owned(),
    }
}
