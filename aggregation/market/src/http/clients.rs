//! The requests of clients.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use velum_market_client::api::{MarketInfo, Submit};
use velum_market_model::{
    Cancel, CreditOrder, Dispute, Job, MoneyOrder, Query, Redemption, StandingOrder,
};

use super::body::{signed, unsigned, with_blob};
use super::parts::{Asking, Id};
use super::{Api, answer};
use crate::MarketError;

type Answer = Result<Response, MarketError>;

pub(super) async fn market(State(Api { market, .. }): State<Api>) -> Answer {
    let (id, key, proof_systems) =
        (market.id(), *market.key(), vec![market.proofs().system().clone()]);
    Ok(answer::json(&MarketInfo { id, key, proof_systems, now: market.now().await? }))
}

pub(super) async fn estimate(State(Api { market, .. }): State<Api>, body: Body) -> Answer {
    let job = unsigned::<Job>(body).await?;
    Ok(answer::json(&market.estimate(&job).await?))
}

pub(super) async fn submit(Asking(market): Asking, body: Body) -> Answer {
    let (job, submission) =
        with_blob::<Job, Submit>(body, |body| (body.job, body.submission)).await?;
    Ok(answer::json(&market.submit(&job, submission).await?))
}

pub(super) async fn status(State(Api { market, .. }): State<Api>, Id(job): Id) -> Answer {
    Ok(answer::json(&market.status(job).await?))
}

pub(super) async fn acceptance(State(Api { market, .. }): State<Api>, Id(job): Id) -> Answer {
    answer::signed(&market.acceptance(job).await?)
}

pub(super) async fn cancel(
    State(Api { market, .. }): State<Api>,
    Id(job): Id,
    body: Body,
) -> Answer {
    let cancel = signed::<Cancel>(body).await?;
    if cancel.message().job != job {
        return Err(MarketError::Malformed(
            "the cancellation is for another job than the path names".to_owned(),
        ));
    }
    Ok(answer::json(&market.cancel(&cancel).await?))
}

pub(super) async fn receipt(State(Api { market, .. }): State<Api>, Id(job): Id) -> Answer {
    Ok(answer::typed("application/cbor", market.receipt(job).await?))
}

pub(super) async fn buy(State(Api { market, .. }): State<Api>, body: Body) -> Answer {
    Ok(answer::json(&market.buy(&signed::<StandingOrder>(body).await?).await?))
}

pub(super) async fn standing(State(Api { market, .. }): State<Api>, Id(order): Id) -> Answer {
    Ok(answer::json(&market.standing(order).await?))
}

pub(super) async fn dispute(State(Api { market, .. }): State<Api>, body: Body) -> Answer {
    /// How a dispute was decided.
    #[derive(Serialize)]
    struct Decided {
        outcome: &'static str,
    }
    let outcome = market.dispute(&signed::<Dispute>(body).await?).await?;
    Ok(answer::json(&Decided { outcome }))
}

pub(super) async fn move_money(Asking(market): Asking, body: Body) -> Answer {
    Ok(answer::json(&market.move_money(&signed::<MoneyOrder>(body).await?).await?))
}

pub(super) async fn account(State(Api { market, .. }): State<Api>, body: Body) -> Answer {
    Ok(answer::json(&market.account(&signed::<Query>(body).await?).await?))
}

pub(super) async fn credit_key(State(Api { market, .. }): State<Api>) -> Answer {
    answer::signed(&market.credit_key().await?)
}

pub(super) async fn issue_credit(State(Api { market, .. }): State<Api>, body: Body) -> Answer {
    Ok(answer::json(&market.issue_credit(&signed::<CreditOrder>(body).await?).await?))
}

pub(super) async fn redeem_credit(Asking(market): Asking, body: Body) -> Answer {
    Ok(answer::json(&market.redeem_credit(&signed::<Redemption>(body).await?).await?))
}
