//! Filling an empty database with all of another engine's, table by table.
//!
//! The only queries here that are made of text: which tables and columns there are is asked of the
//! source's catalogue and held against this one's, and nothing but names from there gets into one.

use std::collections::BTreeMap;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use store::StoreError;
use store::table::{Cell, Column, Kind, Row, Sum, Summing, Table};

use crate::error::Failure;
use crate::open;
use crate::open_error::OpenError;

/// How many rows are taken at once when a table is summed up.
const FETCHED: usize = 1_000;

/// The advisory lock of whoever fills a database: "Onfill" in ASCII.
const FILLING: i64 = 0x4f6e_6669_6c6c;

/// A database that is being filled.
pub struct Target {
    connection: PgConnection,
    /// The type of each column of each table, as this engine calls it.
    types: BTreeMap<(String, String), String>,
}

impl Target {
    /// Opens a database, and makes the tables where it is empty.
    ///
    /// # Errors
    /// [`OpenError`] says what to do; nothing was changed.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let [only] = &*open::each_host(url) else {
            return Err(OpenError::Url {
                problem: "it names several servers, and a move goes to the primary alone"
                    .to_owned(),
            });
        };
        // without the bounds of a server: a sum takes as long as its table is
        let options = open::options(only)?;
        let place = open::place_of(&options);
        open::prepare(&options, &place, true).await?;
        let mut connection = open::connect(&options)
            .await
            .map_err(|error| open::not_connected(&place, &error))?;
        let types: Vec<(String, String, String)> = sqlx::query_as(
            r"select tables.relname::text, columns.attname::text, format_type(columns.atttypid, null)
              from pg_class as tables
              join pg_attribute as columns on columns.attrelid = tables.oid
              where tables.relnamespace = current_schema()::regnamespace and tables.relkind = 'r'
              and columns.attnum > 0 and not columns.attisdropped and tables.relname not like '\_sqlx\_%'",
        )
        .fetch_all(&mut connection)
        .await
        .map_err(|error| open::not_connected(&place, &error))?;
        let types = types
            .into_iter()
            .map(|(table, column, kind)| ((table, column), kind))
            .collect();
        Ok(Self { connection, types })
    }

    /// Takes the database for this connection alone, until it ends. A statement of somebody who was
    /// killed may still be at work.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn lock(&mut self) -> store::Result<bool> {
        sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(FILLING)
            .fetch_one(&mut self.connection)
            .await
            .map_err(failed)
    }

    /// Whether there are exactly these tables here, with these columns.
    ///
    /// # Errors
    /// What is different.
    pub fn check(&self, tables: &[Table]) -> store::Result<()> {
        let mut wanted = BTreeMap::new();
        for table in tables {
            for column in &table.columns {
                wanted.insert((table.name.clone(), column.name.clone()), column.kind);
            }
        }
        let here = self
            .types
            .iter()
            .map(|(name, kind)| (name.clone(), kind_of(kind)));
        for (name, kind) in here.clone() {
            if kind.is_none() || wanted.get(&name) != kind.as_ref() {
                return Err(different(&name));
            }
        }
        let here: BTreeMap<_, _> = here.collect();
        match wanted.keys().find(|name| !here.contains_key(*name)) {
            Some(name) => Err(different(name)),
            None => Ok(()),
        }
    }

    /// Whether there is no row yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn is_empty(&mut self, tables: &[Table]) -> store::Result<bool> {
        for table in tables {
            let text = format!(r#"select exists (select from "{}")"#, table.name);
            let has_rows: bool = sqlx::query_scalar(AssertSqlSafe(text))
                .fetch_one(&mut self.connection)
                .await
                .map_err(failed)?;
            if has_rows {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A value of the instance.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn instance_value(&mut self, name: &str) -> store::Result<Option<Vec<u8>>> {
        sqlx::query_scalar!("select value from instance_values where name = $1", name)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(failed)
    }

    /// Adds a value of the instance.
    ///
    /// # Errors
    /// When there is one already, too.
    pub async fn add_instance_value(&mut self, name: &str, value: &[u8]) -> store::Result<()> {
        sqlx::query!(
            "insert into instance_values (name, value) values ($1, $2)",
            name,
            value
        )
        .execute(&mut self.connection)
        .await
        .map_err(failed)?;
        Ok(())
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn count(&mut self, table: &Table) -> store::Result<i64> {
        let text = format!(r#"select count(*) from "{}""#, table.name);
        sqlx::query_scalar(AssertSqlSafe(text))
            .fetch_one(&mut self.connection)
            .await
            .map_err(failed)
    }

    /// The last primary key, in the key's order; empty where there is no row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn last_key(&mut self, table: &Table) -> store::Result<Vec<Cell>> {
        let text = format!(
            r#"select {} from "{}" order by {} limit 1"#,
            self.selected(table, &table.key),
            table.name,
            ordered(&table.key, " desc")
        );
        let row = sqlx::query(AssertSqlSafe(text))
            .fetch_optional(&mut self.connection)
            .await
            .map_err(failed)?;
        row.map_or(Ok(Vec::new()), |row| {
            cells(&table.key, &row).map_err(failed)
        })
    }

    /// Adds rows: all of them, or none.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn add(&mut self, table: &Table, rows: &[Row]) -> store::Result<()> {
        let (text, columns) = self.insertion(table, rows);
        let mut query = sqlx::query::<sqlx::Postgres>(AssertSqlSafe(text));
        for column in columns {
            query = column.bound(query);
        }
        query.execute(&mut self.connection).await.map_err(failed)?;
        Ok(())
    }

    /// The last step: adds the values of the instance and takes the mark of a half-finished copy away.
    ///
    /// # Errors
    /// When nothing of it was done.
    pub async fn finish(&mut self, mark: &str, table: &Table, rows: &[Row]) -> store::Result<()> {
        let (text, columns) = self.insertion(table, rows);
        let mut transaction = self.connection.begin().await.map_err(failed)?;
        sqlx::query!("delete from instance_values where name = $1", mark)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let mut query = sqlx::query::<sqlx::Postgres>(AssertSqlSafe(text));
        for column in columns {
            query = column.bound(query);
        }
        query.execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Sums a table up.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sum(&mut self, table: &Table) -> store::Result<Sum> {
        let text = format!(
            r#"declare rows no scroll cursor for select {} from "{}" order by {}"#,
            self.selected(table, &table.columns),
            table.name,
            ordered(&table.key, "")
        );
        let mut transaction = self.connection.begin().await.map_err(failed)?;
        sqlx::query(AssertSqlSafe(text))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let mut summing = Summing::default();
        loop {
            // not kept as a prepared statement: of the next table it gives other columns
            let rows = sqlx::query(AssertSqlSafe(format!("fetch {FETCHED} from rows")))
                .persistent(false)
                .fetch_all(&mut *transaction)
                .await
                .map_err(failed)?;
            for row in &rows {
                summing.add(&cells(&table.columns, row).map_err(failed)?);
            }
            if rows.len() < FETCHED {
                break;
            }
        }
        transaction.commit().await.map_err(failed)?;
        Ok(summing.sum())
    }

    /// Closes it.
    pub async fn close(self) {
        // all that counts was committed
        let _ = self.connection.close().await;
    }

    fn is_boolean(&self, table: &Table, column: &Column) -> bool {
        let name = (table.name.clone(), column.name.clone());
        self.types.get(&name).is_some_and(|kind| kind == "boolean")
    }

    /// The columns in the form in which they are moved.
    fn selected(&self, table: &Table, columns: &[Column]) -> String {
        let columns: Vec<_> = columns
            .iter()
            .map(|column| {
                let name = &column.name;
                match column.kind {
                    Kind::Integer if self.is_boolean(table, column) => {
                        format!(r#""{name}"::integer::bigint"#)
                    }
                    Kind::Integer => format!(r#""{name}"::bigint"#),
                    Kind::Text | Kind::Blob => format!(r#""{name}""#),
                }
            })
            .collect();
        columns.join(", ")
    }

    /// One statement for many rows: an array for each column.
    fn insertion(&self, table: &Table, rows: &[Row]) -> (String, Vec<Values>) {
        let (mut names, mut taken, mut arrays, mut called) = (vec![], vec![], vec![], vec![]);
        for (place, column) in table.columns.iter().enumerate() {
            names.push(format!(r#""{}""#, column.name));
            taken.push(if self.is_boolean(table, column) {
                format!("c{place} <> 0")
            } else {
                format!("c{place}")
            });
            let kind = match column.kind {
                Kind::Integer => "bigint",
                Kind::Text => "text",
                Kind::Blob => "bytea",
            };
            arrays.push(format!("${}::{kind}[]", place + 1));
            called.push(format!("c{place}"));
        }
        let text = format!(
            r#"insert into "{}" ({}) select {} from unnest({}) as given ({})"#,
            table.name,
            names.join(", "),
            taken.join(", "),
            arrays.join(", "),
            called.join(", ")
        );
        let columns = table
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| Values::of(column.kind, place, rows))
            .collect();
        (text, columns)
    }
}

type Query<'a> = sqlx::query::Query<'a, sqlx::Postgres, PgArguments>;

/// The values of one column.
enum Values {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Blobs(Vec<Option<Vec<u8>>>),
}

impl Values {
    fn of(kind: Kind, place: usize, rows: &[Row]) -> Self {
        let cells = rows.iter().map(|row| row.get(place));
        match kind {
            Kind::Integer => Self::Integers(
                cells
                    .map(|cell| match cell {
                        Some(Cell::Integer(value)) => Some(*value),
                        _ => None,
                    })
                    .collect(),
            ),
            Kind::Text => Self::Texts(
                cells
                    .map(|cell| match cell {
                        Some(Cell::Text(text)) => Some(text.clone()),
                        _ => None,
                    })
                    .collect(),
            ),
            Kind::Blob => Self::Blobs(
                cells
                    .map(|cell| match cell {
                        Some(Cell::Blob(bytes)) => Some(bytes.clone()),
                        _ => None,
                    })
                    .collect(),
            ),
        }
    }

    fn bound(self, query: Query<'_>) -> Query<'_> {
        match self {
            Self::Integers(values) => query.bind(values),
            Self::Texts(values) => query.bind(values),
            Self::Blobs(values) => query.bind(values),
        }
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    match name {
        "boolean" | "smallint" | "integer" | "bigint" => Some(Kind::Integer),
        "text" => Some(Kind::Text),
        "bytea" => Some(Kind::Blob),
        _ => None,
    }
}

/// The order that every engine has: texts by their bytes, whatever the database's language.
fn ordered(key: &[Column], direction: &str) -> String {
    let columns: Vec<_> = key
        .iter()
        .map(|column| match column.kind {
            Kind::Text => format!(r#""{}" collate "C"{direction}"#, column.name),
            Kind::Integer | Kind::Blob => format!(r#""{}"{direction}"#, column.name),
        })
        .collect();
    columns.join(", ")
}

fn cells(columns: &[Column], row: &PgRow) -> sqlx::Result<Row> {
    columns
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

fn different((table, column): &(String, String)) -> StoreError {
    StoreError::Refused(format!(
        "{table}.{column} is not the same in both databases"
    ))
}

fn failed(error: sqlx::Error) -> StoreError {
    Failure::from(error).error
}
