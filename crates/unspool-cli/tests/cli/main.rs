//! The program as its users meet it.

mod advise;
mod common;
mod curse;
mod docs;
mod golden;
mod graphs;
mod image;
mod image_explain;
mod image_hostile;
mod networks;
mod refused;
mod reproduce;
mod settings;
mod tuning;
