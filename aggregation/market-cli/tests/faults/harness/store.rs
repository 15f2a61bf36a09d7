//! Databases of tests: files, or databases on a server that histories share.

use std::path::Path;

use velum_market_sql::sqlx::{self, AnyConnection, AssertSqlSafe, Connection};
use velum_market_sql::testing::Postgres;

/// Where databases are.
#[derive(Clone, Copy)]
pub enum Databases<'a> {
    /// In files.
    Sqlite,
    /// On a server.
    Postgres(&'a Postgres),
}

impl Databases<'_> {
    /// The URL of a new database.
    pub async fn make(self, folder: &Path, name: &str) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}/{name}.db", folder.display()),
            Self::Postgres(server) => {
                // Each history has a folder of another name.
                let unique: String = folder
                    .file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .collect();
                let name = format!("{name}_{}", unique.to_lowercase());
                let mut connection = connect(&server.url()).await.unwrap();
                let create = AssertSqlSafe(format!("create database {name}"));
                sqlx::query(create).execute(&mut connection).await.unwrap();
                server.url().replacen("/postgres?", &format!("/{name}?"), 1)
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

pub async fn connect(url: &str) -> Result<AnyConnection, sqlx::Error> {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await
}
