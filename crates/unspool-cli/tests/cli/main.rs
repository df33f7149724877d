//! The program as its users meet it.

mod advise;
mod common;
mod curse;
mod docs;
mod graphs;
mod image;
mod image_explain;
mod image_hostile;
mod golden;
mod networks;
mod refused;
mod reproduce;
mod tuning;
