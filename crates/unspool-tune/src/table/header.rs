//! The header of a CSV table and what each of its columns is for.

use std::collections::HashMap;

use super::error::TableError;
use super::number::shown;
use super::place::Place;
use super::text::nearest;

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The feature of this number.
    Feature(usize),
    /// What is to be predicted.
    Target,
    /// Nothing.
    Ignored,
}

/// The names in the first line, and the file they are from.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) names: Vec<String>,
    pub(crate) place: Box<Place>,
    pub(crate) delimiter: u8,
}

impl Header {
    /// The roles of the columns of a table to learn from: all that are neither the target nor
    /// ignored are features.
    pub(crate) fn roles(&self, target: Option<&str>, ignore: &[String]) -> Result<Vec<Role>, TableError> {
        self.check_delimiter()?;
        let positions = self.unique_names()?;
        let Some(target) = target else {
            return Err(self.unless_headless(|| TableError::NoTarget {
                file: self.place.file.clone(),
                columns: self.names.clone(),
            }));
        };
        let find = |name: &str| {
            let found = positions.get(name.trim()).copied();
            found.ok_or_else(|| self.unless_headless(|| self.no_column(name)))
        };
        let target = find(target)?;
        let mut roles = vec![Role::Feature(0); self.names.len()];
        for name in ignore {
            set(&mut roles, find(name)?, Role::Ignored);
        }
        set(&mut roles, target, Role::Target);
        let mut features = 0;
        for role in &mut roles {
            if let Role::Feature(number) = role {
                *number = features;
                features += 1;
            }
        }
        if features == 0 {
            return Err(TableError::NoFeatures { file: self.place.file.clone() });
        }
        Ok(roles)
    }

    /// The roles of the columns for a model with features of these names: any other column is
    /// ignored, but for the target where there is one.
    pub(crate) fn roles_for(&self, features: &[String], target: Option<&str>) -> Result<Vec<Role>, TableError> {
        let mut roles = vec![Role::Ignored; self.names.len()];
        let mut positions: HashMap<&str, usize> = HashMap::with_capacity(self.names.len());
        let mut doubled: HashMap<&str, usize> = HashMap::new();
        for (position, name) in self.names.iter().enumerate() {
            if positions.contains_key(name.as_str()) {
                doubled.entry(name).or_insert(position);
            } else {
                positions.insert(name, position);
            }
        }
        let find = |name: &str| {
            let Some(&first) = positions.get(name.trim()) else {
                return Ok(None);
            };
            match doubled.get(name.trim()) {
                Some(&again) => Err(self.duplicate(again, first)),
                None => Ok(Some(first)),
            }
        };
        for (number, name) in features.iter().enumerate() {
            let Some(position) = find(name)? else {
                self.check_delimiter()?;
                return Err(self.unless_headless(|| TableError::MissingFeature {
                    file: self.place.file.clone(),
                    name: name.clone(),
                    nearest: nearest(name, &self.names).map(str::to_owned),
                }));
            };
            if roles.get(position) != Some(&Role::Ignored) {
                let (file, name) = (self.place.file.clone(), shown(name));
                return Err(TableError::DoubledFeature { file, name });
            }
            set(&mut roles, position, Role::Feature(number));
        }
        if let Some(position) = target.map(find).transpose()?.flatten()
            && roles.get(position) == Some(&Role::Ignored)
        {
            set(&mut roles, position, Role::Target);
        }
        Ok(roles)
    }

    /// The place of a column's name.
    pub(crate) fn at(&self, position: usize) -> Box<Place> {
        self.place.clone().column(position, self.names.get(position).map(String::as_str))
    }

    /// The positions of the names, none of which may be empty or come twice.
    fn unique_names(&self) -> Result<HashMap<&str, usize>, TableError> {
        let mut positions = HashMap::with_capacity(self.names.len());
        for (position, name) in self.names.iter().enumerate() {
            if name.is_empty() {
                return Err(TableError::EmptyName { at: self.at(position) });
            }
            if let Some(first) = positions.insert(name.as_str(), position) {
                return Err(self.unless_headless(|| self.duplicate(position, first)));
            }
        }
        Ok(positions)
    }

    /// Refuses a single column that holds what looks like other separators.
    fn check_delimiter(&self) -> Result<(), TableError> {
        let [name] = self.names.as_slice() else {
            return Ok(());
        };
        let seen = name.bytes().find(|byte| b";\t|,".contains(byte) && *byte != self.delimiter);
        seen.map_or(Ok(()), |seen| {
            Err(TableError::WrongDelimiter { at: self.place.clone(), text: shown(name), used: self.delimiter, seen })
        })
    }

    /// The error, unless the header seems to be a row of data, which explains it.
    fn unless_headless(&self, error: impl FnOnce() -> TableError) -> TableError {
        if self.names.iter().all(|name| name.parse::<f64>().is_ok()) {
            let text = self.names.first().map(|name| shown(name)).unwrap_or_default();
            return TableError::NoHeader { at: self.place.clone(), text };
        }
        error()
    }

    /// The error of a name that comes twice.
    fn duplicate(&self, position: usize, first: usize) -> TableError {
        TableError::DuplicateName { at: self.at(position), first: first + 1 }
    }

    /// The error of a name that is not there.
    fn no_column(&self, name: &str) -> TableError {
        TableError::NoColumn {
            file: self.place.file.clone(),
            name: shown(name),
            nearest: nearest(name, &self.names).map(str::to_owned),
            columns: self.names.clone(),
        }
    }
}

/// Gives a column its role.
fn set(roles: &mut [Role], position: usize, role: Role) {
    if let Some(place) = roles.get_mut(position) {
        *place = role;
    }
}
