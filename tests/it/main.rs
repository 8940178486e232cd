//! What dothi promises, on the real things.

mod cluster; // the private PostgreSQL: shared, killed, recovered
