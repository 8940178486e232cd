//! Lists of what a client accepts, with their weights (RFC 9110, 12.4.2).

/// The members of `Accept`, `Accept-Encoding` or `Accept-Language` and how much each is wanted: 1 where nothing is said, 0
/// where what is said is no number.
pub fn weighted(list: &str) -> impl Iterator<Item = (&str, f32)> {
    list.split(',').map(|member| {
        let mut parts = member.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let q = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
        let q = q.map_or(1.0, |q| q.trim().parse::<f32>().ok().filter(|q| q.is_finite()).unwrap_or(0.0));
        (range, q.clamp(0.0, 1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::weighted;

    #[test]
    fn a_weight_is_read_wherever_it_stands_among_the_parameters() {
        let read: Vec<_> = weighted("a/b;level=1;q=0.5, c/d ;Q=.2;x=y, e/f, g/h;q=much, i/j;q=9").collect();
        assert_eq!(read, [("a/b", 0.5), ("c/d", 0.2), ("e/f", 1.0), ("g/h", 0.0), ("i/j", 1.0)]);
    }
}
