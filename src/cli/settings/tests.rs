//! What options come to, and which do not fit together.

use super::*;

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn member(number: u16, address: &str) -> Member {
    Member {
        id: id(number),
        address: address.parse().expect("valid"),
    }
}

fn millis(span: u64) -> Span {
    Span(Duration::from_millis(span))
}

fn addresses(settings: &Settings) -> Vec<String> {
    let members = settings.cluster.members.iter();
    members.map(|(id, address)| format!("{id} {address}")).collect()
}

#[test]
fn the_defaults_are_those_of_the_original() {
    let settings = Settings::new(Options::default()).expect("valid");
    assert_eq!(
        addresses(&settings),
        ["1 127.0.0.1:8001", "2 127.0.0.1:8002", "3 127.0.0.1:8003"]
    );
    let node = settings.node(id(3)).expect("a member");
    assert_eq!(node.data_dir, PathBuf::from("data/node-3"));
    assert_eq!(node.timing, Timing::SEED);
    assert_eq!(node.quorum, QuorumPolicy::Live);
    assert_eq!(node.image_bytes_max, 4 << 30);
    assert_eq!(node.scrub_bytes_a_second, 4 << 20);
    let client = settings.client("alice".parse().expect("valid"));
    assert_eq!(client.images_dir, PathBuf::from("images"));
    assert_eq!(client.deadline, Duration::from_secs(30));
}

#[test]
fn faults_are_taken_by_who_is_told_so_and_never_beyond_this_machine() {
    let allowed = Options {
        allow_faults: Some(true),
        ..Options::default()
    };
    let told = |options: &Options| {
        Settings::new(options.clone())
            .expect("valid")
            .node(id(1))
            .expect("a member")
    };
    assert_eq!(told(&Options::default()).faults, None);
    assert_eq!(told(&allowed).faults, Some(NodeFaults::default()));
    let beyond = Options {
        members: vec![member(1, "127.0.0.1:8001"), member(2, "10.0.0.2:8001")],
        ..allowed
    };
    let error = Settings::new(beyond).expect_err("refused").to_string();
    assert!(
        error.starts_with("allow-faults lets whoever reaches a node break it"),
        "{error}"
    );
    assert!(error.contains("node 2 is at 10.0.0.2:8001"), "{error}");
}

#[test]
fn a_flag_stands_over_the_file_and_the_file_over_the_default() {
    let flags = Options {
        nodes: Some(1),
        ..Options::default()
    };
    let file = Options {
        nodes: Some(5),
        base_port: Some(9001),
        ..Options::default()
    };
    let settings = Settings::new(flags.or(file)).expect("valid");
    assert_eq!(addresses(&settings), ["1 127.0.0.1:9001"]);
}

#[test]
fn a_heartbeat_of_ones_own_stands_over_its_preset() {
    let options = Options {
        timing: Some(Pace::Fast),
        heartbeat: Some(millis(70)),
        ..Options::default()
    };
    let settings = Settings::new(options).expect("valid");
    let expected = Timing {
        heartbeat_interval: Duration::from_millis(70),
        ..Timing::FAST
    };
    assert_eq!(settings.node(id(1)).expect("a member").timing, expected);
}

#[test]
fn durations_have_bounds() {
    let options = Options {
        heartbeat_timeout: Some(millis(9)),
        ..Options::default()
    };
    let error = Settings::new(options).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "heartbeat-timeout 9ms is out of range; give 10ms to 1day"
    );
}

#[test]
fn members_are_numbered_or_named_but_not_both() {
    let named = Options {
        members: vec![member(4, "localhost:1"), member(2, "localhost:2")],
        ..Options::default()
    };
    let settings = Settings::new(named.clone()).expect("valid");
    assert_eq!(addresses(&settings), ["2 localhost:2", "4 localhost:1"]);
    let both = Options {
        base_port: Some(9001),
        ..named.clone()
    };
    assert_eq!(Settings::new(both).err(), Some(SettingsError::MembersTwice));
    let twice = Options {
        members: vec![member(4, "localhost:1"), member(4, "localhost:2")],
        ..Options::default()
    };
    assert_eq!(Settings::new(twice).err(), Some(SettingsError::SameId(id(4))));
}

#[test]
fn the_number_of_nodes_and_their_ports_have_bounds() {
    let refused = |nodes, base_port| {
        let options = Options {
            nodes: Some(nodes),
            base_port: Some(base_port),
            ..Options::default()
        };
        Settings::new(options).expect_err("refused").to_string()
    };
    assert_eq!(refused(0, 8001), "0 nodes are no cluster; give 1 to 9");
    assert_eq!(refused(10, 8001), "10 nodes are no cluster; give 1 to 9");
    assert_eq!(
        refused(3, 65534),
        "base-port 65534 leaves no ports for 3 nodes; choose a lower one"
    );
}

#[test]
fn live_quorum_needs_one_machine() {
    let of = |quorum| {
        Settings::new(Options {
            members: vec![member(1, "127.0.0.1:1"), member(2, "10.0.0.2:1")],
            quorum,
            ..Options::default()
        })
    };
    assert_eq!(of(None).expect("valid").quorum, QuorumPolicy::Majority);
    let error = of(Some(Quorum::Live)).expect_err("refused");
    assert!(
        error
            .to_string()
            .contains("node 2 is at 10.0.0.2:1; use majority"),
        "{error}"
    );
}

#[test]
fn a_node_listens_beyond_loopback_only_when_told_to() {
    let of = |insecure| {
        let settings = Settings::new(Options {
            members: vec![member(1, "127.0.0.1:1"), member(2, "10.0.0.2:1")],
            insecure,
            ..Options::default()
        });
        settings.expect("valid")
    };
    assert!(of(None).node(id(1)).is_ok());
    let error = of(None).node(id(2)).expect_err("refused");
    assert!(
        matches!(error, SettingsError::Insecure { node, .. } if node == id(2)),
        "{error}"
    );
    assert!(of(Some(true)).node(id(2)).is_ok());
}

#[test]
fn a_node_beyond_the_cluster_is_refused() {
    let settings = Settings::new(Options::default()).expect("valid");
    let error = settings.node(id(4)).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "node 4 is no member of this cluster, which has nodes 1, 2 and 3; see --nodes"
    );
}
