//! `dict`: a dictionary of the shell, separate from its cache.

use clap::Subcommand;
use flipcache::{Order, ValueType};

use crate::cli::engine::{Caches, Dict};
use crate::cli::failure::Failure;
use crate::cli::key_command::pairs;
use crate::cli::output::{Body, KeyForm, Outcome};
use crate::cli::text::parse_value;

/// Commands on the shell's dictionary.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum DictCommand {
    /// Open an empty dictionary that evicts in insertion order
    Fifo { max_items: u32 },
    /// Open an empty dictionary that evicts the least recently used item
    Lru { max_items: u32 },
    /// Print a value; counts as an access in LRU order
    Get { key: String },
    /// Print a value; does not count as an access
    Peek { key: String },
    /// Put an item last; print the one that was evicted
    Set {
        key: String,
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
    /// Print the present value, or store the given one and print it
    SetDefault {
        key: String,
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
    /// Set several items
    Update {
        #[arg(required = true, num_args = 2.., value_names = ["KEY", "VALUE"], allow_negative_numbers = true)]
        items: Vec<String>,
    },
    /// Print whether a key is present
    Contains { key: String },
    /// Make an item the last to be evicted
    MarkAsUsed { key: String },
    /// Remove an item and print its value
    Pop { key: String },
    /// Remove the newest item and print it
    PopItem {
        /// Remove the oldest item instead
        #[arg(long)]
        oldest: bool,
    },
    /// List keys, the next to be evicted first
    Keys {
        #[command(flatten)]
        form: KeyForm,
    },
    /// List values, the next to be evicted first
    Values,
    /// List items, the next to be evicted first
    Items,
    /// Count items
    Len,
    /// Remove every item
    Clear,
}

impl DictCommand {
    /// Runs a command on the open dictionary, or opens one.
    pub(super) fn run(
        self,
        open: &mut Option<Dict>,
        caches: &Caches,
        value_type: ValueType,
    ) -> Result<Outcome, Failure> {
        let order = match self {
            Self::Fifo { max_items } => Some((Order::Fifo, max_items)),
            Self::Lru { max_items } => Some((Order::Lru, max_items)),
            _ => None,
        };
        if let Some((order, max_items)) = order {
            *open = Some(caches.open_dict(order, max_items)?);
            return Ok(Outcome::DONE);
        }
        let Some(dict) = open else {
            let message = "no dictionary is open; open one with `dict fifo N` or `dict lru N`";
            return Err(Failure::Usage(message.to_owned()));
        };
        Ok(Outcome::local(self.work_on(dict, value_type)?))
    }

    fn work_on(self, dict: &Dict, value_type: ValueType) -> Result<Body, Failure> {
        let parse = |text: String| parse_value(text.into_bytes(), value_type);
        Ok(match self {
            Self::Fifo { .. } | Self::Lru { .. } => Body::Done,
            Self::Get { key } => Body::Value(dict.get(&key)?),
            Self::Peek { key } => Body::Value(dict.peek(&key)?),
            Self::Set { key, value } => Body::Item(dict.set(&key, parse(value)?)?),
            Self::SetDefault { key, value } => {
                Body::Value(Some(dict.set_default(&key, parse(value)?)?))
            }
            Self::Update { items } => {
                dict.update(pairs(items, parse)?)?;
                Body::Done
            }
            Self::Contains { key } => Body::Truth(dict.contains(&key)?),
            Self::MarkAsUsed { key } => Body::Truth(dict.mark_as_used(&key)?),
            Self::Pop { key } => Body::Value(dict.pop(&key)?),
            Self::PopItem { oldest } => Body::Item(dict.pop_item(!oldest)?),
            Self::Keys { form } => Body::Keys(dict.keys()?, form),
            Self::Values => Body::Values(dict.values()?.into_iter().map(Some).collect()),
            Self::Items => Body::Items(dict.items()?),
            Self::Len => Body::Count(dict.len()?),
            Self::Clear => {
                dict.clear()?;
                Body::Done
            }
        })
    }
}
