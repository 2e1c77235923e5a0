//! High contrast: what a projector washes out is drawn in full.

use ratatui::style::{Color, Modifier, Style};

use super::{Palette, Theme};

/// The first grey of the 256 colours; the greys go on to the last colour.
const FIRST_GREY: u8 = 232;

/// The white of the colour cube, which people rarely redefine.
const WHITE: u8 = 231;

/// Its black.
const BLACK: u8 = 16;

/// How far what is drawn stands apart from its background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Contrast {
    /// As far as is pleasant on one's own screen.
    #[default]
    Normal,
    /// As far as can be: bold, and nothing dim or grey.
    High,
}

impl Theme {
    /// Returns a style as it is to be seen: with high contrast, what is grey or dim is drawn in
    /// full, and everything else bold.
    pub(super) fn seen(self, style: Style) -> Style {
        match self.contrast {
            Contrast::Normal => style,
            Contrast::High if is_faint(style) => self.in_full(style),
            Contrast::High => style.bold(),
        }
    }

    fn in_full(self, style: Style) -> Style {
        let mut full = style;
        full.add_modifier.remove(Modifier::DIM);
        match self.palette {
            Palette::Dark => full.fg(Color::Indexed(WHITE)),
            Palette::Light => full.fg(Color::Indexed(BLACK)),
            Palette::None => full,
        }
    }
}

fn is_faint(style: Style) -> bool {
    let grey = matches!(style.fg, Some(Color::Indexed(FIRST_GREY..)));
    grey || style.add_modifier.contains(Modifier::DIM)
}

#[cfg(test)]
mod tests {
    use super::super::{Charset, Tone};
    use super::*;
    use crate::dashboard::cluster::node::NodeState;
    use crate::id::NodeId;

    const PALETTES: [Palette; 3] = [Palette::Dark, Palette::Light, Palette::None];

    fn styles(contrast: Contrast, palette: Palette) -> Vec<Style> {
        let theme = Theme {
            contrast,
            ..Theme::new(palette, Charset::Unicode)
        };
        let tones = [
            Tone::Good,
            Tone::Busy,
            Tone::Bad,
            Tone::Cold,
            Tone::Absent,
            Tone::Accent,
        ];
        let mut styles: Vec<Style> = tones.map(|tone| theme.tone(tone)).to_vec();
        styles.extend(tones.map(|tone| theme.filled(tone)));
        styles.extend(NodeState::ALL.map(|state| theme.bar(state)));
        styles.extend([
            theme.quiet(),
            theme.strong(),
            theme.border(true),
            theme.border(false),
        ]);
        styles.extend([theme.selection(), theme.node(NodeId::MIN)]);
        styles
    }

    #[test]
    fn with_high_contrast_nothing_is_dim_or_grey() {
        for palette in PALETTES {
            for style in styles(Contrast::High, palette) {
                assert!(!is_faint(style), "{palette:?} {style:?}");
            }
            assert!(styles(Contrast::Normal, palette).into_iter().any(is_faint));
        }
    }

    #[test]
    fn with_high_contrast_colours_are_bold() {
        for palette in [Palette::Dark, Palette::Light] {
            let theme = Theme {
                contrast: Contrast::High,
                ..Theme::new(palette, Charset::Unicode)
            };
            for tone in [Tone::Good, Tone::Busy, Tone::Bad, Tone::Cold, Tone::Accent] {
                let modifier = theme.tone(tone).add_modifier;
                assert!(modifier.contains(Modifier::BOLD), "{palette:?} {tone:?}");
            }
        }
    }
}
