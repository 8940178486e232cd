//! Tests of the whole program; mirrors the commands and the doors.

mod reader;
