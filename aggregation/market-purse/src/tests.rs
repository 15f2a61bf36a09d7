//! What a purse promises: nothing is lost, nothing is counted twice, and nothing is linked.

use std::cell::Cell;
use std::collections::BTreeSet;

use futures_executor::block_on;
use velum_market_client::api::MarketInfo;
use velum_market_client::{HttpRequest, HttpResponse, MarketAdapter, Network, Node, Unreachable};
use velum_market_model::{Job, Signed, Time};
use velum_market_rules::credit;

use super::testing::*;
use super::*;

#[test]
fn what_is_left_of_jobs_is_in_the_purse_again() {
    let (bank, disk) = (Bank::new(), Disk::default());
    block_on(story(&bank, &disk)).unwrap();
    let purse = purse(&bank, &disk);
    assert_eq!(tokens(&bank, &purse), 4 + 2 * 2);
    assert_eq!(bank.balances.borrow()[&secret(1).public().owner()], MONEY - 10 * VALUE);
    let keys = block_on(purse.keys()).unwrap();
    assert_eq!(
        keys.iter().map(|key| key.get()).collect::<Vec<_>>(),
        [bank.credit_key().json().unwrap()]
    );
    assert_nothing_is_lost(&bank, &disk, "in the end");
}

#[test]
fn a_crash_at_any_write_loses_no_money() {
    for last in 0.. {
        let (bank, disk) = (Bank::new(), Disk::default());
        disk.0.last.set(Some(last));
        let ended = block_on(story(&bank, &disk));
        disk.0.last.set(None);
        assert_nothing_is_lost(&bank, &disk, &format!("killed after {last} writes"));
        if ended.is_ok() {
            assert!(last > 12);
            return;
        }
    }
}

#[test]
fn answers_that_are_lost_lose_no_money() {
    let all = {
        let (bank, disk) = (Bank::new(), Disk::default());
        block_on(story(&bank, &disk)).unwrap();
        bank.asked.borrow().len()
    };
    assert!(all > 12);
    for first in 1..=all {
        for second in first + 1..=all + 4 {
            let (bank, disk) = (Bank::new(), Disk::default());
            bank.lost.replace(vec![first, second]);
            let _ = block_on(story(&bank, &disk));
            let _ = block_on(purse(&bank, &disk).collect(&node(&bank)));
            bank.lost.replace(Vec::new());
            assert_nothing_is_lost(&bank, &disk, &format!("answers {first} and {second} lost"));
        }
    }
}

#[test]
fn a_purse_that_was_saved_and_said_not_to_be_loses_no_money() {
    for last in 0..6 {
        let (bank, disk, purse) = with_tokens(3);
        let owner = new_key(&bank, &purse);
        disk.0.writes.set(0);
        disk.0.lies.set(true);
        disk.0.last.set(Some(last));
        let _ = block_on(purse.pay(&node(&bank), owner, amount(3 * VALUE), None));
        disk.0.lies.set(false);
        disk.0.last.set(None);
        end(&bank, &purse, owner).unwrap();
        assert_eq!(tokens(&bank, &purse), 3);
        assert_nothing_is_lost(&bank, &disk, "in the end");
    }
}

#[test]
fn a_redemption_that_arrives_late_pays_no_key_that_is_forgotten() {
    let (bank, disk, purse) = with_tokens(3);
    bank.is_slow.set(true);
    let owner = new_key(&bank, &purse);
    assert_eq!(
        code(block_on(purse.pay(&node(&bank), owner, amount(3 * VALUE), None))),
        "unreachable"
    );
    // Meanwhile the hand-off is stopped, and what is left cannot be taken back yet.
    assert_eq!(code(end(&bank, &purse, owner)), "unreachable");
    assert_eq!(tokens(&bank, &purse), 0);
    bank.is_slow.set(false);
    let late = bank.late.borrow_mut().take().unwrap();
    bank.answer(&late);
    block_on(purse.collect(&node(&bank))).unwrap();
    assert_nothing_is_lost(&bank, &disk, "after it came");
    assert_eq!(tokens(&bank, &purse), 0);
}

