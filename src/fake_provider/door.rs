//! The listening socket of a fake that can be closed and opened at the same address, and connections that
//! can lose an answer.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// Most connections that wait to be taken.
const BACKLOG: u32 = 64;

/// The one entrance of a fake; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Door {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` while connections are refused.
    listener: Option<TcpListener>,
    /// Keeps the port meanwhile, so that nobody else answers there.
    reserved: Option<TcpSocket>,
    waiting: Option<Waker>,
}

impl Door {
    pub(super) async fn open_at(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            state: Arc::new(Mutex::new(State {
                listener: Some(listener),
                ..State::default()
            })),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens or closes; whoever connects while it is closed is refused.
    pub(super) fn set_open(&self, open: bool) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !open {
            state.listener = None;
            if state.reserved.is_none() {
                state.reserved = Some(self.reserve()?);
            }
        } else if let Some(socket) = state.reserved.take() {
            state.listener = Some(socket.listen(BACKLOG)?);
            if let Some(waker) = state.waiting.take() {
                waker.wake();
            }
        }
        Ok(())
    }

    /// A socket that is bound and does not listen.
    fn reserve(&self) -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        // Connections that have ended do not matter.
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        Ok(socket)
    }
}

impl Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        std::future::poll_fn(|context| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                let polled = state.listener.as_ref().map(|listener| listener.poll_accept(context));
                match polled {
                    Some(Poll::Ready(Ok((stream, peer)))) => {
                        let cut = Cut::default();
                        return Poll::Ready((Line { stream, cut }, peer));
                    }
                    Some(Poll::Ready(Err(_))) => {}
                    Some(Poll::Pending) | None => {
                        state.waiting = Some(context.waker().clone());
                        return Poll::Pending;
                    }
                }
            }
        })
        .await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Breaks one connection before the next byte of an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut(Arc<AtomicBool>);

impl Cut {
    pub(super) fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Door>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().cut.clone()
    }
}

/// A connection that can lose what is written to it.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.cut.0.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
