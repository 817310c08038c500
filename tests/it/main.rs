//! The integration tests, one binary: a folder for each part of the house.

mod store;
mod support;
