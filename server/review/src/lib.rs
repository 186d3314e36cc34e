//! Hunks, placement on live text, three-way merge: pure.
