//! Replays access traces through a shard, and prints how many percent of their requests are hits under each
//! eviction. A trace is a file of key numbers, little-endian `u32`s, compressed with zstd.
//!
//! ```sh
//! cargo run --release -p flipcache-core --example hit_ratio -- FILE CAPACITY [FILE CAPACITY]...
//! ```

use std::error::Error;
use std::io::Read as _;
use std::path::Path;

use flipcache_core::{
    Answer, Bounds, Catalog, Eviction, Moment, Options, Read, Seed, Settled, Shard,
};
use ruzstd::decoding::StreamingDecoder;

const EVICTIONS: [Eviction; 3] = [Eviction::Fifo, Eviction::Lru, Eviction::S3Fifo];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!("| trace | capacity | FIFO | LRU | S3-FIFO |\n|---|---|---|---|---|");
    for replay in args.chunks(2) {
        let [path, capacity] = replay else {
            return Err("a trace without a capacity".into());
        };
        let (trace, capacity) = (keys_of(Path::new(path))?, capacity.parse()?);
        let name = path.rsplit('/').next().unwrap_or(path);
        print!("| {name} | {capacity} |");
        for eviction in EVICTIONS {
            print!(" {:.2} |", hit_percentage(&trace, eviction, capacity)?);
        }
        println!();
    }
    Ok(())
}

fn keys_of(path: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    StreamingDecoder::new(std::fs::File::open(path)?)?.read_to_end(&mut bytes)?;
    let (numbers, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err("a trace that ends within a number".into());
    }
    let key = |number: &[u8; 4]| u32::from_le_bytes(*number).to_string();
    Ok(numbers.iter().map(key).collect())
}

fn hit_percentage(
    trace: &[String],
    eviction: Eviction,
    local_max: u32,
) -> Result<f64, Box<dyn Error>> {
    let options = Options {
        local_max,
        eviction,
        ..Options::default()
    };
    let clock = || Moment::from_nanos(0);
    let mut shard = Shard::new(0, u64::MAX);
    let cache = Catalog::new().open("trace", &options)?;
    shard.open(cache, "trace", Bounds::from(&options));
    let seed = Seed::new(7).of_cache("trace");
    for key in trace {
        let hash = seed.hash(key);
        let Read::Miss(ticket) = shard.read(cache, hash, key, None, &clock) else {
            continue;
        };
        let answer = Answer::Entry {
            value: b"v",
            ttl: None,
        };
        if shard.settle(cache, hash, key, ticket, answer) != Settled::Kept {
            return Err("an answer was not kept".into());
        }
    }
    let hits = u32::try_from(shard.stats(cache).local_hits)?;
    Ok(100.0 * f64::from(hits) / f64::from(u32::try_from(trace.len())?))
}