#[test]
fn a_job_that_ends_twice_gives_its_money_back_once() {
    let (bank, disk, purse) = with_tokens(3);
    let owner = paid(&bank, &purse, 3).unwrap();
    end(&bank, &purse, owner).unwrap();
    let other = paid(&bank, &purse, 3).unwrap();
    end(&bank, &purse, owner).unwrap();
    assert_eq!(tokens(&bank, &purse), 0);
    end(&bank, &purse, other).unwrap();
    assert_nothing_is_lost(&bank, &disk, "in the end");
}

#[test]
fn a_payment_that_was_taken_before_its_epoch_ended_counts_after_it() {
    let (bank, _, purse) = with_tokens(5);
    let owner = new_key(&bank, &purse);
    // The answer to the redemption is lost. The request before it asks for the market's clock.
    let redemption = bank.asked.borrow().len() + 2;
    bank.lost.replace(vec![redemption]);
    assert_eq!(
        code(block_on(purse.pay(&node(&bank), owner, amount(5 * VALUE), None))),
        "unreachable"
    );
    bank.now.set(NOW + 3 * credit::EPOCH.get());
    block_on(purse.pay(&node(&bank), owner, amount(5 * VALUE), None)).unwrap();
    end(&bank, &purse, owner).unwrap();
    assert_eq!(tokens(&bank, &purse), 5, "under the new epoch's key");
}

#[test]
fn a_copy_pays_with_what_was_not_spent() {
    let (bank, disk, purse) = with_tokens(8);
    let copied = Disk::default();
    copied.0.purse.replace(disk.0.purse.borrow().clone());
    let copy = Purse::new(copied, bank.id());
    paid(&bank, &purse, 4).unwrap();
    // Four of the copy's eight tokens were spent, which it learns one by one.
    paid(&bank, &copy, 4).unwrap();
    for purse in [&copy, &purse] {
        assert_eq!(code(paid(&bank, purse, 1)), "credit_short");
        assert_eq!(tokens(&bank, purse), 0);
    }
}

#[test]
fn what_is_too_little_pays_nothing() {
    let (bank, _, purse) = with_tokens(3);
    for count in [4, 65] {
        assert_eq!(code(paid(&bank, &purse, count)), "credit_short");
    }
    assert_eq!(tokens(&bank, &purse), 3);
    let stranger = secret(3).public().owner();
    assert_eq!(code(block_on(purse.pay(&node(&bank), stranger, amount(1), None))), "malformed");
}

#[test]
fn a_market_whose_clock_is_wrong_for_a_while_ends_no_token() {
    let (bank, _, purse) = with_tokens(3);
    bank.ahead.set(3 * credit::EPOCH.get());
    let owner = new_key(&bank, &purse);
    // The purse believes what the market says about its own clock. What the market says about
    // tokens has to agree with the client's clock.
    assert_eq!(
        code(block_on(purse.pay(&node(&bank), owner, amount(3 * VALUE), None))),
        "credit_short"
    );
    let redemption = block_on(
        purse.change(|contents| contents.withdraw(owner, amount(3 * VALUE), None, NOW_TIME)),
    );
    assert!(redemption.unwrap().is_some());
    assert_eq!(
        code(block_on(purse.pay(&node(&bank), owner, amount(3 * VALUE), None))),
        EPOCH_IS_OVER
    );
    bank.ahead.set(0);
    assert_eq!(tokens(&bank, &purse), 3);
    paid(&bank, &purse, 3).unwrap();
}

