//! Charts drawn as a picture that needs no program but a browser.

use std::fmt::{self, Write};

use super::chart::{Axis, Chart};

/// The size of one chart in pixels, and the room for its labels.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 42.0;

/// The colours of the lines: told apart by who sees few colours, too.
const COLOURS: [&str; 2] = ["#1f6feb", "#d1690b"];

/// Draws charts one below the other.
pub(super) fn of(charts: &[Chart]) -> String {
    let mut svg = String::new();
    // A string takes everything.
    let _ = draw(&mut svg, charts);
    svg
}

fn draw(svg: &mut String, charts: &[Chart]) -> fmt::Result {
    let height = HEIGHT * charts.len() as f64;
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#333\">\n\
         <title>How an election grows with the number of nodes</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>"
    )?;
    for (number, chart) in charts.iter().enumerate() {
        writeln!(svg, "<g transform=\"translate(0 {})\">", HEIGHT * number as f64)?;
        if let Some((across, up)) = chart.axes() {
            title(svg, chart)?;
            grid(svg, &across, &up)?;
            lines(svg, chart, &across, &up)?;
        }
        writeln!(svg, "</g>")?;
    }
    writeln!(svg, "</svg>")
}

fn title(svg: &mut String, chart: &Chart) -> fmt::Result {
    writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{}</text>",
        chart.title
    )
}

fn grid(svg: &mut String, across: &Axis, up: &Axis) -> fmt::Result {
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for (nodes, label) in &across.ticks {
        let x = x(across.share(*nodes));
        writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            bottom + 16.0
        )?;
    }
    for (figure, label) in &up.ticks {
        let y = y(up.share(*figure));
        writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 8.0,
            y + 4.0
        )?;
    }
    let (middle, below) = (f64::midpoint(LEFT, right), HEIGHT - 8.0);
    writeln!(
        svg,
        "<text x=\"{middle:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">nodes</text>"
    )
}

fn lines(svg: &mut String, chart: &Chart, across: &Axis, up: &Axis) -> fmt::Result {
    for (number, (series, colour)) in chart.series.iter().zip(COLOURS).enumerate() {
        let points = series.points.iter();
        let points = points.map(|&(nodes, figure)| (x(across.share(nodes)), y(up.share(figure))));
        let path: Vec<String> = points.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        )?;
        for (x, y) in points {
            writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>"
            )?;
        }
        let end = WIDTH - RIGHT - 90.0 * (chart.series.len() - 1 - number) as f64;
        writeln!(
            svg,
            "<text x=\"{end:.1}\" y=\"24\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
            series.name
        )?;
    }
    Ok(())
}

fn x(share: f64) -> f64 {
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn y(share: f64) -> f64 {
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

#[cfg(test)]
mod tests {
    use super::super::chart::Series;
    use super::*;

    #[test]
    fn every_point_is_drawn_inside_the_picture() {
        let chart = Chart {
            title: "messages an election",
            series: vec![Series {
                name: "messages",
                points: vec![(3.0, 20.0), (1001.0, 2_000_000.0)],
            }],
        };
        let svg = of(&[chart.clone(), chart]);
        assert_eq!(svg.matches("<circle").count(), 4);
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        let corners = [x(0.0), x(1.0), y(0.0), y(1.0)];
        assert_eq!(
            corners.map(|corner| format!("{corner:.0}")),
            ["70", "620", "298", "44"]
        );
    }
}
