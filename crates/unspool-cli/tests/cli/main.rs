//! The program as its users meet it.

mod advise;
mod common;
mod curse;
mod graphs;
mod refused;
mod tuning;
