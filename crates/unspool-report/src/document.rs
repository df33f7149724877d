//! The report as data: sections of parts of blocks.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::block::Block;

/// Version of the layout of `report.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// All that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The title.
    pub title: String,
    /// What it is about, in a sentence or two.
    pub lead: String,
    /// Version of the program.
    pub version: String,
    /// The command that makes the report again.
    pub invocation: String,
    /// The seed of all that is random.
    pub seed: u64,
    /// Where it ran.
    pub environment: Environment,
    /// The sections.
    pub sections: Vec<Section>,
}

/// Where a report was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub architecture: String,
}

/// A section: what was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Its anchor.
    pub id: String,
    /// The heading.
    pub title: String,
    /// What is asked and why, in a few sentences.
    pub lead: String,
    /// Its parts.
    pub parts: Vec<Part>,
}

/// A part: one experiment, done at once and kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its anchor, and the name of its file.
    pub id: String,
    /// The heading.
    pub title: String,
    /// What was done, in a few sentences.
    #[serde(default)]
    pub text: String,
    /// What it shows, the most important first.
    pub findings: Vec<String>,
    /// What was done it with, seeds among it.
    pub config: Value,
    /// What it shows, in tables and figures.
    pub blocks: Vec<Block>,
    /// How long it took.
    pub seconds: f64,
}

impl Report {
    /// Without sections yet.
    pub fn new(title: impl Into<String>) -> Self {
        Report {
            schema_version: SCHEMA_VERSION,
            title: title.into(),
            lead: String::new(),
            version: String::new(),
            invocation: String::new(),
            seed: 0,
            environment: Environment { os: std::env::consts::OS.into(), architecture: std::env::consts::ARCH.into() },
            sections: Vec::new(),
        }
    }

    /// With this section at its end.
    #[must_use]
    pub fn with(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// All parts.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.sections.iter().flat_map(|section| &section.parts)
    }

    /// As JSON in one line.
    ///
    /// # Errors
    /// None, unless memory is short.
    pub fn json(&self) -> crate::Result<String> {
        Ok(serde_json::to_string(self)?)
    }
}

impl Section {
    /// Without parts yet.
    pub fn new(id: impl Into<String>, title: impl Into<String>, lead: impl Into<String>) -> Self {
        Section { id: id.into(), title: title.into(), lead: lead.into(), parts: Vec::new() }
    }

    /// With this part at its end.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
}

impl Part {
    /// Without blocks yet.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Part {
            id: id.into(),
            title: title.into(),
            text: String::new(),
            findings: Vec::new(),
            config: Value::Null,
            blocks: Vec::new(),
            seconds: 0.0,
        }
    }

    /// With this text.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With this finding.
    #[must_use]
    pub fn finding(mut self, finding: impl Into<String>) -> Self {
        self.findings.push(finding.into());
        self
    }

    /// With this block at its end.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}
