//! `unspool reproduce`: the three systems on real data, and a report of what came out.
//!
//! The report is a list of *parts*. Each is one experiment: it is done, kept as a file, and not done again with the same
//! settings. So an interrupted run goes on where it was, and a report is always made of parts alone.

mod curse;
mod folder;
mod graphs;
mod images;
mod paper;
mod photos;
mod size;
mod train;
mod tune;

use std::time::Instant;

use serde_json::{Value, json};
use unspool_report::{Part, Report, Section};

use self::folder::{Files, Folder};
use self::size::Size;
use super::SCHEMA_VERSION;
use super::stop::Stop;
use crate::args::{ReproduceArgs, SectionArg};
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Share;

/// Runs the parts that are asked for, and writes the report.
pub(crate) fn run(args: &ReproduceArgs) -> Result<Done, Failure> {
    train::check(args)?;
    super::build_threads(args.running.threads)?;
    let folder = Folder::open(&args.out, args.force)?;
    let stop = Stop::at_once(&args.running, "stopped; what is finished is kept, the same command goes on from there")?;
    let share = Share::new(args.running.quiet);
    let desk = Desk { args, size: Size::of(args), folder: &folder, share: &share, stop: &stop };
    let clock = Instant::now();
    let sections = plan(&desk)?;
    let count: usize = sections.iter().map(|(_, jobs)| jobs.len()).sum();
    let (mut number, mut reused) = (0, 0);
    let mut report = outline(args);
    for (mut section, jobs) in sections {
        for job in jobs {
            number += 1;
            share.stage(&format!("{number}/{count} {}", job.title));
            let config = job.settings(&desk);
            let part = match folder.finished(job.id, &config) {
                Some(part) => {
                    reused += 1;
                    part
                }
                None => {
                    let clock = Instant::now();
                    let Some(part) = (job.make)(&desk)? else {
                        share.finish();
                        return Ok(Done::Interrupted);
                    };
                    let (id, title) = (job.id.into(), job.title.into());
                    let part = Part { id, title, config, seconds: clock.elapsed().as_secs_f64(), ..part };
                    folder.keep(&part)?;
                    part
                }
            };
            section.parts.push(part);
        }
        report.sections.push(section);
    }
    share.stage("writing the report");
    let files = folder.write(&report)?;
    share.finish();
    let seconds = clock.elapsed().as_secs_f64();
    let text = if args.json {
        format!("{:#}\n", document(args, &report, &files, reused, seconds))
    } else {
        summary(&report, &files, reused, seconds)
    };
    output::print(text.as_bytes())?;
    Ok(Done::Well)
}

/// What the parts share.
struct Desk<'a> {
    args: &'a ReproduceArgs,
    size: Size,
    folder: &'a Folder,
    share: &'a Share,
    stop: &'a Stop,
}

/// Makes a part; none when it was interrupted.
type Make = Box<dyn FnOnce(&Desk) -> Result<Option<Part>, Failure>>;

/// A part to be done.
struct Job {
    id: &'static str,
    title: &'static str,
    config: Value,
    make: Make,
}

impl Job {
    /// A part that cannot be interrupted, made with these settings.
    fn new(
        id: &'static str,
        title: &'static str,
        config: Value,
        make: impl FnOnce(&Desk) -> Result<Part, Failure> + 'static,
    ) -> Self {
        Job { id, title, config, make: Box::new(|desk| make(desk).map(Some)) }
    }

    /// All that the part depends on.
    fn settings(&self, desk: &Desk) -> Value {
        let mut settings = json!({ "version": env!("CARGO_PKG_VERSION"), "seed": desk.args.seed });
        if let (Value::Object(all), Value::Object(own)) = (&mut settings, &self.config) {
            all.extend(own.clone());
        }
        settings
    }
}

/// The sections that are asked for, with what is to be done for each.
fn plan(desk: &Desk) -> Result<Vec<(Section, Vec<Job>)>, Failure> {
    let wanted = |section| desk.args.section == section || desk.args.section == SectionArg::All;
    let mut sections = Vec::new();
    if wanted(SectionArg::Curse) {
        let lead = "A solver is run for t steps and differentiated through them. Its Jacobian may first get worse, and the \
                    faster the solver, the worse. Where does that happen, how long does it last, and which plan is best?";
        let jobs = curse::jobs(desk).into_iter().chain(tune::jobs(desk)).collect();
        sections.push((Section::new("curse", "Derivatives of solvers", lead), jobs));
    }
    if wanted(SectionArg::Graphs) {
        let lead = "Nodes with similar signals become neighbours. Several methods learn a graph of weather stations, then \
                    graphs whose truth is known, and networks are compared with methods that need no training.";
        sections.push((Section::new("graphs", "Graphs from signals", lead), graphs::jobs(desk)?));
    }
    if wanted(SectionArg::Images) {
        let lead = "A camera measures one colour a pixel. Classic methods and trained networks fill in the others; the \
                    graphs of a network tell what a pixel was made of.";
        sections.push((Section::new("images", "Photos from mosaics", lead), images::jobs(desk)?));
    }
    Ok(sections)
}

/// The report without its sections.
fn outline(args: &ReproduceArgs) -> Report {
    let mut invocation = format!("unspool reproduce {}", args.section.name());
    if args.full {
        invocation += " --full";
    }
    for (flag, is_given) in [("--data …", args.data.is_some()), ("--test …", args.test.is_some())] {
        if is_given {
            invocation += &format!(" {flag}");
        }
    }
    if args.seed != 0 {
        invocation += &format!(" --seed {}", args.seed);
    }
    Report {
        lead: "What the program finds on real data: measurements beside theory, trained networks beside the simple methods, \
               and what papers report beside what comes out here."
            .into(),
        version: env!("CARGO_PKG_VERSION").into(),
        invocation,
        seed: args.seed,
        ..Report::new("Unrolled solvers, measured")
    }
}

/// The text with a capital at its start, and quotes in place of code.
fn sentence(text: &str) -> String {
    let mut open = false;
    let quoted = text.chars().map(|c| match c {
        '`' => {
            open = !open;
            if open { '“' } else { '”' }
        }
        c => c,
    });
    let mut characters = quoted.collect::<Vec<_>>().into_iter();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// The summary for people.
fn summary(report: &Report, files: &Files, reused: usize, seconds: f64) -> String {
    let mut lines = Vec::new();
    for section in &report.sections {
        lines.push(section.title.clone());
        lines.extend(section.parts.iter().filter_map(|part| Some(format!("  {}", part.findings.first()?))));
    }
    let parts = report.parts().count();
    lines.push(String::new());
    lines.push(match reused {
        0 => format!("{parts} parts, {seconds:.0} s"),
        _ => format!("{parts} parts, {reused} of them from before, {seconds:.0} s"),
    });
    lines.push(format!("report: {}", files.html.display()));
    lines.push(format!("numbers: {}, and {} tables as CSV", files.json.display(), files.tables.len()));
    lines.join("\n") + "\n"
}

/// The JSON document.
fn document(args: &ReproduceArgs, report: &Report, files: &Files, reused: usize, seconds: f64) -> Value {
    let findings: serde_json::Map<String, Value> =
        report.parts().map(|part| (part.id.clone(), json!(part.findings))).collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "command": "reproduce",
        "section": args.section.name(),
        "mode": if args.full { "full" } else { "quick" },
        "seed": args.seed,
        "report": files.html.display().to_string(),
        "numbers": files.json.display().to_string(),
        "tables": files.tables.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "findings": findings,
        "parts": report.parts().count(),
        "parts_from_before": reused,
        "seconds": seconds,
    })
}
