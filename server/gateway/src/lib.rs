//! Model traffic: credentials, upstreams, usage, cost.
