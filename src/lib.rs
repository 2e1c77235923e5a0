//! Heirloom: an encrypted image store run by a small cluster whose failover you can watch.
//!
//! ```text
//!    bin/, main.rs, cli          parse, wire together, exit code
//!         |
//!       live                     joins the dashboard with processes, keys and the terminal
//!         |
//!       lab                      leads a cluster through failures, judges what is seen, keeps it, shows it again
//!         |
//!       client  supervisor  dashboard     speaks to the cluster; owns the processes of nodes; draws what happens
//!         |
//!       server                   the runtime of a node: sockets, disk, clock -> inputs; outputs -> effects
//!         |
//!   bully  loadbalancer  store  encryption  image  simulation     decisions and data; pure, but for store
//!         |
//!   upload  protocol  event  fault  config  id  time        the words everybody uses
//! ```
//!
//! Arrows point down only; `tests/it/layers.rs` checks it. `ARCHITECTURE.md` tells the rest.

pub mod bully;
pub mod cli;
pub mod client;
pub mod config;
pub mod dashboard;
pub mod encryption;
pub mod event;
pub mod fault;
pub mod id;
pub mod image;
pub mod lab;
pub mod live;
pub mod loadbalancer;
pub mod protocol;
pub mod server;
pub mod simulation;
pub mod store;
pub mod supervisor;
pub mod time;
pub mod upload;
