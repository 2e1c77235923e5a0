//! What will happen, in the order in which it will: by time, then by who asked first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::Happening;
use crate::time::Time;

/// What will happen.
///
/// A thousand nodes that start have millions of happenings before them, so the heap that orders them
/// moves small keys, and what happens stays where it is in `slots`. Most of them are timeouts that come
/// to nothing, all equally long: they come in the order they were asked for, and need no heap.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Key>>,
    slots: Vec<Option<Happening>>,
    free: Vec<usize>,
    timeouts: VecDeque<(Time, u64, Happening)>,
    asked: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    at: Time,
    /// Distinct in every key, so that `slot` never decides.
    sequence: u64,
    slot: usize,
}

impl Queue {
    pub(super) fn push(&mut self, at: Time, happening: Happening) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(happening);
        self.asked += 1;
        let sequence = self.asked;
        self.heap.push(Reverse(Key { at, sequence, slot }));
    }

    /// Plans what is later than whatever else was planned by this function.
    pub(super) fn push_timeout(&mut self, at: Time, happening: Happening) {
        let in_order = self.timeouts.back().is_none_or(|(last, _, _)| *last <= at);
        if in_order {
            self.asked += 1;
            self.timeouts.push_back((at, self.asked, happening));
        } else {
            self.push(at, happening);
        }
    }

    /// Takes the next happening out, unless it is later than `end`.
    pub(super) fn pop_until(&mut self, end: Time) -> Option<(Time, Happening)> {
        let in_heap = self.heap.peek().map(|Reverse(key)| (key.at, key.sequence));
        let timeout = self.timeouts.front().map(|(at, sequence, _)| (*at, *sequence));
        let (next, _) = in_heap.into_iter().chain(timeout).min()?;
        if next > end {
            return None;
        }
        if timeout.is_some_and(|timeout| in_heap.is_none_or(|in_heap| timeout < in_heap)) {
            return self
                .timeouts
                .pop_front()
                .map(|(at, _, happening)| (at, happening));
        }
        let Reverse(Key { at, slot, .. }) = self.heap.pop()?;
        self.free.push(slot);
        self.slots[slot].take().map(|happening| (at, happening))
    }

    /// A number that was never returned before; grows.
    pub(super) fn ticket(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::simulation::Step;

    #[test]
    fn what_is_due_together_comes_in_the_order_it_was_asked_for() {
        let mut queue = Queue::default();
        let at = Time::from_nanos;
        let starts = |number| Happening::Do(Step::Start(NodeId::new(number).expect("not zero")));
        for (time, number) in [(7, 1), (5, 2), (7, 3), (5, 4), (9, 5)] {
            queue.push(at(time), starts(number));
        }
        let due = std::iter::from_fn(|| queue.pop_until(at(8)));
        let due: Vec<String> = due.map(|(time, what)| format!("{time:?} {what:?}")).collect();
        let expected = [(5, 2), (5, 4), (7, 1), (7, 3)];
        let expected = expected.map(|(time, number)| format!("{:?} {:?}", at(time), starts(number)));
        assert_eq!(due, expected);
        queue.push(at(1), starts(6));
        assert!(queue.pop_until(at(1)).is_some(), "a slot is used again");
        assert_eq!(queue.slots.len(), 5);
    }

    #[test]
    fn timeouts_come_among_the_others_in_their_time() {
        let mut queue = Queue::default();
        let at = Time::from_nanos;
        let starts = |number| Happening::Do(Step::Start(NodeId::new(number).expect("not zero")));
        queue.push(at(5), starts(1));
        queue.push_timeout(at(5), starts(2));
        queue.push(at(5), starts(3));
        queue.push_timeout(at(9), starts(4));
        queue.push_timeout(at(7), starts(5));
        let due = std::iter::from_fn(|| queue.pop_until(at(9)));
        let due: Vec<u64> = due.map(|(time, _)| time.as_nanos()).collect();
        assert_eq!(due, [5, 5, 5, 7, 9]);
    }
}