#[test]
fn tokens_of_an_earlier_epoch_are_renewed_and_such_as_are_over_are_none() {
    let (bank, disk, purse) = with_tokens(5);
    bank.now.set(NOW + credit::EPOCH.get());
    buy(&bank, &purse, 5);
    let holdings = block_on(purse.holdings(bank.time())).unwrap();
    let ends = holdings.iter().map(|holding| (holding.tokens, holding.until > bank.time()));
    assert_eq!(ends.collect::<Vec<_>>(), [(5, true), (5, true)]);
    assert_eq!(code(paid(&bank, &purse, 8)), "credit_short");
    block_on(purse.renew(&node(&bank))).unwrap();
    assert_eq!(block_on(purse.holdings(bank.time())).unwrap().len(), 1);
    let owner = paid(&bank, &purse, 8).unwrap();
    end(&bank, &purse, owner).unwrap();
    assert_nothing_is_lost(&bank, &disk, "after renewal");
    bank.now.set(NOW + 4 * credit::EPOCH.get());
    assert_eq!(tokens(&bank, &purse), 0);
    block_on(purse.collect(&node(&bank))).unwrap();
    let kept: serde_json::Value =
        serde_json::from_slice(disk.0.purse.borrow().as_ref().unwrap()).unwrap();
    let kept = kept["tokens"].as_array().unwrap().len() as u64;
    assert_eq!(kept, tokens(&bank, &purse), "those that are over are forgotten");
}

#[test]
fn a_market_that_shows_another_key_is_not_trusted() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let buy = |bank: &Bank| code(block_on(purse.buy(&node(bank), &secret(1), 1)));
    assert_eq!(buy(&bank), "none");
    let other = Bank { key: secret(10), ..Bank::new() };
    assert_eq!(buy(&other), "credit_untrusted");
    bank.seed.set(8);
    assert_eq!(buy(&bank), "credit_untrusted");
    // The market issues under another key than the one that it shows.
    bank.seed.set(7);
    bank.shown.set(Some(bank.seed.get()));
    bank.seed.set(8);
    assert_eq!(buy(&bank), "credit_untrusted");
    assert_eq!(tokens(&bank, &purse), 1);
    assert_eq!(code(block_on(Purse::new(disk, other.id()).holdings(NOW_TIME))), "other_market");
}

#[test]
fn what_is_refused_is_not_bought_later() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let poor = secret(2);
    let buy = |count| code(block_on(purse.buy(&node(&bank), &poor, count)));
    for _ in 0..5 {
        assert_eq!(buy(3), "not_enough");
    }
    bank.balances.borrow_mut().insert(poor.public().owner(), 30 * VALUE);
    // An order whose answer is lost stays on order, and counts for the next purchase.
    let order = bank.asked.borrow().len() + 2;
    bank.lost.replace(vec![order]);
    assert_eq!(buy(3), "unreachable");
    assert_eq!(buy(3), "none");
    assert_eq!(tokens(&bank, &purse), 3);
    assert_eq!(bank.balances.borrow()[&poor.public().owner()], 27 * VALUE);
}

#[test]
fn no_flow_names_two_keys() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let signers = |bank: &Bank| {
        let asked = std::mem::take(&mut *bank.asked.borrow_mut());
        let signers: BTreeSet<_> = asked.into_iter().filter_map(|(_, signer)| signer).collect();
        bank.lost.borrow_mut().clear();
        signers
    };
    let account = secret(1).public().owner();
    buy(&bank, &purse, 9);
    // The account has something on order.
    signers(&bank);
    bank.lost.replace(vec![2]);
    assert_eq!(code(block_on(purse.buy(&node(&bank), &secret(1), 2))), "unreachable");
    assert_eq!(signers(&bank), BTreeSet::from([account]));
    let (one, other) = (paid(&bank, &purse, 3).unwrap(), paid(&bank, &purse, 3).unwrap());
    signers(&bank);
    end(&bank, &purse, one).unwrap();
    assert_eq!(signers(&bank), BTreeSet::from([one]));
    buy(&bank, &purse, 2);
    assert_eq!(signers(&bank), BTreeSet::from([account]));
    end(&bank, &purse, other).unwrap();
    assert_eq!(signers(&bank), BTreeSet::from([other]));
}

