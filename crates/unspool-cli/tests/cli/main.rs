//! The program as its users meet it.

mod advise;
mod common;
mod curse;
mod docs;
mod faults;
mod golden;
mod graphs;
mod image;
mod image_explain;
mod image_hostile;
mod networks;
mod refused;
mod reproduce;
mod settings;
mod structure;
mod threads;
mod tuning;
