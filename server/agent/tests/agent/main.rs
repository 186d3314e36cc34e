//! The real program in attempts of its own, with the test as its daemon and its model.

mod claude;
mod connect;
mod daemon;
mod direct;
