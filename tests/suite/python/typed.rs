//! The typed caches of the Rust API: what they encode is what Python encodes.

use std::collections::BTreeMap;
use std::num::ParseFloatError;

use flipcache::{Client, Codec};

use super::meeting::{Ours, meet};

fn client(ours: &Ours) -> Client {
    Client::connect(&ours.server.url()).expect("it must open")
}

/// Section 9.2 for values that this cache encodes itself.
#[test]
fn set_json_of_a_rust_type_stores_the_bytes_that_python_stores() {
    let value = BTreeMap::from([
        (
            "".to_owned(),
            vec!["a\nb\0c\u{7f}\t\"\\/\u{8}\u{c}".to_owned()],
        ),
        ("é☃😀".to_owned(), vec![]),
    ]);
    let source = r#"{'': ['a\nb\0c\x7f\t"\\/\b\f'], '\xe9\u2603\U0001f600': []}"#;
    let floats = vec![
        1.5,
        1.0,
        -0.0,
        1e16,
        1e15,
        1e-4,
        1e-5,
        1e-7,
        0.1 + 0.2,
        5e-324,
        f64::MAX,
    ];
    meet(|python, ours| {
        python.run("c = cache('theirs', value_type='json', local_max=0)");
        python.run(&format!("c['k'] = {source}"));
        let maps = client(ours).cache("ours").json().open();
        let maps = maps.expect("it must open").blocking();
        maps.set("k", &value).expect("it must be written");
        assert_eq!(ours.bytes("ours:k"), ours.bytes("theirs:k"));

        python.run(&format!("c['f'] = {floats:?}"));
        let lists = client(ours).cache("ours").json().open();
        let lists = lists.expect("it must open").blocking();
        lists.set("f", &floats).expect("it must be written");
        assert_eq!(ours.bytes("ours:f"), ours.bytes("theirs:f"));
    });
}

/// Section 9.3: every digit of a float counts.
#[test]
fn get_json_floats_of_python_are_the_same_numbers() {
    meet(|python, ours| {
        python.run("import random; random.seed(1)");
        python.run(
            "many = [random.random() * 10.0 ** random.randint(-300, 300) for _ in range(2000)]",
        );
        python.run("c = cache('n', value_type='json', local_max=0)");
        python.run("c['theirs'] = many");
        let lists = client(ours).cache("n").json::<Vec<f64>>().open();
        let lists = lists.expect("it must open").blocking();
        let read = lists.get("theirs").expect("it must be read");
        let read = read.expect("Python has written it");
        lists.set("ours", &read).expect("it must be written");
        assert_eq!(
            python.run("sum(a != b for a, b in zip(c['ours'], many))"),
            "0",
            "so many floats are read as a neighbour of theirs"
        );
    });
}

/// Section 9.10, `custom`: the shapes of the package's README, by a codec of each side.
#[test]
fn get_and_set_by_a_codec_match_pythons_encoder_and_decoder() {
    meet(|python, ours| {
        python.run("encode = lambda shape: '||'.join(str(part) for part in shape)");
        python.run("decode = lambda text: (text.split('||')[0], float(text.split('||')[1]))");
        python.run(
            "c = cache('n', value_type='custom', local_max=0, \
             value_encoder=encode, value_decoder=decode)",
        );
        python.run("c['theirs'] = ('womp', 16.38)");
        let shapes = client(ours).cache("n").codec(Shapes).open();
        let shapes = shapes.expect("it must open").blocking();
        let read = shapes.get("theirs").expect("it must be read");
        assert_eq!(read, Some(("womp".to_owned(), 16.38)));
        let womp = ("womp".to_owned(), 16.38);
        shapes.set("ours", &womp).expect("it must be written");
        assert_eq!(python.run("c['ours']"), "('womp', 16.38)");
        assert_eq!(ours.bytes("n:ours"), ours.bytes("n:theirs"));
    });
}

/// A name and an area.
struct Shapes;

impl Codec for Shapes {
    type Value = (String, f64);
    type Borrowed = (String, f64);
    type Error = ParseFloatError;

    fn encode(&self, (name, area): &(String, f64)) -> Result<Vec<u8>, ParseFloatError> {
        Ok(format!("{name}||{area}").into_bytes())
    }

    fn decode(&self, wire: &[u8]) -> Result<(String, f64), ParseFloatError> {
        let text = String::from_utf8_lossy(wire);
        let (name, area) = text.split_once("||").unwrap_or_default();
        Ok((name.to_owned(), area.parse()?))
    }
}
