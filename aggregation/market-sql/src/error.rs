//! What can go wrong with a database.

use thiserror::Error;

/// Why a database did not do what it was asked. Nothing has changed, unless it was lost while it committed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// A URL of no database that is known here.
    #[error("{url} is no database: write sqlite:// and a path, or postgres:// with user, host and name")]
    Url {
        /// Without its password.
        url: String,
    },
    /// The tables could not be made, or are of a later version.
    #[error("the tables of {url} are not those of this version: {source}")]
    Schema {
        /// Without its password.
        url: String,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// There is no answer, or no connection is free. Asking again may help.
    #[error("the database does not answer: {0}")]
    Away(sqlx::Error),
    /// No room for what was to be written.
    #[error("the database has no room left on its disk; free some and try again")]
    Full,
    /// A row that this version would not have written.
    #[error("{what} in the database cannot be read: {why}")]
    Corrupt {
        /// Which.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// Anything else.
    #[error("the database refuses a statement: {0}")]
    Statement(sqlx::Error),
}

impl DatabaseError {
    /// A row that cannot be read.
    pub fn corrupt(what: &'static str, why: impl ToString) -> Self {
        Self::Corrupt { what, why: why.to_string() }
    }

    /// Whether asking again may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Full)
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
        match (&error, code.as_ref()) {
            // SQLITE_FULL, and disk_full of PostgreSQL.
            (_, "13" | "53100") => Self::Full,
            // SQLITE_BUSY and SQLITE_LOCKED, extended or not; admin_shutdown and its kin, too_many_connections, connection exceptions.
            (_, "5" | "6" | "261" | "262" | "517" | "773" | "57P01" | "57P02" | "57P03" | "53300") => {
                Self::Away(error)
            }
            // What the database ended for another's sake or its own: serialisation, deadlock, cancelled, out of memory, lock not to be had, read only while it changes
            // its role; SQLITE_IOERR.
            (_, "40001" | "40P01" | "57014" | "53200" | "55P03" | "25006" | "10") => Self::Away(error),
            (_, code) if code.starts_with("08") => Self::Away(error),
            (
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed,
                _,
            ) => Self::Away(error),
            _ => Self::Statement(error),
        }
    }
}
