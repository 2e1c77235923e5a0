//! The original session, on real processes: what each terminal shows, line by line.

use std::fs;

use rustix::process::Signal;

use crate::harness::{Program, TestCluster, decrypted};

const PICTURE: &[u8] = include_bytes!("../../test_image.png");

/// Replaces what differs from run to run by what the original shows.
fn as_in_the_original(line: &str, host: &str) -> String {
    let line = line.replace(host, "127.0.0.1");
    let Some((before, name)) = line.split_once("encrypted_test_image_") else {
        return line;
    };
    let after = name.trim_start_matches(|c: char| c.is_ascii_digit());
    assert!(name.len() - after.len() >= 10, "a Unix time in {line:?}");
    // A failover can be over, and the next upload too, within the same second.
    let after = after.strip_prefix("_2").unwrap_or(after);
    format!("{before}encrypted_test_image_1730738456{after}")
}

/// What the client has told from a mark on; the empty lines between commands are left out.
fn transcript(client: &Program, from: usize, host: &str) -> Vec<String> {
    let lines = client.out.from(from);
    let told = lines.iter().filter(|line| !line.is_empty());
    told.map(|line| as_in_the_original(line, host)).collect()
}

const HELP: [&str; 12] = [
    "=== Distributed Image Storage Client (REPL) ===",
    "User: alice",
    "Multicast mode: Broadcasting to all servers",
    "Type 'help' for commands, 'quit' to exit",
    "================================================",
    "Available commands:",
    "  upload <image_path>  - Upload and encrypt an image",
    "  list [text]          - List your images, or those whose name holds the text",
    "  download <image>     - Download and decrypt an image; add a file name to choose where",
    "  delete <image>...    - Delete images, each by name, id or the beginning of an id",
    "  help                 - Show this help message",
    "  quit                 - Exit the client",
];

const UPLOAD: [&str; 10] = [
    "Broadcasting request to 3 servers...",
    "  Sending to server 1 at 127.0.0.1:8001",
    "  Sending to server 2 at 127.0.0.1:8002",
    "  Sending to server 3 at 127.0.0.1:8003",
    "  - Server 1 declined: Node 1 is not the leader",
    "  - Server 2 declined: Node 2 is not the leader",
    "  ✓ Leader (server 3) processed request",
    "    → encrypted by server 1, stored on 3 of 3 nodes",
    "✓ Success!",
    "Encrypted image saved to: images/encrypted_test_image_1730738456.png",
];

const UPLOAD_WITHOUT_SERVER_3: [&str; 10] = [
    "Broadcasting request to 3 servers...",
    "  Sending to server 1 at 127.0.0.1:8001",
    "  Sending to server 2 at 127.0.0.1:8002",
    "  Sending to server 3 at 127.0.0.1:8003",
    "  - Server 1 declined: Node 1 is not the leader",
    "  ✓ Leader (server 2) processed request",
    "  - Server 3 unreachable: connection refused",
    "    → encrypted by server 1, stored on 2 of 3 nodes",
    "✓ Success!",
    "Encrypted image saved to: images/encrypted_test_image_1730738456.png",
];

/// Ends the leader, node 3, by Ctrl-C, and waits until node 2 leads.
fn stop_the_leader(cluster: &mut TestCluster) {
    let mark = cluster.node(2).out.count();
    let mut leader = cluster.nodes.remove(&3).expect("node 3 runs");
    leader.signal(Signal::INT);
    assert_eq!(leader.wait().code(), Some(130));
    let heir = &cluster.node(2).out;
    let mark = heir.wait_for(mark, "Node 2: Leader 3 is DOWN! Starting new election...");
    let mark = heir.wait_for(mark, "Node 2: I am the new leader!");
    cluster.wait_for_leader(2, mark);
}

/// Checks that two files were saved which decrypt to the picture, each under an id of its own.
fn assert_saved_twice(cluster: &TestCluster) {
    let saved = cluster.saved();
    assert_eq!(saved.len(), 2, "{saved:?}");
    for file in &saved {
        assert_eq!(decrypted(file, "alice"), PICTURE);
    }
    let iv = |file| fs::read(file).expect("saved")[..16].to_vec();
    assert_ne!(iv(&saved[0]), iv(&saved[1]), "an image id is never used twice");
}

#[test]
fn the_original_session_word_for_word() {
    let mut cluster = TestCluster::new(3, "timing = \"seed\"");
    cluster.file("test_image.png", PICTURE);
    for id in 1..=3 {
        cluster.start(id);
    }
    let mark = cluster.node(3).out.wait_for(0, "Node 3: I am the new leader!");
    cluster.wait_for_leader(3, mark);
    cluster.wait_for_rotation(3, 3);
    let host = cluster.address(1).trim_end_matches(":8001").to_owned();

    let mut client = Program::start(cluster.command(env!("CARGO_BIN_EXE_client")).arg("alice"));
    client.type_line("help");
    let help = client.out.wait_for(0, "Exit the client");
    assert_eq!(transcript(&client, 0, &host), HELP);

    client.type_line("upload test_image.png");
    let first = client.out.wait_for(help, "Encrypted image saved to:");
    assert_eq!(transcript(&client, help, &host), UPLOAD);

    stop_the_leader(&mut cluster);
    cluster.wait_for_rotation(2, 2);

    client.type_line("upload test_image.png");
    let second = client.out.wait_for(first, "Encrypted image saved to:");
    assert_eq!(transcript(&client, first, &host), UPLOAD_WITHOUT_SERVER_3);
    client.type_line("quit");
    client.out.wait_for(second, "Goodbye!");
    assert!(client.wait().success());
    assert_saved_twice(&cluster);
}

#[test]
fn a_node_serves_on_when_its_input_closes() {
    let mut cluster = TestCluster::started(1, "timing = \"fast\"");
    cluster.nodes.get_mut(&1).expect("node 1 runs").close_input();
    cluster.file("test_image.png", PICTURE);
    let upload = cluster.heirloom(&["upload", "test_image.png", "--user", "alice"]);
    assert!(upload.status.success(), "{}", crate::harness::told(&upload));
    assert!(cluster.status(1).serving);
}
