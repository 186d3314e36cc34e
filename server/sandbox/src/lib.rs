//! Containers and the process sandbox.
