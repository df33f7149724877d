//! The program as its users meet it.

mod common;
mod refused;
mod tuning;
