//! Rules of the store broken on purpose: the test of the tests. Only tests can break them.

/// A rule that a store breaks on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutation {
    /// Does not sync the bytes of records and tombstones.
    NoRecordSync,
    /// Does not sync the directory after a name has changed.
    NoDirectorySync,
    /// Names a record as kept before its bytes are synced.
    NameBeforeSync,
    /// Acknowledges before the directory is synced.
    AcknowledgeBeforeDirectorySync,
    /// Removes a deleted record before its tombstone is durable.
    UnlinkBeforeTombstone,
}