#[test]
fn a_balance_that_cannot_be_is_no_reason_to_buy_without_end() {
    let (bank, _, purse) = with_tokens(3);
    let owner = paid(&bank, &purse, 3).unwrap();
    bank.balances.borrow_mut().insert(owner, 2000 * VALUE);
    end(&bank, &purse, owner).unwrap();
    assert_eq!(tokens(&bank, &purse), 3);
}

#[test]
fn a_job_that_cannot_be_paid_is_not_submitted() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let key = block_on(purse.new_key(bank.time())).unwrap();
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../testdata/market/vectors.json")).unwrap();
    let mut job: Job =
        serde_json::from_str(vectors["messages"][0]["canonical"].as_str().unwrap()).unwrap();
    job.submitter = key.public();
    let job = Signed::sign(job, &key).unwrap();
    let paying = Paying::new(node(&bank), &purse);
    let error = block_on(paying.submit(&job, b"proof")).unwrap_err();
    assert_eq!((error.code(), error.may_pass()), ("credit_short", false), "{error}");
    assert!(bank.asked.borrow().iter().all(|(path, _)| path == "market"));
    block_on(paying.end(job.message())).unwrap();
}

#[test]
fn what_is_no_purse_is_an_error_that_quotes_nothing() {
    let (bank, disk) = (Bank::new(), Disk::default());
    for kept in [&b""[..], b"{}", b"[1]", b"\xff", b"\"a secret\"", br#"{"market":"a secret"}"#] {
        disk.0.purse.replace(Some(kept.to_vec()));
        let error = block_on(purse(&bank, &disk).keys()).unwrap_err();
        assert_eq!(error.code(), "malformed", "{error}");
        assert!(!error.to_string().contains("a secret"), "{error}");
    }
}

#[test]
fn a_clock_of_the_clients_that_is_wrong_for_a_while_ends_no_token() {
    /// A client whose clock is a year ahead.
    struct Ahead<'a>(&'a Bank);

    impl Network for Ahead<'_> {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
            self.0.send(request).await
        }

        fn now(&self) -> Time {
            Time::new(NOW + 365 * DAY).unwrap()
        }
    }

    let (bank, _, purse) = with_tokens(5);
    let ahead = Ahead(&bank);
    block_on(purse.new_key(ahead.now())).unwrap();
    block_on(purse.collect(&Node::new(&ahead, "https://market.example"))).unwrap();
    assert_eq!(tokens(&bank, &purse), 5);
}

#[test]
fn the_key_of_an_open_job_is_not_forgotten() {
    let (bank, _, purse) = with_tokens(5);
    let owner = paid(&bank, &purse, 5).unwrap();
    bank.open.borrow_mut().insert(job_of(owner));
    bank.balances.borrow_mut().insert(owner, 0);
    // The hand-off has ended at another market.
    end(&bank, &purse, owner).unwrap();
    bank.now.set(NOW + 8 * DAY);
    block_on(purse.collect(&node(&bank))).unwrap();
    bank.open.borrow_mut().clear();
    bank.balances.borrow_mut().insert(owner, 5 * VALUE);
    block_on(purse.collect(&node(&bank))).unwrap();
    assert_eq!(tokens(&bank, &purse), 5);
}

#[test]
fn another_market_at_the_address_is_found_out() {
    let (bank, disk, purse) = with_tokens(5);
    let owner = new_key(&bank, &purse);
    bank.lost.replace(vec![bank.asked.borrow().len() + 2]);
    assert_eq!(
        code(block_on(purse.pay(&node(&bank), owner, amount(5 * VALUE), None))),
        "unreachable"
    );
    bank.lost.replace(Vec::new());
    let other = Bank { key: secret(10), ..Bank::new() };
    assert_eq!(
        code(block_on(purse.pay(&node(&other), owner, amount(5 * VALUE), None))),
        "other_market"
    );
    assert_eq!(code(end(&other, &purse, owner)), "other_market");
    assert_eq!(code(block_on(purse.collect(&node(&other)))), "other_market");
    assert_eq!(code(block_on(purse.renew(&node(&other)))), "other_market");
    end(&bank, &purse, owner).unwrap();
    assert_nothing_is_lost(&bank, &disk, "at the right one");
}

