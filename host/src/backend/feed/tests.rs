//! Which listener receives which event, and the status of a feed.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Listener for Notes {
    fn on_event(&self, event: FeedEvent<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

impl Notes {
    fn listening(feed: &Feed) -> (Arc<Self>, ListenerId) {
        let notes = Arc::new(Self::default());
        let listener: Arc<dyn Listener> = notes.clone();
        let id = feed.subscribe(&listener);
        (notes, id)
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn subscribe_while_lost_receives_lost() {
    let feed = Feed::disconnected();
    let (notes, _) = Notes::listening(&feed);
    assert_eq!(notes.taken(), ["Lost"]);
    feed.restore(None);
    feed.restore(None);
    assert_eq!(notes.taken(), ["Restored"]);
    assert!(feed.is_live());
    feed.lose();
    feed.lose();
    assert_eq!(notes.taken(), ["Lost"]);
    assert_eq!(
        (feed.is_live(), feed.invalidation_status()),
        (false, InvalidationStatus::Lost)
    );
}

#[test]
fn epoch_counts_events_that_void_every_key() {
    let feed = Feed::disconnected();
    feed.restore(None);
    assert_eq!(feed.epoch(), 0, "nothing was there before");
    feed.publish(None, FeedEvent::Key("user:7"));
    feed.publish(None, FeedEvent::All);
    feed.lose();
    feed.lose();
    feed.restore(None);
    assert_eq!(feed.epoch(), 2);
}

#[test]
fn invalidation_status_for_restarts_when_the_status_changes() {
    let feed = Feed::always_live();
    feed.state().since = Instant::now().checked_sub(HOUR).unwrap();
    feed.restore(None);
    assert!(
        feed.invalidation_status_for() >= HOUR,
        "nothing has changed"
    );
    feed.lose();
    assert!(feed.invalidation_status_for() < HOUR);
    feed.state().since = Instant::now().checked_sub(HOUR).unwrap();
    feed.lose();
    assert!(
        feed.invalidation_status_for() >= HOUR,
        "it has been lost all the time"
    );
    feed.restore(Some(Lease::after(Duration::ZERO)));
    assert!(
        feed.invalidation_status_for() < HOUR,
        "its lease has just ended"
    );
}

#[test]
fn untrack_is_live_until_it_is_lost() {
    let feed = Feed::disconnected();
    feed.untrack();
    assert_eq!(
        (feed.is_live(), feed.invalidation_status()),
        (true, InvalidationStatus::Untracked)
    );
    feed.lose();
    feed.restore(None);
    assert_eq!(feed.invalidation_status(), InvalidationStatus::Live);
}

#[test]
fn publish_leaves_out_the_causing_listener_and_dropped_ones() {
    let feed = Feed::always_live();
    let (one, id) = Notes::listening(&feed);
    let (other, _) = Notes::listening(&feed);
    drop(Notes::listening(&feed));
    let bucket = Bucket::new("user").unwrap();
    feed.publish_keys(Some(id), &bucket, ["7"]);
    assert_eq!(one.taken(), [""; 0]);
    assert_eq!(other.taken(), [r#"Key("user:7")"#]);
}

#[test]
fn is_live_after_the_lease_has_ended_is_false_until_it_is_renewed() {
    let feed = Feed::disconnected();
    feed.restore(Some(Lease::after(Duration::ZERO)));
    assert!(!feed.is_live());
    feed.renew(Lease::after(Duration::from_secs(60)));
    assert!(feed.is_live());
    feed.lose();
    feed.renew(Lease::after(Duration::from_secs(60)));
    assert!(!feed.is_live(), "a lost feed must be restored first");
}
