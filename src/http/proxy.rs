//! What a proxy in front says of the address that the client sees: `Forwarded` (RFC 7239) and the older `X-Forwarded-*`.
//! Only a proxy that the administrator trusts is believed, and only what it added itself: a client can send the same
//! headers, which then stand to the left of what the proxy added.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use crate::config::Network;

/// What proxies said, each part checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub proto: Option<&'static str>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub prefix: Option<String>,
}

/// What the proxy at `peer` said; nothing when it is not one of `trusted`.
pub fn told(headers: &HeaderMap, peer: IpAddr, trusted: &[Network]) -> Told {
    let is_trusted = |address: IpAddr| trusted.iter().any(|n| n.contains(address));
    if !is_trusted(peer) {
        return Told::default();
    }
    let standard = forwarded(headers, is_trusted);
    let older = x_forwarded(headers, is_trusted);
    // A proxy that writes one kind may let the other pass as the client sent it; of two that differ neither is believed.
    let one = |a: Option<String>, b: Option<String>| match (a, b) {
        (Some(a), Some(b)) => (a == b).then_some(a),
        (a, b) => a.or(b),
    };
    Told {
        proto: match (standard.proto, older.proto) {
            (Some(a), Some(b)) => (a == b).then_some(a),
            (a, b) => a.or(b),
        },
        host: one(standard.host, older.host),
        ..older
    }
}

/// `Forwarded`: elements from the right, as long as each was added by a trusted proxy.
fn forwarded(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Told {
    let mut told = Told::default();
    for element in values(headers, &header::FORWARDED).iter().flat_map(|v| split(v, ',')).rev() {
        let mut client = None;
        for pair in split(element, ';') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = unquoted(value.trim());
            match name.trim().to_ascii_lowercase().as_str() {
                "proto" => told.proto = proto(&value).or(told.proto),
                "host" => told.host = host(&value).or(told.host.take()),
                "for" => client = address(&value),
                _ => {}
            }
        }
        if !client.is_some_and(&is_trusted) {
            break;
        }
    }
    told
}

/// `X-Forwarded-*`: of a list the value that the first trusted proxy added, as far as `X-Forwarded-For` tells.
fn x_forwarded(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Told {
    let list = |name: &'static str| -> Vec<String> {
        let lines = values(headers, &HeaderName::from_static(name));
        lines.iter().flat_map(|v| v.split(',')).map(|v| v.trim().to_string()).collect()
    };
    let clients = list("x-forwarded-for");
    let hops = 1 + clients.iter().rev().take_while(|c| address(c).is_some_and(&is_trusted)).count();
    let pick = |name| {
        let mut all = list(name);
        let at = all.len().saturating_sub(hops);
        (!all.is_empty()).then(|| all.swap_remove(at))
    };
    Told {
        proto: pick("x-forwarded-proto").and_then(|v| proto(&v)),
        host: pick("x-forwarded-host").and_then(|v| host(&v)),
        port: pick("x-forwarded-port").and_then(|v| v.parse().ok()).filter(|port| *port > 0),
        prefix: pick("x-forwarded-prefix").and_then(|v| prefix(&v)),
    }
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect()
}

/// Parts between separators that are not inside a quoted string.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(inside) => {
            let mut out = String::with_capacity(inside.len());
            let mut letters = inside.chars();
            while let Some(c) = letters.next() {
                out.extend(if c == '\\' { letters.next() } else { Some(c) });
            }
            out
        }
        None => text.to_string(),
    }
}

/// An address with or without a port: `10.0.0.1`, `10.0.0.1:80`, `[::1]:80`, `::1`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip()))
}

fn proto(text: &str) -> Option<&'static str> {
    ["https", "http"].into_iter().find(|p| text.eq_ignore_ascii_case(p))
}

