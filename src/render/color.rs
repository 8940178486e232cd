//! Colours as styles and requests write them.

/// Red, green, blue and alpha, each from 0 to 255, not multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(pub [u8; 4]);

impl Color {
    pub const WHITE: Color = Color([255, 255, 255, 255]);
    pub const BLACK: Color = Color([0, 0, 0, 255]);

    /// `#RGB`, `#RRGGBB`, `#RRGGBBAA`, `rgb(…)`, `rgba(…)`, `hsl(…)` or one of the commonest names.
    pub fn parse(text: &str) -> Option<Color> {
        let text = text.trim();
        if let Some(hex) = text.strip_prefix('#') {
            return Color::hex(hex);
        }
        if let Some((kind, inside)) = text.strip_suffix(')').and_then(|t| t.split_once('(')) {
            let parts: Vec<f32> = inside
                .split([',', '/', ' '])
                .filter(|p| !p.trim().is_empty())
                .map(|p| p.trim().trim_end_matches('%').trim_end_matches("deg").parse().ok())
                .collect::<Option<_>>()?;
            let (&[a, b, c], alpha) = (parts.first_chunk::<3>()?, parts.get(3).copied().unwrap_or(1.0));
            let [r, g, b] = if kind.starts_with("hsl") { hsl(a, b / 100.0, c / 100.0) } else { [a, b, c] };
            return Some(Color([byte(r), byte(g), byte(b), byte(alpha * 255.0)]));
        }
        Some(match text {
            "white" => Color::WHITE,
            "black" => Color::BLACK,
            "transparent" => Color([0; 4]),
            "red" => Color([255, 0, 0, 255]),
            "green" => Color([0, 128, 0, 255]),
            "blue" => Color([0, 0, 255, 255]),
            "gray" | "grey" => Color([128, 128, 128, 255]),
            "yellow" => Color([255, 255, 0, 255]),
            "orange" => Color([255, 165, 0, 255]),
            _ => return None,
        })
    }

    /// The digits after `#` or `0x`.
    pub fn hex(digits: &str) -> Option<Color> {
        let n = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        Some(match digits.len() {
            3 => {
                let [_, r, g, b] = [n >> 12, n >> 8 & 15, n >> 4 & 15, n & 15].map(|v| (v * 17) as u8);
                Color([r, g, b, 255])
            }
            6 => Color([(n >> 16) as u8, (n >> 8) as u8, n as u8, 255]),
            8 => Color(n.to_be_bytes()),
            _ => return None,
        })
    }

    /// With its alpha times `opacity`.
    pub fn faded(self, opacity: f64) -> Color {
        let [r, g, b, a] = self.0;
        Color([r, g, b, byte(f32::from(a) * opacity as f32)])
    }

    /// Between this and another; `share` of 1 is the other.
    pub fn mix(self, other: Color, share: f32) -> Color {
        let mut out = self.0;
        for (a, b) in out.iter_mut().zip(other.0) {
            *a = byte(f32::from(*a) + (f32::from(b) - f32::from(*a)) * share);
        }
        Color(out)
    }

    pub fn text(self) -> String {
        let [r, g, b, a] = self.0;
        format!("rgba({r},{g},{b},{})", f32::from(a) / 255.0)
    }
}

fn byte(v: f32) -> u8 {
    v.round().clamp(0.0, 255.0) as u8
}

/// Hue in degrees, saturation and lightness from 0 to 1 (CSS Color 4, 7.1), as red, green, blue.
fn hsl(h: f32, s: f32, l: f32) -> [f32; 3] {
    [0.0, 8.0, 4.0].map(|n| {
        let k = (n + h / 30.0).rem_euclid(12.0);
        255.0 * (l - s * l.min(1.0 - l) * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_spelling_that_styles_use() {
        for (text, bytes) in [
            ("#FFD0FF", [255, 208, 255, 255]),
            ("#abc", [170, 187, 204, 255]),
            ("#11223380", [17, 34, 51, 128]),
            ("rgb(1, 2, 3)", [1, 2, 3, 255]),
            ("rgba(1,2,3,0.5)", [1, 2, 3, 128]),
            ("hsl(120, 100%, 50%)", [0, 255, 0, 255]),
            ("white", [255; 4]),
        ] {
            assert_eq!(Color::parse(text), Some(Color(bytes)), "{text}");
        }
        for text in ["", "#12", "#GGGGGG", "#+12345", "rgb(1,2)", "rgb(a,b,c)", "không"] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }
}
