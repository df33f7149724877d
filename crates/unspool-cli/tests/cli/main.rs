//! The program as its users meet it.

mod common;
mod curse;
mod refused;
mod tuning;
