//! `unspool predict`.

use serde::Serialize;
use serde_json::json;
use unspool_tune::table::{self, Format, NewRows, ReadOptions, TargetKind};
use unspool_tune::{Predictions, SavedModel};

use super::{SCHEMA_VERSION, STANDARD_INPUT, is_standard_input};
use crate::args::PredictArgs;
use crate::exit::{Done, Failure};
use crate::output;

/// Predicts the rows of a table.
pub(crate) fn run(args: &PredictArgs) -> Result<Done, Failure> {
    let model = SavedModel::read(&args.model)?;
    let rows = read(args, &model)?;
    let predictions = model.predict(&rows)?;
    let score = score(&model, &rows, &predictions);
    let bytes = if args.json {
        document(&model, &rows, &predictions, score.as_ref().ok().and_then(Option::as_ref))
    } else {
        csv(&model, &predictions)?
    };
    match &args.out {
        Some(path) => output::write(path, &bytes, args.force)?,
        None => output::print(&bytes)?,
    }
    if !args.quiet {
        match score {
            Ok(Some(score)) => output::tell(&score.line()),
            Ok(None) => {}
            Err(why) => output::tell(&format!("no score: {why}")),
        }
    }
    Ok(Done::Well)
}

/// Reads the rows, with the target where it is there.
fn read(args: &PredictArgs, model: &SavedModel) -> Result<NewRows, Failure> {
    let is_number = |label: &String| label.parse::<f64>().is_ok();
    let has_text_labels = model.model.is_classifier() && !model.labels.iter().all(is_number);
    let options = ReadOptions {
        format: args.table.format.map(Format::from),
        delimiter: args.table.delimiter,
        target: (!model.columns.is_empty()).then(|| model.target.clone()),
        target_kind: if has_text_labels { TargetKind::Labels } else { TargetKind::Auto },
        ..ReadOptions::default()
    };
    Ok(if is_standard_input(&args.data) {
        table::read_new_rows_from(std::io::stdin().lock(), STANDARD_INPUT, model.schema(), &options)?
    } else {
        table::read_new_rows(&args.data, model.schema(), &options)?
    })
}

/// The predicted class's name.
fn label(model: &SavedModel, class: f64) -> &str {
    // Classes are positions in `labels`, exact in a float.
    model.labels.get(class as usize).map_or("", String::as_str)
}

/// The predictions as CSV.
fn csv(model: &SavedModel, predictions: &Predictions) -> Result<Vec<u8>, Failure> {
    let failed = |error: csv::Error| Failure::new(format!("the predictions cannot be written: {error}"), "try --json");
    let mut writer = csv::Writer::from_writer(Vec::new());
    let Some(probabilities) = &predictions.probabilities else {
        writer.write_record(["prediction"]).map_err(failed)?;
        for value in &predictions.values {
            writer.write_record([value.to_string()]).map_err(failed)?;
        }
        return finish(writer);
    };
    let names = model.labels.iter().map(|label| format!("probability_{label}"));
    writer.write_record(["prediction".to_owned()].into_iter().chain(names)).map_err(failed)?;
    for (&class, row) in predictions.values.iter().zip(probabilities) {
        let cells = row.iter().map(f64::to_string);
        writer.write_record([label(model, class).to_owned()].into_iter().chain(cells)).map_err(failed)?;
    }
    finish(writer)
}

/// The bytes written.
fn finish(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let failed = |error: &std::io::Error| Failure::write("the predictions", error);
    writer.into_inner().map_err(|error| failed(error.error()))
}

/// The predictions as a JSON document.
fn document(model: &SavedModel, rows: &NewRows, predictions: &Predictions, score: Option<&Scored>) -> Vec<u8> {
    let values = match predictions.probabilities {
        Some(_) => predictions.values.iter().map(|&class| json!(label(model, class))).collect(),
        None => predictions.values.iter().map(|value| json!(value)).collect::<Vec<_>>(),
    };
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "command": "predict",
        "data": rows.source,
        "target": model.target,
        "predictions": values,
        "labels": predictions.probabilities.as_ref().map(|_| &model.labels),
        "probabilities": predictions.probabilities,
        "score": score,
    });
    format!("{document}\n").into_bytes()
}

/// How predictions compare with the target.
#[derive(Serialize)]
#[serde(untagged)]
enum Scored {
    /// Of classes.
    Classes { rows: usize, accuracy: f64, log_loss: f64 },
    /// Of numbers.
    Numbers {
        rows: usize,
        /// None where the target does not vary.
        r_squared: Option<f64>,
        root_mean_squared_error: f64,
    },
}

impl Scored {
    /// In one line.
    fn line(&self) -> String {
        match self {
            Scored::Classes { rows, accuracy, log_loss } => {
                format!("accuracy {accuracy:.4}, log loss {log_loss:.5} on {rows} rows")
            }
            Scored::Numbers { rows, r_squared, root_mean_squared_error } => {
                let r = r_squared.map(|r| format!("R² {r:.4}, ")).unwrap_or_default();
                format!("{r}root mean squared error {root_mean_squared_error:.6} on {rows} rows")
            }
        }
    }
}

/// The score where the rows have a target, or why it cannot be had.
fn score(model: &SavedModel, rows: &NewRows, predictions: &Predictions) -> Result<Option<Scored>, String> {
    let Some(target) = &rows.target else { return Ok(None) };
    let count = predictions.values.len();
    let n = count.max(1) as f64;
    if let Some(probabilities) = &predictions.probabilities {
        let classes = table::encode_known(&rows.source, target, &model.labels).map_err(|error| error.to_string())?;
        let right = classes.iter().zip(&predictions.values).filter(|&(&class, &value)| class as f64 == value).count();
        let loss = |(&class, row): (&usize, &Vec<f64>)| -row.get(class).map_or(f64::NAN, |p| p.ln());
        let log_loss = classes.iter().zip(probabilities).map(loss).sum::<f64>() / n;
        return Ok(Some(Scored::Classes { rows: count, accuracy: right as f64 / n, log_loss }));
    }
    if target.labels.is_some() {
        return Err("the target is text where the model predicts numbers".into());
    }
    let mean = target.values.iter().sum::<f64>() / n;
    let total: f64 = target.values.iter().map(|y| (y - mean).powi(2)).sum();
    let residual: f64 = target.values.iter().zip(&predictions.values).map(|(y, p)| (y - p).powi(2)).sum();
    Ok(Some(Scored::Numbers {
        rows: count,
        r_squared: (total > 0.0).then(|| 1.0 - residual / total),
        root_mean_squared_error: (residual / n).sqrt(),
    }))
}