#[test]
fn a_balance_that_is_not_told_is_no_refused_redemption() {
    let (bank, _, purse) = with_tokens(5);
    let owner = new_key(&bank, &purse);
    bank.lost.replace(vec![bank.asked.borrow().len() + 2]);
    assert_eq!(
        code(block_on(purse.pay(&node(&bank), owner, amount(5 * VALUE), None))),
        "unreachable"
    );
    bank.now.set(NOW + 2 * credit::EPOCH.get());
    let stale = Between { bank: &bank, on: refuses("accounts", "stale") };
    assert_eq!(
        code(block_on(purse.end(&Node::new(&stale, "https://market.example"), owner))),
        "stale"
    );
    end(&bank, &purse, owner).unwrap();
    assert_eq!(tokens(&bank, &purse), 5);
}

#[test]
fn an_order_that_cannot_be_paid_any_more_stops_no_other() {
    let (bank, _, purse) = with_tokens(1);
    let cut = Between {
        bank: &bank,
        on: async |request: &HttpRequest| {
            if request.url.ends_with("orders") { lost() } else { None }
        },
    };
    assert_eq!(
        code(block_on(purse.buy(&Node::new(&cut, "https://market.example"), &secret(1), 30))),
        "unreachable"
    );
    bank.balances.borrow_mut().insert(secret(1).public().owner(), 20 * VALUE);
    buy(&bank, &purse, 2);
    assert_eq!(tokens(&bank, &purse), 3);
}

#[test]
fn an_answer_about_one_redemption_changes_no_other() {
    for is_end in [true, false] {
        let (bank, disk, original) = with_tokens(8);
        let copied = Disk::default();
        copied.0.purse.replace(disk.0.purse.borrow().clone());
        paid(&bank, &original, 1).unwrap();
        let copy = purse(&bank, &copied);
        let owner = new_key(&bank, &copy);
        block_on(
            copy.change(|contents| contents.withdraw(owner, amount(4 * VALUE), None, NOW_TIME)),
        )
        .unwrap();
        // Before this call learns that a token was spent, another call has learnt it and continued
        // with other tokens.
        let is_first = Cell::new(true);
        let meanwhile = Between {
            bank: &bank,
            on: async |request: &HttpRequest| {
                if !request.url.ends_with("redemptions") || !is_first.replace(false) {
                    return None;
                }
                let answer = bank.send(request.clone()).await;
                copy.pay(&node(&bank), owner, amount(4 * VALUE), None).await.unwrap();
                Some(answer)
            },
        };
        let node_meanwhile = Node::new(&meanwhile, "https://market.example");
        if is_end {
            assert_eq!(code(block_on(copy.end(&node_meanwhile, owner))), SPENT);
        } else {
            block_on(copy.pay(&node_meanwhile, owner, amount(4 * VALUE), None)).unwrap();
        }
        assert_eq!(bank.balances.borrow()[&owner], 4 * VALUE);
        end(&bank, &copy, owner).unwrap();
        assert_eq!(bank.balances.borrow()[&owner], 0, "it is in the purse again");
    }
}

#[test]
fn a_key_that_has_something_on_order_is_not_forgotten() {
    let (bank, _, purse) = with_tokens(5);
    let owner = paid(&bank, &purse, 5).unwrap();
    let losing = Between {
        bank: &bank,
        on: async |request: &HttpRequest| {
            if !request.url.ends_with("orders") {
                return None;
            }
            let _ = bank.send(request.clone()).await;
            lost()
        },
    };
    let is_first = Cell::new(true);
    let beside = Between {
        bank: &bank,
        on: async |request: &HttpRequest| {
            if request.url.ends_with("accounts") && is_first.replace(false) {
                let node = Node::new(&losing, "https://market.example");
                assert_eq!(code(purse.end(&node, owner).await), "unreachable");
            }
            None
        },
    };
    block_on(purse.end(&Node::new(&beside, "https://market.example"), owner)).unwrap();
    block_on(purse.collect(&node(&bank))).unwrap();
    assert_eq!(tokens(&bank, &purse), 5);
}

