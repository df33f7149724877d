//! The program as its users meet it.

mod advise;
mod common;
mod curse;
mod graphs;
mod image;
mod networks;
mod refused;
mod tuning;
