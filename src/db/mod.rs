//! PostgreSQL: the private cluster.

pub mod cluster; // the PostgreSQL that dothi keeps for itself when it is given none
