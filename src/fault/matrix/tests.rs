//! What each fault changes, and what makes no sense.

use super::*;

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn three() -> Matrix {
    Matrix::new([1, 2, 3].map(id))
}

/// The ways that are cut, as pairs of numbers.
fn cut(matrix: &Matrix) -> Vec<(u16, u16)> {
    let cut = matrix.ways.iter().filter(|(_, way)| way.cut);
    cut.map(|((a, b), _)| (a.number(), b.number())).collect()
}

fn done(faults: &[Fault]) -> Matrix {
    let mut matrix = three();
    for fault in faults {
        matrix.apply(fault).expect("makes sense");
    }
    matrix
}

#[test]
fn a_cut_is_of_one_way_of_a_pair_or_of_all_around_a_node() {
    let cut_of = |between| cut(&done(&[Fault::Cut(between)]));
    assert_eq!(cut_of(Between::Way(id(1), id(3))), [(1, 3)]);
    assert_eq!(cut_of(Between::Pair(id(1), id(3))), [(1, 3), (3, 1)]);
    assert_eq!(cut_of(Between::Around(id(2))), [(1, 2), (2, 1), (2, 3), (3, 2)]);
    assert_eq!(cut_of(Between::Everybody).len(), 6);
}

#[test]
fn a_partition_replaces_the_one_before_and_the_rest_is_a_group() {
    let matrix = done(&[
        Fault::Partition(vec![vec![id(1)]]),
        Fault::Partition(vec![vec![id(3)], vec![id(1), id(2)]]),
    ]);
    assert_eq!(cut(&matrix), [(1, 3), (2, 3), (3, 1), (3, 2)]);
}

#[test]
fn a_node_is_told_both_what_it_sends_and_what_it_hears() {
    let matrix = done(&[
        Fault::Cut(Between::Way(id(1), id(2))),
        Fault::SlowDisk {
            node: id(2),
            delay: Duration::from_millis(40),
        },
    ]);
    let (one, two) = (matrix.of(id(1)), matrix.of(id(2)));
    assert!(one.sends[&id(2)].cut && one.hears.is_empty());
    assert!(two.hears[&id(1)].cut && two.sends.is_empty());
    assert_eq!(two.disk_delay, Duration::from_millis(40));
    assert!(matrix.of(id(3)).is_sound());
}

#[test]
fn what_is_cut_no_more_is_as_late_as_before() {
    let between = Between::Pair(id(1), id(2));
    let late = Fault::Delay {
        between,
        delay: Duration::from_millis(50),
        jitter: Duration::ZERO,
    };
    let matrix = done(&[late.clone(), Fault::Cut(between), Fault::Uncut(between)]);
    assert_eq!(matrix, done(&[late]));
}

#[test]
fn what_is_healed_leaves_nothing_behind() {
    let lossy = Fault::Lose {
        between: Between::Everybody,
        percent: 30,
    };
    assert!(done(&[lossy.clone(), Fault::HealAll]).is_sound());
    assert!(done(&[lossy, Fault::Heal(Between::Everybody)]).is_sound());
}

#[test]
fn what_a_node_says_of_itself_replaces_its_part_and_no_other() {
    let mut matrix = done(&[Fault::Cut(Between::Everybody)]);
    let said = done(&[Fault::Cut(Between::Way(id(1), id(2)))]).of(id(1));
    matrix.adopt(id(1), &said);
    assert_eq!(cut(&matrix), [(1, 2), (2, 3), (3, 2)]);
    matrix.add(id(3), &done(&[Fault::Cut(Between::Way(id(1), id(3)))]).of(id(3)));
    assert_eq!(cut(&matrix), [(1, 2), (1, 3), (2, 3), (3, 2)]);
}

#[test]
fn what_makes_no_sense_changes_nothing_and_says_why() {
    let mut matrix = done(&[Fault::Cut(Between::Pair(id(1), id(2)))]);
    let before = matrix.clone();
    let long = Duration::from_secs(61);
    for (fault, why) in [
        (
            Fault::Cut(Between::Around(id(4))),
            FaultError::NoSuchNode(id(4), "1, 2, 3".to_owned()),
        ),
        (Fault::Cut(Between::Pair(id(1), id(1))), FaultError::Itself(id(1))),
        (
            Fault::Partition(vec![vec![id(1)], vec![id(1)]]),
            FaultError::OnTwoSides(id(1)),
        ),
        (
            Fault::Partition(vec![vec![id(1), id(2), id(3)]]),
            FaultError::OneSide,
        ),
        (
            Fault::Lose {
                between: Between::Everybody,
                percent: 101,
            },
            FaultError::MoreThanAll(101),
        ),
        (
            Fault::SlowDisk {
                node: id(1),
                delay: long,
            },
            FaultError::TooLong(long),
        ),
    ] {
        assert_eq!(matrix.apply(&fault), Err(why));
        assert_eq!(matrix, before);
    }
}

#[test]
fn a_nodes_part_reads_back_as_it_was_written() {
    let matrix = done(&[Fault::Delay {
        between: Between::Way(id(3), id(1)),
        delay: Duration::from_millis(120),
        jitter: Duration::from_millis(30),
    }]);
    let part = matrix.of(id(1));
    let line = serde_json::to_string(&part).expect("JSON");
    assert_eq!(
        line,
        r#"{"hears":{"3":{"cut":false,"delay_ms":120,"jitter_ms":30,"loss_percent":0}},"disk_delay_ms":0}"#
    );
    assert_eq!(serde_json::from_str::<NodeFaults>(&line).expect("reads"), part);
}
