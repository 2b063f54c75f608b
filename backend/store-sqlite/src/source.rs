//! Reading all of a database, table by table, to move it to another engine.
//!
//! The only queries here that are made of text: which tables and columns there are is asked of the
//! database's own catalogue, and nothing but names from there gets into one.

use std::path::Path;

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use store::StoreError;
use store::table::{Cell, Column, Kind, Row, Table};

use crate::error::Failure;
use crate::open;
use crate::open_error::OpenError;

/// A database that is read as of one moment.
pub struct Source {
    connection: SqliteConnection,
}

impl Source {
    /// Opens a database of this version's tables.
    ///
    /// # Errors
    /// [`OpenError`] says what to do.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |error: sqlx::Error| open::unreadable(path, &error);
        let mut connection = open::connect(open::read_only(path, false))
            .await
            .map_err(failed)?;
        sqlx::query("begin")
            .execute(&mut connection)
            .await
            .map_err(failed)?;
        Ok(Self { connection })
    }

    /// All tables, each after those that its foreign keys lead to.
    ///
    /// # Errors
    /// When the catalogue cannot be read, or has something that cannot be moved.
    pub async fn tables(&mut self) -> store::Result<Vec<Table>> {
        let names: Vec<String> = sqlx::query_scalar(
            r"select name from sqlite_schema where type = 'table'
              and name not like 'sqlite\_%' escape '\' and name not like '\_sqlx\_%' escape '\'
              order by name",
        )
        .fetch_all(&mut self.connection)
        .await
        .map_err(failed)?;
        let mut open = Vec::new();
        for name in names {
            let leads_to: Vec<String> =
                sqlx::query_scalar(r#"select "table" from pragma_foreign_key_list(?)"#)
                    .bind(&name)
                    .fetch_all(&mut self.connection)
                    .await
                    .map_err(failed)?;
            open.push((self.table(name).await?, leads_to));
        }
        let mut sorted: Vec<Table> = Vec::new();
        while !open.is_empty() {
            let (next, later): (Vec<_>, Vec<_>) = open
                .into_iter()
                .partition(|(_, leads_to)| leads_to.iter().all(|to| contains(&sorted, to)));
            if next.is_empty() {
                return Err(StoreError::Refused(
                    "foreign keys lead in a circle".to_owned(),
                ));
            }
            sorted.extend(next.into_iter().map(|(table, _)| table));
            open = later;
        }
        Ok(sorted)
    }

    async fn table(&mut self, name: String) -> store::Result<Table> {
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("select name, type, pk from pragma_table_info(?) order by cid")
                .bind(&name)
                .fetch_all(&mut self.connection)
                .await
                .map_err(failed)?;
        let mut columns = Vec::new();
        let mut key = Vec::new();
        for (column, declared, place) in rows {
            let kind = match declared.to_ascii_lowercase().as_str() {
                "integer" => Kind::Integer,
                "text" => Kind::Text,
                "blob" => Kind::Blob,
                _ => {
                    return Err(StoreError::Refused(format!(
                        "{name}.{column} is of the unknown type {declared}"
                    )));
                }
            };
            let column = Column { name: column, kind };
            if place > 0 {
                key.push((place, column.clone()));
            }
            columns.push(column);
        }
        if key.is_empty() {
            return Err(StoreError::Refused(format!("{name} has no primary key")));
        }
        key.sort_by_key(|(place, _)| *place);
        let key = key.into_iter().map(|(_, column)| column).collect();
        Ok(Table { name, columns, key })
    }

    /// The next rows after a primary key, or the first ones, in the key's order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn rows_after(
        &mut self,
        table: &Table,
        key: &[Cell],
        limit: i64,
    ) -> store::Result<Vec<Row>> {
        let keys = names(&table.key);
        let after = if key.is_empty() {
            String::new()
        } else {
            let marks = vec!["?"; key.len()].join(", ");
            format!("where ({keys}) > ({marks})")
        };
        let text = format!(
            r#"select {} from "{}" {after} order by {keys} limit ?"#,
            names(&table.columns),
            table.name
        );
        let mut query = sqlx::query::<sqlx::Sqlite>(AssertSqlSafe(text));
        for cell in key {
            query = bind(query, cell.clone());
        }
        query
            .bind(limit)
            .fetch_all(&mut self.connection)
            .await
            .map_err(failed)?
            .iter()
            .map(|row| cells(table, row).map_err(failed))
            .collect()
    }

    /// Closes it.
    pub async fn close(self) {
        // what it reports does not matter: it has only read
        let _ = self.connection.close().await;
    }
}

fn contains(tables: &[Table], name: &str) -> bool {
    tables.iter().any(|table| table.name == name)
}

fn names(columns: &[Column]) -> String {
    let quoted: Vec<_> = columns
        .iter()
        .map(|column| format!(r#""{}""#, column.name))
        .collect();
    quoted.join(", ")
}

type Query<'a> = sqlx::query::Query<'a, sqlx::Sqlite, SqliteArguments>;

fn bind(query: Query<'_>, cell: Cell) -> Query<'_> {
    match cell {
        Cell::Null => query.bind(None::<i64>),
        Cell::Integer(value) => query.bind(value),
        Cell::Text(text) => query.bind(text),
        Cell::Blob(bytes) => query.bind(bytes),
    }
}

fn cells(table: &Table, row: &SqliteRow) -> sqlx::Result<Row> {
    table
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            Ok(match column.kind {
                Kind::Integer => row.try_get::<Option<i64>, _>(place)?.map(Cell::Integer),
                Kind::Text => row.try_get::<Option<String>, _>(place)?.map(Cell::Text),
                Kind::Blob => row.try_get::<Option<Vec<u8>>, _>(place)?.map(Cell::Blob),
            }
            .unwrap_or(Cell::Null))
        })
        .collect()
}

fn failed(error: sqlx::Error) -> StoreError {
    Failure::from(error).error
}
