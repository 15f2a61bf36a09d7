//! Lots, which want tasks.

use sqlx::AnyConnection;
use velum_market_model::Hash;
use velum_market_sql::sqlx;

use super::{Result, Store, add_garbage, body, json, name, signed};
use crate::plan::Plan;
use crate::task::Task;
use crate::workshop::LotWork;

impl Store {
    /// Adds a lot, and those of its tasks that are not there yet. Returns whether the lot that is
    /// there now is this very lot.
    pub(crate) async fn add(&self, lot: &LotWork, plan: &Plan) -> Result<bool> {
        let mut write = self.database.write().await?;
        let connection = write.connection();
        if let Some(there) = find(connection, lot.id).await? {
            return Ok(there == *lot);
        }
        let id = lot.id.to_string();
        let insert =
            sqlx::query("insert into lot (id, body) values ($1, $2)").bind(&id).bind(json(lot)?);
        insert.execute(&mut *connection).await?;
        for task in &plan.tasks {
            add_task(connection, task, signed(lot.deliver_by)).await?;
            let want = sqlx::query("insert into want (lot, task) values ($1, $2)").bind(&id);
            want.bind(task.name.to_string()).execute(&mut *connection).await?;
        }
        let delete = sqlx::query("delete from fetched where lot = $1").bind(&id);
        delete.execute(connection).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Records that a submission is put into the store of blobs for a lot.
    pub(crate) async fn fetching(&self, lot: Hash, submission: Hash) -> Result<()> {
        const ADD: &str = "insert into fetched (lot, submission) values ($1, $2) on conflict (lot, submission) do nothing";
        let mut write = self.database.write().await?;
        let insert = sqlx::query(ADD).bind(lot.to_string()).bind(submission.to_string());
        insert.execute(write.connection()).await?;
        write.commit().await
    }

    /// The submissions that were put into the store for a lot that was not added.
    pub(crate) async fn fetched(&self, lot: Hash) -> Result<Vec<Hash>> {
        let mut read = self.database.read().await?;
        let select = sqlx::query(
            "select submission as name from fetched where lot = $1 order by submission",
        );
        select.bind(lot.to_string()).fetch_all(read.connection()).await?.iter().map(name).collect()
    }

    /// The lots that have such submissions.
    pub(crate) async fn untaken(&self) -> Result<Vec<Hash>> {
        let mut read = self.database.read().await?;
        let select = sqlx::query("select distinct lot as name from fetched order by lot");
        select.fetch_all(read.connection()).await?.iter().map(name).collect()
    }

    /// The lot with this id.
    pub(crate) async fn lot(&self, id: Hash) -> Result<Option<LotWork>> {
        find(self.database.read().await?.connection(), id).await
    }

    /// All lots.
    pub(crate) async fn lots(&self) -> Result<Vec<LotWork>> {
        let mut read = self.database.read().await?;
        let rows =
            sqlx::query("select body from lot order by id").fetch_all(read.connection()).await?;
        rows.iter().map(body).collect()
    }

    /// Whether the result of a task is there.
    pub(crate) async fn is_done(&self, name: Hash) -> Result<bool> {
        let mut read = self.database.read().await?;
        let select = sqlx::query("select name from task where name = $1 and state = 'done'")
            .bind(name.to_string());
        Ok(select.fetch_optional(read.connection()).await?.is_some())
    }

    /// Drops a lot, and all tasks that no other lot wants. The results of these tasks are to be
    /// removed.
    pub(crate) async fn drop_lot(&self, id: Hash) -> Result<()> {
        const UNWANTED: &str = "
            select task as name from want where lot = $1
            and not exists (select 1 from want other where other.task = want.task and other.lot <> $1)";
        let mut write = self.database.write().await?;
        let connection = write.connection();
        let id = id.to_string();
        let unwanted = sqlx::query(UNWANTED).bind(&id).fetch_all(&mut *connection).await?;
        for row in &unwanted {
            let name = name(row)?;
            for delete in ["delete from input where task = $1", "delete from task where name = $1"]
            {
                sqlx::query(delete).bind(name.to_string()).execute(&mut *connection).await?;
            }
            add_garbage(connection, name).await?;
        }
        for delete in [
            "delete from want where lot = $1",
            "delete from lot where id = $1",
            "delete from fetched where lot = $1",
        ] {
            sqlx::query(delete).bind(&id).execute(&mut *connection).await?;
        }
        write.commit().await
    }
}

async fn find(connection: &mut AnyConnection, id: Hash) -> Result<Option<LotWork>> {
    let select = sqlx::query("select body from lot where id = $1").bind(id.to_string());
    select.fetch_optional(connection).await?.as_ref().map(body).transpose()
}

/// Adds a task, if it is not there yet. A task is as urgent as the most urgent lot that wants it.
async fn add_task(connection: &mut AnyConnection, task: &Task, deadline: i64) -> Result<()> {
    const ADD: &str = "
        insert into task (name, kind, body, deadline, state, attempts, begin_after) values ($1, $2, $3, $4, 'open', 0, 0)
        on conflict (name) do update set deadline = excluded.deadline where excluded.deadline < task.deadline";
    let name = task.name.to_string();
    sqlx::query(ADD)
        .bind(&name)
        .bind(task.kind().name())
        .bind(json(task)?)
        .bind(deadline)
        .execute(&mut *connection)
        .await?;
    for input in task.inputs() {
        sqlx::query(
            "insert into input (task, input) values ($1, $2) on conflict (task, input) do nothing",
        )
        .bind(&name)
        .bind(input.name.to_string())
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("delete from garbage where name = $1").bind(&name).execute(connection).await?;
    Ok(())
}
