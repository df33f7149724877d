//! The folder of a report: what is finished stays finished.

use std::path::{Path, PathBuf};

use serde_json::Value;
use unspool_report::{Block, Part, Report, Table};
use unspool_tune::write_atomically;

use crate::exit::Failure;
use crate::picture::Picture;

/// The folder that a report is written to.
pub(super) struct Folder {
    path: PathBuf,
}

/// The files of a report.
pub(super) struct Files {
    pub(super) html: PathBuf,
    pub(super) json: PathBuf,
    pub(super) tables: Vec<PathBuf>,
}

impl Folder {
    /// Opens the folder, making it where it is missing; one that holds other things only if `force`d.
    pub(super) fn open(path: &Path, force: bool) -> Result<Self, Failure> {
        let failed = |error| Failure::write(&path.display().to_string(), &error);
        if path.exists() && !force {
            let is_ours = path.join("parts").is_dir() || path.join("runs").is_dir();
            if !is_ours && std::fs::read_dir(path).map_err(failed)?.next().is_some() {
                let message = format!("{}: holds other things", path.display());
                return Err(Failure::new(message, "choose another folder with --out, or write into it with --force"));
            }
        }
        for part in ["parts", "tables", "figures"] {
            std::fs::create_dir_all(path.join(part)).map_err(failed)?;
        }
        tempfile::tempfile_in(path).map_err(failed)?;
        Ok(Folder { path: path.to_owned() })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a figure; returns its name within the folder.
    pub(super) fn figure(&self, name: &str, bytes: &[u8]) -> Result<String, Failure> {
        let name = format!("figures/{name}");
        write_atomically(&self.path.join(&name), bytes)?;
        Ok(name)
    }

    /// Writes a picture in both formats; returns the names.
    pub(super) fn picture(&self, stem: &str, picture: &Picture) -> Result<Vec<String>, Failure> {
        let svg = self.figure(&format!("{stem}.svg"), picture.svg.as_bytes())?;
        Ok(vec![svg, self.figure(&format!("{stem}.png"), &picture.png)?])
    }

    fn file_of(&self, id: &str) -> PathBuf {
        self.path.join("parts").join(id).with_extension("json")
    }

    /// A part that is there already, whole and made with these settings.
    pub(super) fn finished(&self, id: &str, config: &Value) -> Option<Part> {
        let part: Part = serde_json::from_slice(&std::fs::read(self.file_of(id)).ok()?).ok()?;
        let is_whole = || part.blocks.iter().flat_map(Block::files).all(|name| self.path.join(name).is_file());
        (part.config == *config && is_whole()).then_some(part)
    }

    /// Keeps a part.
    pub(super) fn keep(&self, part: &Part) -> Result<(), Failure> {
        let text = serde_json::to_string(part).map_err(unspool_report::Error::from)?;
        Ok(write_atomically(&self.file_of(&part.id), text.as_bytes())?)
    }

    /// Writes the report, its tables and its page.
    pub(super) fn write(&self, report: &Report) -> Result<Files, Failure> {
        let mut tables = Vec::new();
        for table in report.parts().flat_map(|part| &part.blocks).filter_map(as_table) {
            let file = self.path.join("tables").join(&table.id).with_extension("csv");
            write_atomically(&file, table.csv()?.as_bytes())?;
            tables.push(file);
        }
        let read = |name: &str| std::fs::read(self.path.join(name)).ok();
        let page = unspool_report::html::render(report, &read)?;
        let files = Files { html: self.path.join("report.html"), json: self.path.join("report.json"), tables };
        write_atomically(&files.json, (report.json()? + "\n").as_bytes())?;
        write_atomically(&files.html, page.as_bytes())?;
        Ok(files)
    }
}

fn as_table(block: &Block) -> Option<&Table> {
    match block {
        Block::Table(table) => Some(table),
        _ => None,
    }
}
