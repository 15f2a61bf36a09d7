//! Tests of an aggregate's circuits, over leaves that are small but differ as leaves do.
mod end_to_end;
mod leaves;