/// A host and perhaps a port, and nothing else: it goes into links.
pub fn host(text: &str) -> Option<String> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (inside, port) = rest.split_once(']')?;
            inside.parse::<std::net::Ipv6Addr>().ok()?;
            (&text[..inside.len() + 2], port)
        }
        None => {
            let name = &text[..text.find(':').unwrap_or(text.len())];
            let good = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
            if name.is_empty() || !name.bytes().all(good) {
                return None;
            }
            (name, &text[name.len()..])
        }
    };
    let digits = port.strip_prefix(':');
    let port_good = match digits {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|p| p > 0),
        None => port.is_empty(),
    };
    (port_good && name.len() <= 253).then(|| text.to_string())
}

/// A path of plain segments, without a slash at its end; none when it is the root.
fn prefix(text: &str) -> Option<String> {
    let path = text.trim_end_matches('/');
    let plain = |s: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        !s.is_empty() && s != "." && s != ".." && s.bytes().all(good)
    };
    let good = path.len() <= 200 && path.strip_prefix('/').is_some_and(|p| p.split('/').all(plain));
    good.then(|| path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: &[(&'static str, &str)]) -> Told {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        told(&headers, "10.0.0.1".parse().unwrap(), &["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()])
    }

    fn host_of(lines: &[(&'static str, &str)]) -> Option<String> {
        seen(lines).host
    }

    #[test]
    fn only_what_trusted_proxies_added_is_believed() {
        let lines = [("forwarded", "host=evil.test, for=203.0.113.9;host=\"bando.test:8443\";Proto=HTTPS")];
        let told = seen(&lines);
        assert_eq!((told.host.as_deref(), told.proto), (Some("bando.test:8443"), Some("https")));
        let two =
            [("forwarded", "host=evil.test"), ("forwarded", "for=203.0.113.9;host=out.test, for=10.0.0.2;host=in")];
        assert_eq!(host_of(&two).as_deref(), Some("out.test"));
        assert_eq!(host_of(&[("x-forwarded-host", "evil.test, bando.test")]).as_deref(), Some("bando.test"));
        let hops = [("x-forwarded-host", "evil.test, out.test, in"), ("x-forwarded-for", "203.0.113.9, 10.0.0.2")];
        assert_eq!(host_of(&hops).as_deref(), Some("out.test"));
        assert_eq!(told_by_a_stranger(), Told::default());
    }

    fn told_by_a_stranger() -> Told {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-host", "evil.test".parse().unwrap());
        told(&headers, "192.0.2.1".parse().unwrap(), &["10.0.0.0/8".parse().unwrap()])
    }

    #[test]
    fn headers_that_contradict_each_other_are_not_believed() {
        let both = |a: &str, b: &str| host_of(&[("forwarded", a), ("x-forwarded-host", b)]);
        assert_eq!(both("host=evil.test", "bando.test"), None);
        assert_eq!(both("host=bando.test", "bando.test").as_deref(), Some("bando.test"));
    }

    #[test]
    fn nothing_but_hosts_and_plain_paths_reaches_a_link() {
        for good in ["127.0.0.1:8080", "bando.phanrang.vn", "[::1]:80", "[::1]"] {
            assert_eq!(host(good).as_deref(), Some(good));
        }
        for bad in
            ["", "a b", "x/y", "evil\"><script>", "a@b", "a:b:c", "a:", "a:0", "a:99999", "[x]", "[::1]x", "a:+80"]
        {
            assert_eq!(host(bad), None, "{bad}");
        }
        for (text, want) in [("/gis/", Some("/gis")), ("/a/b", Some("/a/b"))] {
            assert_eq!(prefix(text).as_deref(), want);
        }
        for bad in ["", "/", "gis", "//evil.test", "/../x", "/a b", "/a\"", "/a?x", "http://x"] {
            assert_eq!(prefix(bad), None, "{bad}");
        }
        assert_eq!(seen(&[("x-forwarded-proto", "javascript")]).proto, None);
    }
}
