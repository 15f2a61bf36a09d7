//! The requests of providers.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use velum_market_client::api::Deliver;
use velum_market_model::{
    Bid, Delivery, Hash, Lock, Message, Order, Quote, Reveal, Revocation, Signed,
};
use velum_market_rules::auction::limit::Ask;

use super::body::{signed, with_blob};
use super::parts::{Asked, Id};
use super::{Api, answer};
use crate::MarketError;

type Answer = Result<Response, MarketError>;

/// Which lots are listed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// How their price is found.
    auction: Order,
    /// The last lot of the previous page.
    after: Option<Hash>,
}

pub(super) async fn lots(
    State(Api { market, .. }): State<Api>,
    Asked(Which { auction, after }): Asked<Which>,
) -> Answer {
    let auction = match auction {
        Order::Dutch => "dutch",
        Order::Sealed => "sealed",
        Order::Limit => "limit",
    };
    Ok(answer::json(&market.lots_after(auction, after).await?))
}

pub(super) async fn lot(State(Api { market, .. }): State<Api>, Id(lot): Id) -> Answer {
    Ok(answer::json(&market.lot(lot).await?))
}

pub(super) async fn lock(State(Api { market, .. }): State<Api>, Id(lot): Id, body: Body) -> Answer {
    let lock = about(lot, signed::<Lock>(body).await?, |lock| lock.lot)?;
    Ok(answer::json(&market.lock(&lock).await?))
}

pub(super) async fn bid(State(Api { market, .. }): State<Api>, Id(lot): Id, body: Body) -> Answer {
    let bid = about(lot, signed::<Bid>(body).await?, |bid| bid.lot)?;
    Ok(answer::json(&market.bid(&bid).await?))
}

pub(super) async fn reveal(
    State(Api { market, .. }): State<Api>,
    Id(lot): Id,
    body: Body,
) -> Answer {
    let reveal = about(lot, signed::<Reveal>(body).await?, |reveal| reveal.lot)?;
    Ok(answer::json(&market.reveal(&reveal).await?))
}

pub(super) async fn deliver(
    State(Api { market, .. }): State<Api>,
    Id(lot): Id,
    body: Body,
) -> Answer {
    let (delivery, aggregate) =
        with_blob::<Delivery, Deliver>(body, |body| (body.delivery, body.aggregate)).await?;
    let delivery = about(lot, delivery, |delivery| delivery.lot)?;
    Ok(answer::json(&market.deliver(&delivery, aggregate).await?))
}

pub(super) async fn input(State(Api { market, .. }): State<Api>, body: Body) -> Answer {
    let input = market.input(&signed::<velum_market_model::Query>(body).await?).await?;
    Ok(answer::typed("application/cbor", input.to_vec()))
}

pub(super) async fn quote(State(Api { market, .. }): State<Api>, body: Body) -> Answer {
    /// What is left of a quote. `None` if waiting lots have taken all of it.
    #[derive(Serialize)]
    struct Quoted {
        left: Option<Ask>,
    }
    let left = market.quote(&signed::<Quote>(body).await?).await?;
    Ok(answer::json(&Quoted { left }))
}

pub(super) async fn revoke(
    State(Api { market, .. }): State<Api>,
    Id(quote): Id,
    body: Body,
) -> Answer {
    /// The quote that was taken back.
    #[derive(Serialize)]
    struct Revoked {
        quote: Hash,
    }
    let revocation =
        about(quote, signed::<Revocation>(body).await?, |revocation| revocation.quote)?;
    market.revoke(&revocation).await?;
    Ok(answer::json(&Revoked { quote: revocation.message().quote }))
}

pub(super) async fn reputation(State(Api { market, .. }): State<Api>, Id(provider): Id) -> Answer {
    answer::signed(&market.reputation(provider).await?)
}

/// Checks that a message is about what the path names.
fn about<M: Message>(
    path: Hash,
    message: Signed<M>,
    of: impl Fn(&M) -> Hash,
) -> Result<Signed<M>, MarketError> {
    if of(message.message()) == path {
        return Ok(message);
    }
    Err(MarketError::Malformed(format!("the {} names another id than the path", M::KIND)))
}
