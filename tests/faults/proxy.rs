//! What a network may do between Onfile and PostgreSQL.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    Well,
    /// Every connection is reset, and every new one.
    Resets,
    /// The side that would be sent something is told that nothing more comes.
    ClosesHalf,
    /// Everything takes its time.
    Delays,
    /// A few bytes at a time.
    Trickles,
    /// Connections stay, and can be made, but nothing comes through. What was sent meanwhile comes
    /// through when that is over, late.
    Swallows,
    /// The same, but what was sent meanwhile is lost, and its connection is good for nothing any more.
    Loses,
}

const DELAY: Duration = Duration::from_millis(20);
const TRICKLE: usize = 16;

/// Between whoever connects to its address and a server.
pub struct Proxy {
    pub address: SocketAddr,
    network: watch::Sender<Network>,
}

impl Proxy {
    pub async fn new(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (network, seen) = watch::channel(Network::Well);
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                // a server that is away resets: `client` is dropped
                if let Ok(server) = TcpStream::connect(to).await {
                    tokio::spawn(connection(client, server, seen.clone()));
                }
            }
        });
        Self { address, network }
    }

    /// From now on.
    pub fn behave(&self, how: Network) {
        self.network.send_replace(how);
    }
}

async fn connection(
    mut client: TcpStream,
    mut server: TcpStream,
    mut network: watch::Receiver<Network>,
) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (there, back) = (network.clone(), network.clone());
    let is_reset = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            _ = network.wait_for(|network| *network == Network::Resets) => true,
            _ = async {
                tokio::join!(pump(from_client, to_server, there), pump(from_server, to_client, back))
            } => false,
        }
    };
    if is_reset {
        // closed so, a connection sends RST instead of FIN
        for stream in [&client, &server] {
            stream.set_zero_linger().unwrap();
        }
    }
}

/// One direction, until it ends.
async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut network: watch::Receiver<Network>,
) -> std::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let swallows = |network: &Network| *network == Network::Swallows;
        let how = *network
            .wait_for(|network| !swallows(network))
            .await
            .map_err(std::io::Error::other)?;
        if read == 0 || how == Network::ClosesHalf {
            return to.shutdown().await;
        }
        let bytes = &buffer[..read];
        match how {
            Network::Trickles => {
                for few in bytes.chunks(TRICKLE) {
                    to.write_all(few).await?;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Network::Loses => {
                while from.read(&mut buffer).await? > 0 {}
                return to.shutdown().await;
            }
            Network::Delays => {
                tokio::time::sleep(DELAY).await;
                to.write_all(bytes).await?;
            }
            _ => to.write_all(bytes).await?,
        }
    }
}
