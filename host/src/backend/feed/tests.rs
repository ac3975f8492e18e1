//! Who is told what, and how a feed stands.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Listener for Notes {
    fn hear(&self, news: News<'_>) {
        self.0.lock().unwrap().push(format!("{news:?}"));
    }
}

impl Notes {
    fn listening(feed: &Feed) -> (Arc<Self>, ListenerId) {
        let notes = Arc::new(Self::default());
        let listener: Arc<dyn Listener> = notes.clone();
        let id = feed.listen(&listener);
        (notes, id)
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn listen_while_deaf_is_told_so() {
    let feed = Feed::deaf();
    let (notes, _) = Notes::listening(&feed);
    assert_eq!(notes.taken(), ["Deaf"]);
    feed.hears(None);
    feed.hears(None);
    assert_eq!(notes.taken(), ["Hearing"]);
    assert!(feed.is_heard());
    feed.goes_deaf();
    feed.goes_deaf();
    assert_eq!(notes.taken(), ["Deaf"]);
    assert_eq!((feed.is_heard(), feed.hearing()), (false, Hearing::Deaf));
}

#[test]
fn epoch_is_that_of_all_that_makes_everything_void() {
    let feed = Feed::deaf();
    feed.hears(None);
    assert_eq!(feed.epoch(), 0, "nothing was there before");
    feed.tell(None, News::Key("user:7"));
    feed.tell(None, News::Everything);
    feed.goes_deaf();
    feed.goes_deaf();
    feed.hears(None);
    assert_eq!(feed.epoch(), 2);
}

#[test]
fn hearing_for_begins_anew_when_hearing_changes() {
    let feed = Feed::always();
    feed.state().since = Instant::now().checked_sub(HOUR).unwrap();
    feed.hears(None);
    assert!(feed.hearing_for() >= HOUR, "nothing has changed");
    feed.goes_deaf();
    assert!(feed.hearing_for() < HOUR);
    feed.state().since = Instant::now().checked_sub(HOUR).unwrap();
    feed.goes_deaf();
    assert!(feed.hearing_for() >= HOUR, "it has been deaf all the time");
    feed.hears(Some(Heard::after(Duration::ZERO)));
    assert!(feed.hearing_for() < HOUR, "its moment is just over");
}

#[test]
fn gives_up_is_taken_to_be_right_until_it_hears() {
    let feed = Feed::deaf();
    feed.gives_up();
    assert_eq!((feed.is_heard(), feed.hearing()), (true, Hearing::Untold));
    feed.goes_deaf();
    feed.hears(None);
    assert_eq!(feed.hearing(), Hearing::Hears);
}

#[test]
fn tell_leaves_out_whose_doing_it_was_and_who_is_gone() {
    let feed = Feed::always();
    let (one, id) = Notes::listening(&feed);
    let (other, _) = Notes::listening(&feed);
    drop(Notes::listening(&feed));
    let bucket = Bucket::new("user").unwrap();
    feed.tell_keys(Some(id), &bucket, ["7"]);
    assert_eq!(one.taken(), [""; 0]);
    assert_eq!(other.taken(), [r#"Key("user:7")"#]);
}

#[test]
fn is_heard_after_the_moment_is_over_is_false_until_the_next() {
    let feed = Feed::deaf();
    feed.hears(Some(Heard::after(Duration::ZERO)));
    assert!(!feed.is_heard());
    feed.still_hears(Heard::after(Duration::from_secs(60)));
    assert!(feed.is_heard());
    feed.goes_deaf();
    feed.still_hears(Heard::after(Duration::from_secs(60)));
    assert!(
        !feed.is_heard(),
        "a deaf store must say that it hears again"
    );
}
