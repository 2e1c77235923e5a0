//! Random facts about what is kept, and about requests that are no uploads.

use proptest::prelude::*;

use super::{ballot, few_images, nasty, who};
use crate::dashboard::testing::node;
use crate::event::{Fact, RequestKind};
use crate::id::{RequestId, UserName};

fn user() -> impl Strategy<Value = UserName> {
    prop::sample::select(vec!["alice", "日本"]).prop_map(|name| name.parse().expect("a name"))
}

fn kind() -> impl Strategy<Value = RequestKind> {
    use RequestKind::{Delete, Download, List, LookUp, Upload};
    prop::sample::select(vec![Upload, Download, List, LookUp, Delete])
}

pub(super) fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![requests(), copies()]
}

fn requests() -> impl Strategy<Value = Fact> {
    let assigned = (
        kind(),
        ballot(),
        any::<u64>(),
        few_images(),
        user(),
        who(),
        prop::option::of(who()),
    );
    prop_oneof![
        4 => assigned.prop_map(|(kind, ballot, request, image, user, worker, from)| Fact::Assigned {
            ballot,
            request: RequestId(request),
            kind,
            image,
            user,
            node: node(worker),
            redispatched_from: from.map(node),
            next: from.map(node),
        }),
        1 => (few_images(), user(), nasty(), any::<u64>(), any::<u64>()).prop_map(
            |(image, user, file, bytes, took_us)| Fact::Downloaded {
                image,
                user,
                file,
                bytes,
                took_us,
            }
        ),
        1 => (user(), any::<u64>()).prop_map(|(user, images)| Fact::Listed { user, images }),
        1 => (few_images(), user(), any::<usize>())
            .prop_map(|(image, user, copies)| Fact::Deleted { image, user, copies }),
        1 => (kind(), few_images(), user(), nasty()).prop_map(|(kind, image, user, reason)| {
            Fact::RequestFailed {
                kind,
                image,
                user,
                reason,
            }
        }),
    ]
}

fn copies() -> impl Strategy<Value = Fact> {
    let few_or_many = prop_oneof![0..3_u64, any::<u64>()];
    prop_oneof![
        (few_images(), who()).prop_map(|(image, peer)| Fact::CopyMissed {
            image,
            peer: node(peer),
        }),
        few_or_many.prop_map(|missing| Fact::CatchingUp { missing }),
        ballot().prop_map(|ballot| Fact::InSync { ballot }),
        (few_images(), nasty()).prop_map(|(image, reason)| Fact::RecordDamaged { image, reason }),
        nasty().prop_map(|reason| Fact::StoreReadOnly { reason }),
        (few_images(), who()).prop_map(|(image, peer)| Fact::RecordRepaired {
            image,
            peer: node(peer),
        }),
        few_images().prop_map(|image| Fact::ImageLost { image }),
    ]
}