#[test]
fn an_order_that_another_call_has_sent_again_is_not_dropped() {
    let (bank, disk) = (Bank::new(), Disk::default());
    let purse = purse(&bank, &disk);
    let account = secret(1).public().owner();
    bank.balances.borrow_mut().insert(account, 2 * VALUE);
    let slow = Between {
        bank: &bank,
        on: async |request: &HttpRequest| {
            // The money arrives, the order is paid, and its answer is lost.
            bank.balances.borrow_mut().insert(account, 10 * VALUE);
            let _ = bank.send(request.clone()).await;
            lost()
        },
    };
    let is_first = Cell::new(true);
    let dropping = Between {
        bank: &bank,
        on: async |request: &HttpRequest| {
            if !request.url.ends_with("orders") || !is_first.replace(false) {
                return None;
            }
            let refused = bank.send(request.clone()).await;
            let _ = purse.receive(&Node::new(&slow, "https://market.example"), account).await;
            Some(refused)
        },
    };
    let bought =
        block_on(purse.buy(&Node::new(&dropping, "https://market.example"), &secret(1), 5));
    assert_eq!(code(bought), "not_enough");
    buy(&bank, &purse, 0);
    assert_eq!(bank.balances.borrow()[&account] + tokens(&bank, &purse) * VALUE, 10 * VALUE);
}

#[test]
fn a_renewal_that_was_killed_is_gone_on_with_before_the_tokens_are_over() {
    for writes in 1..=6 {
        let (bank, disk, purse) = with_tokens(5);
        bank.now.set(credit::EPOCH.get() * 22 - 3 * DAY);
        disk.0.writes.set(0);
        disk.0.last.set(Some(writes));
        bank.is_slow.set(true);
        let _ = block_on(purse.renew(&node(&bank)));
        disk.0.last.set(None);
        bank.is_slow.set(false);
        for _ in 0..10 {
            bank.now.set(bank.now.get() + DAY);
            let _ = block_on(purse.collect(&node(&bank)));
            let _ = block_on(purse.renew(&node(&bank)));
        }
        assert_eq!(tokens(&bank, &purse), 5, "killed after {writes} writes");
    }
}

#[test]
fn a_renewal_ends_at_a_market_whose_clock_is_ahead_of_its_key() {
    let (bank, _, purse) = with_tokens(5);
    let ahead = Between {
        bank: &bank,
        on: async |request: &HttpRequest| {
            assert!(bank.asked.borrow().len() < 100, "it renews without end");
            let now = Time::new(NOW + credit::EPOCH.get()).unwrap();
            let info = MarketInfo {
                id: bank.id(),
                key: bank.key.public(),
                proof_systems: Vec::new(),
                now,
            };
            request.url.ends_with("/market").then(|| Ok(answered(Ok(info))))
        },
    };
    let _ = block_on(purse.renew(&Node::new(&ahead, "https://market.example")));
    assert_eq!(tokens(&bank, &purse), 5);
}

#[test]
fn a_purse_that_is_full_can_be_spent() {
    let (bank, disk, purse) = with_tokens(30);
    let mut kept: serde_json::Value =
        serde_json::from_slice(disk.0.purse.borrow().as_ref().unwrap()).unwrap();
    let all = kept["tokens"].as_array_mut().unwrap();
    let (token, bytes) = (all[29].clone(), all[29].to_string().len() + 1);
    all.extend(std::iter::repeat_n(token, (16 << 20) / bytes));
    disk.0.purse.replace(Some(serde_json::to_vec(&kept).unwrap()));
    assert_eq!(code(block_on(purse.buy(&node(&bank), &secret(1), 1))), "not_saved");
    paid(&bank, &purse, 1).unwrap();
}
