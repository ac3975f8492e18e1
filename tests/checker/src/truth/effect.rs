//! What commands do to keys: those that the cache and the writers beside it send.

use std::time::Duration;

use super::Life;

/// What a command does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect<'a> {
    Set {
        key: &'a str,
        value: &'a str,
        life: Life,
        only: Only,
    },
    Delete(Vec<&'a str>),
    DeleteAll,
    /// The number is so much larger now, in decimal.
    Add(&'a str, &'a str),
    /// The key's life is another one now.
    Live(&'a str, Life),
    /// The key lives so long from now on, if it was there.
    Prolong(&'a str, Duration),
    Nothing,
}

/// When a `SET` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    Always,
    IfAbsent,
    IfPresent,
}

/// What a command does that was executed.
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
            match lasting(arguments.get(2), Duration::from_millis) {
                Life::For(life) => Effect::Prolong(key, life),
                life => Effect::Live(key, life),
            }
        }
        ("PEXPIRE" | "EXPIRE" | "PEXPIREAT" | "EXPIREAT" | "GETEX", [key, ..]) => {
            Effect::Live(key, Life::Unknown)
        }
        ("PERSIST", [key]) => Effect::Live(key, Life::Lasting),
        _ => Effect::Nothing,
    }
}

fn set<'a>(key: &'a str, value: &'a str, options: &[&str]) -> Effect<'a> {
    let (mut life, mut only) = (Life::Lasting, Only::Always);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.to_ascii_uppercase().as_str() {
            "NX" => only = Only::IfAbsent,
            "XX" => only = Only::IfPresent,
            "PX" => life = lasting(options.next(), Duration::from_millis),
            "EX" => life = lasting(options.next(), Duration::from_secs),
            "PXAT" | "EXAT" | "KEEPTTL" => life = Life::Unknown,
            _ => {}
        }
    }
    Effect::Set {
        key,
        value,
        life,
        only,
    }
}

fn lasting(number: Option<&&str>, unit: fn(u64) -> Duration) -> Life {
    let number = number.and_then(|number| number.parse().ok());
    number.map_or(Life::Unknown, |number| Life::For(unit(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn of_set_knows_its_options() {
        let set = |life, only| Effect::Set {
            key: "k",
            value: "v",
            life,
            only,
        };
        let line = words("SET k v");
        assert_eq!(of(&line), set(Life::Lasting, Only::Always));
        let line = words("set k v PX 70 nx");
        let life = Life::For(Duration::from_millis(70));
        assert_eq!(of(&line), set(life, Only::IfAbsent));
        let line = words("SET k v XX EX 2");
        let life = Life::For(Duration::from_secs(2));
        assert_eq!(of(&line), set(life, Only::IfPresent));
    }

    #[test]
    fn of_other_commands_is_what_they_do() {
        assert_eq!(of(&words("UNLINK a b")), Effect::Delete(vec!["a", "b"]));
        assert_eq!(of(&words("FLUSHALL ASYNC")), Effect::DeleteAll);
        let life = Duration::from_millis(5);
        assert_eq!(of(&words("GETEX k PX 5")), Effect::Prolong("k", life));
        assert_eq!(
            of(&words("GETEX k EXAT 5")),
            Effect::Live("k", Life::Unknown)
        );
        assert_eq!(of(&words("INCRBY k -5")), Effect::Add("k", "-5"));
        assert_eq!(of(&words("GET k")), Effect::Nothing);
        assert_eq!(of(&[]), Effect::Nothing);
    }
}
