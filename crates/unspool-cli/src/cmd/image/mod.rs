//! Commands on images.

pub(crate) mod demosaick;
pub(crate) mod eval;
mod explain;
pub(crate) mod interpolate;
mod measured;
pub(super) mod method;
pub(crate) mod mosaick;
pub(crate) mod train;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use unspool_image::io::{self, Format, Photo};

use super::SCHEMA_VERSION;
use super::stop::Stop;
use crate::args::{BatchArgs, ExplainArgs};
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Share;

/// Endings of files that are taken from a folder, beside those of raw files.
const ENDINGS: [&str; 5] = ["png", "tif", "tiff", "jpg", "jpeg"];

/// The image files that a list of files, folders and patterns stands for, in order; those of a folder by name.
pub(super) fn files(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for input in inputs {
        let name = input.display();
        if input.is_dir() {
            let failed = |e| Failure::new(format!("{name}: cannot be read: {e}"), "look at the folder's permissions");
            let mut own = Vec::new();
            for entry in std::fs::read_dir(input).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
                if (ENDINGS.contains(&ending.as_str()) || measured::is_raw(&path)) && path.is_file() {
                    own.push(path);
                }
            }
            own.sort();
            if own.is_empty() {
                return Err(Failure::new(format!("{name}: holds no image"), "images end in .png, .tif or .jpg"));
            }
            all.extend(own);
        } else if input.exists() {
            all.push(input.clone());
        } else {
            let pattern = input.to_str().filter(|text| text.contains(['*', '?', '[']));
            let found: Vec<PathBuf> =
                pattern.and_then(|p| glob::glob(p).ok()).into_iter().flatten().filter_map(Result::ok).collect();
            if found.is_empty() {
                return Err(Failure::new(format!("{name}: there is no such image"), "look at the name or the pattern"));
            }
            all.extend(found);
        }
    }
    Ok(all)
}

/// Where the result of each input goes: `out` itself for one input if it has an image's ending, else files in it.
fn targets(files: &[PathBuf], out: &Path) -> Result<Vec<PathBuf>, Failure> {
    if files.len() == 1 && !out.is_dir() && out.extension().is_some() {
        Format::of(out)?;
        return Ok(vec![out.to_owned()]);
    }
    std::fs::create_dir_all(out).map_err(|error| Failure::write(&out.display().to_string(), &error))?;
    let mut names = std::collections::HashSet::new();
    files
        .iter()
        .map(|file| {
            let stem = file.file_stem().unwrap_or_default();
            let ending = Format::of(file).map_or("png", |f| if f == Format::Tiff { "tif" } else { "png" });
            let target = out.join(stem).with_extension(ending);
            if names.insert(target.clone()) {
                return Ok(target);
            }
            let problem = format!("two inputs would be written to {}", target.display());
            Err(Failure::new(problem, "give them other names, or run the command twice"))
        })
        .collect()
}

/// Where what a network saw of this image goes.
fn explain_folder(args: &ExplainArgs, image: &Path) -> Option<PathBuf> {
    args.explain.as_ref().map(|folder| folder.join(image.file_stem().unwrap_or_default()))
}

/// What a command makes of a photo, and what it has to say about it.
type Made = (Photo, Value);

/// A photo from a file.
fn photo(path: &Path) -> Result<Photo, Failure> {
    Ok(io::read(path)?)
}

/// Runs `make` on what `read` gets of each file. One that fails does not stop the others.
fn each<T>(
    command: &str,
    args: &BatchArgs,
    read: impl Fn(&Path) -> Result<T, Failure>,
    mut make: impl FnMut(T, &Path) -> Result<Made, Failure>,
) -> Result<Done, Failure> {
    let files = files(&args.inputs)?;
    let targets = targets(&files, &args.out)?;
    let same =
        |a: &Path, b: &Path| std::fs::canonicalize(a).is_ok_and(|a| std::fs::canonicalize(b).is_ok_and(|b| a == b));
    for (file, target) in files.iter().zip(&targets) {
        if same(file, target) {
            return Err(Failure::new(format!("{}: would be overwritten", file.display()), "choose another --out"));
        }
        if target.exists() && !args.force {
            return Err(Failure::exists(target, "choose another name, or overwrite it with --force"));
        }
    }
    let stop = Stop::watch(&args.running, "stopping after this image")?;
    let share = Share::new(args.running.quiet || files.len() == 1);
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (k, (file, target)) in files.iter().zip(&targets).enumerate() {
        if stop.is_asked() {
            break;
        }
        share.stage(&file.display().to_string());
        let clock = Instant::now();
        let made = read(file).and_then(|read| make(read, file)).and_then(|(photo, note)| {
            output::write(target, &io::encode_last(photo, Format::of(target)?)?, args.force)?;
            Ok(note)
        });
        match made {
            Ok(note) => done.push(json!({
                "input": file.display().to_string(),
                "output": target.display().to_string(),
                "seconds": clock.elapsed().as_secs_f64(),
                "notes": note,
            })),
            Err(failure) => {
                let name = file.display().to_string();
                let is_named = failure.message().contains(&name);
                failed.push((name, if is_named { failure } else { failure.within(Some(file)) }));
            }
        }
        share.show((k + 1) as f64 / files.len() as f64);
    }
    share.finish();
    if args.json {
        let failures: Vec<Value> =
            failed.iter().map(|(file, failure)| json!({ "input": file, "problem": failure.message() })).collect();
        let document = json!({
            "schema_version": SCHEMA_VERSION,
            "command": command,
            "images": done,
            "failed": failures,
        });
        output::print(format!("{document:#}\n").as_bytes())?;
    } else if !args.running.quiet {
        let mut text = String::new();
        for one in &done {
            let seconds = one["seconds"].as_f64().unwrap_or_default();
            text += &format!("{}  {seconds:.1} s", one["output"].as_str().unwrap_or_default());
            if let Some(noise) = one["notes"]["noise"].as_f64() {
                text += &format!("  noise {noise:.1}");
            }
            text.push('\n');
        }
        output::print(text.as_bytes())?;
    }
    if files.len() == 1
        && let Some((_, failure)) = failed.pop()
    {
        return Err(failure);
    }
    if !failed.is_empty() {
        let list: Vec<String> = failed.iter().map(|(_, failure)| failure.message().to_owned()).collect();
        let message = format!("{} of {} images failed: {}", failed.len(), files.len(), list.join("; "));
        return Err(Failure::new(message, "the others were written"));
    }
    Ok(if done.len() < files.len() { Done::Unfinished } else { Done::Well })
}
