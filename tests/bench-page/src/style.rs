//! How plots look: the background is transparent, and every colour stands out from white and from
//! black alike, as the guide has light and dark pages.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Of all plots.
pub(crate) const WIDTH: u32 = 860;

/// As far from black as from white: 4.5 to 1, what WCAG asks of text.
pub(crate) const GREY: RGBColor = RGBColor(118, 118, 118);

/// What this cache does, and what is beside it. These and the colours below: at least 3 to 1, what
/// WCAG asks of graphics.
pub(crate) const OWN: [RGBColor; 2] = [RGBColor(33, 136, 190), RGBColor(0, 145, 135)];
pub(crate) const OTHER: [RGBColor; 2] = [RGBColor(201, 116, 32), RGBColor(150, 110, 200)];

const COLOURS: [RGBColor; 8] = [
    RGBColor(112, 132, 152),
    OWN[1],
    RGBColor(40, 110, 225),
    OTHER[0],
    OTHER[1],
    RGBColor(205, 90, 150),
    RGBColor(200, 75, 65),
    RGBColor(115, 140, 40),
];

/// Returns the colour of the so many'th of many.
pub(crate) fn colour(at: usize) -> RGBColor {
    COLOURS[at % COLOURS.len()]
}

pub(crate) fn title() -> TextStyle<'static> {
    ("sans-serif", 20).into_font().color(&GREY)
}

pub(crate) fn label() -> TextStyle<'static> {
    ("sans-serif", 16).into_font().color(&GREY)
}

/// Written to the right of a point.
pub(crate) fn label_at_right() -> TextStyle<'static> {
    label().pos(Pos::new(HPos::Left, VPos::Center))
}

/// Written under a point.
pub(crate) fn label_below() -> TextStyle<'static> {
    label().pos(Pos::new(HPos::Center, VPos::Top))
}

/// Returns what stands at an axis, without digits that say nothing.
pub(crate) fn tick(figure: &f64) -> String {
    ((figure * 100.0).round() / 100.0).to_string()
}

/// Returns a number with its digits in groups of three.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As WCAG has it: <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>.
    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    #[test]
    fn colours_stand_out_from_white_and_black() {
        for colour in [&COLOURS[..], &OWN, &OTHER, &[GREY]].concat() {
            let luminance = luminance(colour);
            let (on_white, on_black) = (1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05);
            assert!(on_white >= 3.0, "{colour:?} on white: {on_white}");
            assert!(on_black >= 3.0, "{colour:?} on black: {on_black}");
        }
    }

    #[test]
    fn tick_has_no_digits_that_say_nothing() {
        assert_eq!(
            [0.0, 50.0, 2.5, 0.1 + 0.2].map(|it| tick(&it)),
            ["0", "50", "2.5", "0.3"]
        );
    }

    #[test]
    fn grouped_has_a_comma_before_each_three_digits() {
        let numbers = [0, 999, 1_011, 95_607, 4_294_967_295].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,011", "95,607", "4,294,967,295"]);
    }
}
