//! The effects on keys of the commands that the cache and external writers send.

use std::time::Duration;

use super::Ttl;

/// The effect of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect<'a> {
    Set {
        key: &'a str,
        value: &'a str,
        ttl: Ttl,
        only: Only,
    },
    Delete(Vec<&'a str>),
    DeleteAll,
    /// Adds a decimal number to the value.
    Add(&'a str, &'a str),
    /// Sets another TTL.
    SetTtl(&'a str, Ttl),
    /// Extends the TTL of a key, if it is present.
    ExtendTtl(&'a str, Duration),
    Nothing,
}

/// The condition of a `SET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    Always,
    IfAbsent,
    IfPresent,
}

/// Returns the effect of an executed command.
pub(super) fn of(words: &[String]) -> Effect<'_> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((command, arguments)) = words.split_first() else {
        return Effect::Nothing;
    };
    match (command.to_ascii_uppercase().as_str(), arguments) {
        ("SET", [key, value, options @ ..]) => set(key, value, options),
        ("DEL" | "UNLINK" | "GETDEL", keys) => Effect::Delete(keys.to_vec()),
        ("FLUSHALL" | "FLUSHDB", _) => Effect::DeleteAll,
        ("INCRBY", [key, delta]) => Effect::Add(key, delta),
        ("GETEX", [_]) => Effect::Nothing,
        ("GETEX", [key, unit, _]) if unit.eq_ignore_ascii_case("PX") => {
            match parse_ttl(arguments.get(2), Duration::from_millis) {
                Ttl::For(ttl) => Effect::ExtendTtl(key, ttl),
                ttl => Effect::SetTtl(key, ttl),
            }
        }
        ("PEXPIRE" | "EXPIRE" | "PEXPIREAT" | "EXPIREAT" | "GETEX", [key, ..]) => {
            Effect::SetTtl(key, Ttl::Unknown)
        }
        ("PERSIST", [key]) => Effect::SetTtl(key, Ttl::Never),
        _ => Effect::Nothing,
    }
}

fn set<'a>(key: &'a str, value: &'a str, options: &[&str]) -> Effect<'a> {
    let (mut ttl, mut only) = (Ttl::Never, Only::Always);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.to_ascii_uppercase().as_str() {
            "NX" => only = Only::IfAbsent,
            "XX" => only = Only::IfPresent,
            "PX" => ttl = parse_ttl(options.next(), Duration::from_millis),
            "EX" => ttl = parse_ttl(options.next(), Duration::from_secs),
            "PXAT" | "EXAT" | "KEEPTTL" => ttl = Ttl::Unknown,
            _ => {}
        }
    }
    Effect::Set {
        key,
        value,
        ttl,
        only,
    }
}

fn parse_ttl(number: Option<&&str>, unit: fn(u64) -> Duration) -> Ttl {
    let number = number.and_then(|number| number.parse().ok());
    number.map_or(Ttl::Unknown, |number| Ttl::For(unit(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn of_set_parses_its_options() {
        let set = |ttl, only| Effect::Set {
            key: "k",
            value: "v",
            ttl,
            only,
        };
        let line = words("SET k v");
        assert_eq!(of(&line), set(Ttl::Never, Only::Always));
        let line = words("set k v PX 70 nx");
        let ttl = Ttl::For(Duration::from_millis(70));
        assert_eq!(of(&line), set(ttl, Only::IfAbsent));
        let line = words("SET k v XX EX 2");
        let ttl = Ttl::For(Duration::from_secs(2));
        assert_eq!(of(&line), set(ttl, Only::IfPresent));
    }

    #[test]
    fn of_other_commands_returns_their_effects() {
        assert_eq!(of(&words("UNLINK a b")), Effect::Delete(vec!["a", "b"]));
        assert_eq!(of(&words("FLUSHALL ASYNC")), Effect::DeleteAll);
        let ttl = Duration::from_millis(5);
        assert_eq!(of(&words("GETEX k PX 5")), Effect::ExtendTtl("k", ttl));
        assert_eq!(
            of(&words("GETEX k EXAT 5")),
            Effect::SetTtl("k", Ttl::Unknown)
        );
        assert_eq!(of(&words("INCRBY k -5")), Effect::Add("k", "-5"));
        assert_eq!(of(&words("GET k")), Effect::Nothing);
        assert_eq!(of(&[]), Effect::Nothing);
    }
}
