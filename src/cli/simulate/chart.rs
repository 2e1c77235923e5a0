//! The growth of figures as charts: plain points, for a terminal and for a picture.

use super::figures::{Figures, Spans};
use crate::simulation::GapKind;

/// One chart; both axes are logarithmic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) series: Vec<Series>,
}

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) name: &'static str,
    /// The number of nodes, and the figure; both more than zero.
    pub(super) points: Vec<(f64, f64)>,
}

/// A logarithmic axis, and what is written beside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    /// Values with their labels, growing.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From the smallest to the largest of these values, each of which is written down.
    fn through(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let (low, high) = (*values.first()?, *values.last()?);
        let ticks = values.into_iter().map(|value| (value, format!("{value:.0}")));
        Some(Self {
            low: low.log10(),
            high: high.log10(),
            ticks: ticks.collect(),
        })
    }

    /// Over the powers of ten that hold these values, at least one decade.
    fn over(values: &[f64]) -> Option<Self> {
        let logs = values.iter().map(|value| value.log10());
        let low = logs.clone().reduce(f64::min)?.floor();
        let high = logs.reduce(f64::max)?.ceil().max(low + 1.0);
        // Figures are counts and milliseconds: their powers of ten are small numbers.
        #[expect(clippy::cast_possible_truncation)]
        let powers = low as i32..=high as i32;
        let ticks = powers.map(|power| (10_f64.powi(power), written(power)));
        Some(Self {
            low,
            high,
            ticks: ticks.collect(),
        })
    }

    /// Returns where a value stands between the ends, from 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span > 0.0 {
            ((value.log10() - self.low) / span).clamp(0.0, 1.0)
        } else {
            0.5
        }
    }
}

/// Returns a power of ten as people write it.
fn written(power: i32) -> String {
    match power {
        ..0 => format!("{:.*}", power.unsigned_abs() as usize, 10_f64.powi(power)),
        0..6 => format!("{:.0}", 10_f64.powi(power)),
        6.. => format!("1e{power}"),
    }
}

impl Chart {
    /// Returns the axes, across and up, if there is anything to draw.
    pub(super) fn axes(&self) -> Option<(Axis, Axis)> {
        let points = self.series.iter().flat_map(|series| &series.points);
        let (nodes, figures): (Vec<f64>, Vec<f64>) = points.copied().unzip();
        Some((Axis::through(nodes)?, Axis::over(&figures)?))
    }
}

/// Makes the charts of what grows with the number of nodes.
pub(super) fn growth(sizes: &[Figures]) -> Vec<Chart> {
    let messages = points(sizes, Figures::all_messages_per_election);
    let span = |of: fn(Spans) -> f64| points(sizes, move |figures| figures.spans(GapKind::Failover).map(of));
    vec![
        Chart {
            title: "messages an election",
            series: vec![Series {
                name: "messages",
                points: messages,
            }],
        },
        Chart {
            title: "milliseconds without a leader in a failover",
            series: vec![
                Series {
                    name: "p50",
                    points: span(|spans| spans.p50.as_nanos() as f64 / 1e6),
                },
                Series {
                    name: "max",
                    points: span(|spans| spans.max.as_nanos() as f64 / 1e6),
                },
            ],
        },
    ]
}

/// Returns what there is of a figure; nothing that a logarithm has no place for.
fn points(sizes: &[Figures], figure: impl Fn(&Figures) -> Option<f64>) -> Vec<(f64, f64)> {
    let points = sizes
        .iter()
        .filter_map(|figures| Some((f64::from(figures.nodes), figure(figures)?)));
    points.filter(|(_, figure)| *figure > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn sizes_are_written_where_they_are_and_figures_between_powers_of_ten() {
        let chart = Chart {
            title: "some",
            series: vec![Series {
                name: "one",
                points: vec![(3.0, 0.5), (1001.0, 2e6), (9.0, 20.0)],
            }],
        };
        let (across, up) = chart.axes().expect("something to draw");
        assert_eq!(labels(&across), ["3", "9", "1001"]);
        assert_eq!(labels(&up).join(" "), "0.1 1 10 100 1000 10000 100000 1e6 1e7");
        assert!(across.share(3.0).abs() < 1e-9 && (up.share(1e3) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn one_size_stands_in_the_middle_and_none_is_not_drawn() {
        let one = Axis::through(vec![3.0, 3.0]).expect("an axis");
        assert!((one.share(3.0) - 0.5).abs() < 1e-9);
        assert_eq!(Axis::through(Vec::new()), None);
        assert_eq!(Axis::over(&[]), None);
    }
}
