//! The real program in attempts of its own, with the test as its daemon and its model.

#[cfg(test)]
mod claude;
#[cfg(test)]
mod command;
#[cfg(test)]
mod connect;
#[cfg(test)]
mod daemon;
#[cfg(test)]
mod direct;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod steering;
