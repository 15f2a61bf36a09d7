//! A wire between programs that can be cut, held up, or led to another program.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The state of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// It carries what is sent.
    Whole,
    /// Nobody is there: connections break, and new ones are closed at once.
    Cut,
    /// What is sent does not arrive, and nobody learns of it.
    Held,
    /// Each piece takes a while.
    Slow(Duration),
}

/// A listener that forwards each connection to the first of some addresses that accepts it.
pub struct Relay {
    address: String,
    wire: watch::Sender<Wire>,
}

impl Relay {
    pub async fn start(to: Vec<String>) -> Self {
        let address = super::address();
        let listener = TcpListener::bind(&address).await.unwrap();
        let (wire, watched) = watch::channel(Wire::Whole);
        let to: Arc<[String]> = to.into();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(stream, to.clone(), watched.clone()));
            }
        });
        Self { address, wire }
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn pass_on(near: TcpStream, to: Arc<[String]>, mut wire: watch::Receiver<Wire>) {
    // While the wire is held, no connection is even made at the other end.
    if wire.wait_for(|wire| *wire != Wire::Held).await.map_or(true, |wire| *wire == Wire::Cut) {
        return;
    }
    let mut far = None;
    for address in to.iter() {
        if let Ok(stream) = TcpStream::connect(address).await {
            far = Some(stream);
            break;
        }
    }
    let Some(far) = far else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let there = carry(near_in, far_out, wire.clone());
    let back = carry(far_in, near_out, wire.clone());
    tokio::select! {
        () = async { tokio::join!(there, back); } => (),
        _ = wire.wait_for(|wire| *wire == Wire::Cut) => (),
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut wire: watch::Receiver<Wire>) {
    let mut piece = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let is = wire.wait_for(|wire| *wire != Wire::Held).await.map(|wire| *wire);
        match is {
            Ok(Wire::Slow(wait)) => tokio::time::sleep(wait).await,
            Ok(_) => (),
            Err(_) => break,
        }
        if to.write_all(&piece[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
