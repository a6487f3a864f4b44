//! The attack matrix: Host × Origin × fetch metadata × method × kind of body × token, every combination.

use super::*;
use crate::web::Secret;

fn keys() -> Keys {
    Keys::new(Secret::new([7; 32]), Secret::new([8; 32]))
}

const GOOD_HOSTS: &[&str] = &["127.0.0.1:4000", "localhost:4000", "[::1]:4000"];
const BAD_HOSTS: &[&str] = &[
    "",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:4001",
    "evil.example:4000",
    "127.0.0.1:4000.evil.example",
    "LOCALHOST:4000",
    "127.0.0.1:04000",
    "0.0.0.0:4000",
    "localhost:4000@evil.example",
    "127.1:4000",
];
const SITES: &[(&[&str], bool, bool)] = &[
    // What is said; may it read; may it change.
    (&[], true, true),
    (&["same-origin"], true, true),
    (&["none"], true, false),
    (&["same-site"], false, false),
    (&["cross-site"], false, false),
    (&["Same-Origin"], false, false),
    (&["same-origin", "same-origin"], false, false),
];
const METHODS: &[(&str, Option<Method>)] = &[
    ("GET", Some(Method::Get)),
    ("HEAD", Some(Method::Get)),
    ("POST", Some(Method::Post)),
    ("PUT", None),
    ("OPTIONS", None),
    ("post", None),
];
const TYPES: &[(&[&str], bool)] = &[
    (&["application/json"], true),
    (&["application/json; charset=utf-8"], true),
    (&[], false),
    (&["text/plain"], false),
    (&["application/x-www-form-urlencoded"], false),
    (&["text/plain; application/json"], false),
    (&["application/json", "text/plain"], false),
];

#[test]
fn the_attack_matrix() {
    let (hosts, keys) = (Hosts::new(4000), keys());
    let good = format!("Bearer {}", keys.token());
    let bearers: Vec<(Vec<String>, bool)> = vec![
        (vec![], false),
        (vec![good.clone()], true),
        (vec![format!("Bearer {}", keys.cookie())], false),
        (
            vec![format!("Bearer {}", Secret::new([8; 32]).text())],
            false,
        ),
        (vec![format!("Basic {}", keys.token())], false),
        (vec![good.clone(), good.clone()], false),
    ];
    let cookie = format!("runr-4000={}", keys.cookie());
    let cookies: Vec<(Vec<String>, bool)> = vec![
        (vec![], false),
        (vec![cookie.clone()], true),
        (vec![format!("a=b; {cookie}; c=d")], true),
        (vec![format!("runr-4001={}", keys.cookie())], false),
        (vec![format!("runr-4000={}", keys.token())], false),
        // Two of one name: somebody else has set one.
        (vec![format!("{cookie}; runr-4000=x")], false),
    ];
    let own = |host: &str| format!("http://{host}");
    let mut asked = 0_u32;
    let all_hosts = GOOD_HOSTS
        .iter()
        .map(|h| (*h, true))
        .chain(BAD_HOSTS.iter().map(|h| (*h, false)));
    for (host, host_good) in all_hosts {
        let origins: Vec<(Vec<String>, bool)> = vec![
            (vec![], true),
            (vec![own(host)], true),
            (vec!["null".to_owned()], false),
            (vec!["https://evil.example".to_owned()], false),
            (vec![own("127.0.0.1:4001")], false),
            (vec![format!("https://{host}")], false),
            (vec![own(host), own(host)], false),
        ];
        for (origin, origin_good) in &origins {
            for (sites, reads, changes) in SITES {
                for (method, is) in METHODS {
                    for (types, json) in TYPES {
                        for (bearer, bearer_good) in &bearers {
                            for (cookie, cookie_good) in &cookies {
                                let request = Request {
                                    method,
                                    absolute: None,
                                    hosts: vec![host],
                                    origins: origin.iter().map(String::as_str).collect(),
                                    sites: sites.to_vec(),
                                    content_types: types.to_vec(),
                                    cookies: cookie.iter().map(String::as_str).collect(),
                                    authorizations: bearer.iter().map(String::as_str).collect(),
                                };
                                asked += 1;
                                let site_good = match is {
                                    Some(Method::Get) => *reads,
                                    Some(Method::Post) => *changes,
                                    None => *reads && *changes,
                                };
                                let cookie_opens = *cookie_good
                                    && bearer.is_empty()
                                    && (*is == Some(Method::Get) || !origin.is_empty());
                                let expected = if !host_good {
                                    Err(Denied::Host)
                                } else if !site_good {
                                    Err(Denied::Site)
                                } else if !origin_good {
                                    Err(Denied::Origin)
                                } else if is.is_none() {
                                    Err(Denied::Method)
                                } else if *is == Some(Method::Post) && !json {
                                    Err(Denied::ContentType)
                                } else if *bearer_good {
                                    Ok(Some(Entry::Bearer))
                                } else if cookie_opens {
                                    Ok(Some(Entry::Cookie))
                                } else {
                                    Err(Denied::Token)
                                };
                                let found = judge(&request, &hosts, &keys, |_| Access::Token);
                                assert_eq!(found, expected, "{request:?}");
                                // The files of the page ask for no token, and for everything else.
                                let shell = judge(&request, &hosts, &keys, |_| Access::Shell);
                                let open = match expected {
                                    Err(Denied::Token) | Ok(_) => Ok(None),
                                    Err(other) => Err(other),
                                };
                                assert_eq!(shell, open, "{request:?}");
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(asked, 14 * 7 * 7 * 6 * 7 * 6 * 6);
}

#[test]
fn one_host_exactly_and_a_path_only() {
    let (hosts, keys) = (Hosts::new(4000), keys());
    let ask = |names: &[&'static str], absolute| {
        let request = Request {
            method: "GET",
            hosts: names.to_vec(),
            absolute,
            ..Request::default()
        };
        judge(&request, &hosts, &keys, |_| Access::Shell)
    };
    assert_eq!(ask(&["localhost:4000"], None), Ok(None));
    assert_eq!(ask(&[], None), Err(Denied::Host));
    assert_eq!(
        ask(&["localhost:4000", "localhost:4000"], None),
        Err(Denied::Host)
    );
    assert_eq!(
        ask(&["localhost:4000"], Some("localhost:4000")),
        Err(Denied::Host)
    );
}

#[test]
fn the_exchange_takes_the_token_or_the_entry_once_and_no_cookie() {
    let (hosts, keys) = (Hosts::new(4000), keys());
    let once = format!("Bearer {}", Secret::new([8; 32]).text());
    let token = format!("Bearer {}", keys.token());
    let cookie = format!("runr-4000={}", keys.cookie());
    let ask = |said: &[&str], cookies: &[&str]| {
        let request = Request {
            method: "POST",
            hosts: vec!["localhost:4000"],
            origins: vec!["http://localhost:4000"],
            content_types: vec!["application/json"],
            authorizations: said.to_vec(),
            cookies: cookies.to_vec(),
            ..Request::default()
        };
        judge(&request, &hosts, &keys, |_| Access::Exchange)
    };
    assert_eq!(ask(&[], &[&cookie]), Err(Denied::Token));
    assert_eq!(ask(&[&once], &[]), Ok(Some(Entry::Once)));
    assert_eq!(ask(&[&once], &[]), Err(Denied::Token));
    assert_eq!(ask(&[&token], &[]), Ok(Some(Entry::Bearer)));
    assert_eq!(ask(&[&token], &[]), Ok(Some(Entry::Bearer)));
}
