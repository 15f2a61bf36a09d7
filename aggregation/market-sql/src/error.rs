//! What can go wrong with a database.

use std::borrow::Cow;

use thiserror::Error;

/// Why a database did not do what it was asked. Nothing has changed, unless the database was lost
/// during a commit.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The URL does not name a known kind of database.
    #[error(
        "{url} is not the URL of a database: write sqlite:// and a path, or postgres:// with user, host and name"
    )]
    Url {
        /// The URL without its password.
        url: String,
    },
    /// The tables could not be created, or are of a later version.
    #[error("the tables of {url} could not be created or are of another version: {source}")]
    Schema {
        /// The URL without its password.
        url: String,
        /// The reason.
        source: sqlx::migrate::MigrateError,
    },
    /// There is no answer, or no connection is free. Asking again may help.
    #[error("the database does not answer: {0}")]
    Away(sqlx::Error),
    /// There is no room for what was to be written.
    #[error("the database's disk is full; free some space and try again")]
    Full,
    /// A row that this version would not have written.
    #[error("{what} in the database cannot be read: {why}")]
    Corrupt {
        /// What cannot be read.
        what: &'static str,
        /// The reason.
        why: String,
    },
    /// Any other error.
    #[error("the database refused a statement: {0}")]
    Statement(sqlx::Error),
}

impl DatabaseError {
    /// The error about a row that cannot be read.
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
        match (&error, primary(&code).as_ref()) {
            // SQLITE_FULL, and disk_full of PostgreSQL.
            (_, "13" | "53100") => Self::Full,
            // SQLITE_BUSY and SQLITE_LOCKED; admin_shutdown and its kin, too_many_connections,
            // connection exceptions.
            (_, "5" | "6" | "57P01" | "57P02" | "57P03" | "53300") => Self::Away(error),
            // Statements that the database ended, for the sake of another transaction or for its
            // own: serialisation failure, deadlock, cancellation, out of memory, lock not
            // available, read-only while the server changes its role; SQLITE_IOERR.
            (_, "40001" | "40P01" | "57014" | "53200" | "55P03" | "25006" | "10") => {
                Self::Away(error)
            }
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

/// The primary result code of SQLite, which is the low byte of an extended code
/// (<https://www.sqlite.org/rescode.html>). Codes of PostgreSQL have five characters and stay as
/// they are.
fn primary(code: &str) -> Cow<'_, str> {
    match code.parse::<u16>() {
        Ok(number) if code.len() < 5 => (number & 0xff).to_string().into(),
        _ => code.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::error::ErrorKind;
    use std::error::Error;
    use std::fmt;

    /// An error of a database with this code.
    #[derive(Debug)]
    struct Coded(&'static str);

    impl fmt::Display for Coded {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Coded {}

    impl sqlx::error::DatabaseError for Coded {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn of(code: &'static str) -> DatabaseError {
        sqlx::Error::Database(Box::new(Coded(code))).into()
    }

    #[test]
    fn what_may_pass_is_told_by_its_code_extended_or_not() {
        // SQLITE_BUSY, _BUSY_RECOVERY, _BUSY_SNAPSHOT, _BUSY_TIMEOUT; SQLITE_LOCKED,
        // _LOCKED_SHAREDCACHE, _LOCKED_VTAB.
        for code in ["5", "261", "517", "773", "6", "262", "518"] {
            assert!(matches!(of(code), DatabaseError::Away(_)), "{code}");
        }
        // SQLITE_IOERR, _IOERR_READ, _IOERR_SHORT_READ, _IOERR_WRITE, _IOERR_FSYNC, _IOERR_SHMMAP,
        // _IOERR_DATA.
        for code in ["10", "266", "522", "778", "1034", "5386", "8202"] {
            assert!(matches!(of(code), DatabaseError::Away(_)), "{code}");
        }
        for code in ["08006", "57P01", "40001", "53300", "25006"] {
            assert!(matches!(of(code), DatabaseError::Away(_)), "{code}");
        }
        assert!(
            matches!(of("13"), DatabaseError::Full) && matches!(of("53100"), DatabaseError::Full)
        );
    }

    #[test]
    fn a_refused_statement_does_not_pass() {
        // SQLITE_CONSTRAINT_UNIQUE, SQLITE_CORRUPT, SQLITE_READONLY_DBMOVED; unique_violation,
        // undefined_table, and a number of five characters whose low byte is SQLITE_IOERR.
        for code in ["2067", "11", "1032", "23505", "42P01", "00266"] {
            let error = of(code);
            assert!(matches!(error, DatabaseError::Statement(_)) && !error.may_pass(), "{code}");
        }
    }
}
