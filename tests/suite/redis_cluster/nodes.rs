//! Which nodes are named, found, and refused.

use flipcache::backend::redis::TlsOptions;
use flipcache::backend::{BackendError, BackendOptions, BackendUrl, Slot, UrlError};
use flipcache_tests::certificates::LOOPBACK;
use flipcache_tests::cluster::MASTERS;
use flipcache_tests::{Authority, ClusterOptions, RedisCluster, RedisServer, ServerTls};

use super::{client, without_replicas};
use crate::coherence::{keep, wait_until};
use crate::stores::{
    bucket, connect, connect_over_tls, everything_of, failure, foreign, get, lasting, list, set,
    trusting,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_with_one_seed_finds_all_masters_and_shows_no_password() {
    let mut cluster = RedisCluster::start_with(ClusterOptions {
        password: Some("hunter2".to_owned()),
        ..ClusterOptions::default()
    });
    let user = bucket("user");
    let by_replica = connect(&cluster.url_by(MASTERS));
    let names: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    for key in &names {
        set(&*by_replica, &user, key, key, None).await.unwrap();
    }
    let by_master = connect(&cluster.url_by(1));
    for key in &names {
        assert_eq!(get(&*by_master, &user, key).await, lasting(key));
    }
    let holds: i64 = foreign(&cluster.nodes()[0], &["DBSIZE"]);
    assert!((1..20).contains(&holds), "keys are divided");

    let wrong = cluster.url().replace("hunter2", "wrong-hunter2");
    let error = failure(&*connect(&wrong)).await;
    assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
    let mut seen = everything_of(&error);
    seen += &format!("{:?}", cluster.url().parse::<BackendUrl>());
    for url in [
        format!("{}/hunter2", cluster.url()),
        format!("{}#hunter2", cluster.url()),
        cluster.url().replace("hunter2@", "hunter2@:"),
    ] {
        let error = url.parse::<BackendUrl>().expect_err("the URL is wrong");
        assert!(matches!(error, UrlError::Redis(_)), "{error:?}");
        seen += &everything_of(&error);
    }
    (0..2 * MASTERS).for_each(|node| cluster.kill(node));
    seen += &everything_of(&failure(&*by_master).await);
    seen += &everything_of(&failure(&*connect(&cluster.url())).await);
    assert!(!seen.contains("hunter"), "leave the password out of {seen}");
    assert!(seen.contains("the node 127.0.0.1:"), "name nodes: {seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_server_that_is_not_in_a_cluster_says_so() {
    let server = RedisServer::start();
    let url = format!("redis+cluster://127.0.0.1:{}", server.port());
    let error = failure(&*connect(&url)).await;
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    let text = everything_of(&error);
    assert!(text.contains("cluster support disabled"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_over_tls_shows_and_trusts_certificates_at_every_node() {
    let authority = Authority::new("ours");
    let tls = ServerTls {
        clients: Some(authority.root()),
        ..ServerTls::new(authority.issue("server", &LOOPBACK))
    };
    let cluster = RedisCluster::start_with(ClusterOptions {
        tls: Some(tls.clone()),
        has_replicas: false,
        ..ClusterOptions::default()
    });
    let trust = TlsOptions {
        cert: Some(tls.identity.cert),
        key: Some(tls.identity.key),
        ..trusting(&authority)
    };
    let user = bucket("user");
    let backend = connect_over_tls(&cluster.url(), trust.clone());
    for number in 0..20 {
        let key = number.to_string();
        set(&*backend, &user, &key, &key, None).await.unwrap();
        assert_eq!(get(&*backend, &user, &key).await, lasting(&key));
    }
    assert_eq!(list(&*backend, &user, 5).await.len(), 20);

    let options = BackendOptions {
        tls: trust,
        ..BackendOptions::default()
    };
    let [one, other] = [(), ()].map(|()| {
        let client = client(&cluster.url(), &options);
        client.cache("user").open().expect("it opens")
    });
    keep(&one, "7", "old").await;
    other.set("7", "new").await.expect("it is taken");
    wait_until(&one, "7", Some("new")).await;

    let plain = cluster.url().replace("rediss", "redis");
    failure(&*connect(&plain)).await;
    let text = everything_of(&failure(&*connect(&cluster.url())).await);
    assert!(text.contains("is not trusted"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_nodes_down_at_start_is_unavailable_until_they_are_up() {
    let mut cluster = RedisCluster::start();
    (0..2 * MASTERS).for_each(|node| cluster.kill(node));
    let backend = connect(&cluster.url());
    let error = failure(&*backend).await;
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    (0..2 * MASTERS).for_each(|node| cluster.restart(node));
    let start = std::time::Instant::now();
    while backend
        .exists(&bucket("user"), &["k".to_owned()])
        .await
        .is_err()
    {
        assert!(start.elapsed() < crate::stores::PATIENCE, "they are up");
    }
    assert_eq!(get(&*backend, &bucket("user"), "k").await, Slot::Absent);
}

/// What the guide says that a user needs, with `CLUSTER SHARDS` or, as before Redis 7, without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_of_users_with_minimal_permissions_succeeds_and_is_tracked() {
    let cluster = without_replicas();
    for (user, topology) in [("new", "+cluster|shards"), ("old", "+cluster|slots")] {
        let rules = "+get +set +getex +pttl +del +exists +incrby +pexpire +persist +scan +multi +exec \
                     +role +client|tracking +asking +cluster|info";
        let rules = format!("{user} on >secret ~user:* {rules} {topology}");
        let command: Vec<&str> = ["ACL", "SETUSER"]
            .into_iter()
            .chain(rules.split(' '))
            .collect();
        for node in cluster.nodes() {
            let _: () = foreign(node, &command);
        }
        let login = format!("cluster://{user}:secret@");
        let url = cluster.url().replace("cluster://", &login);
        let cache = client(&url, &BackendOptions::default())
            .cache("user")
            .open();
        let cache = cache.expect("it opens");
        for number in 0..10 {
            let key = number.to_string();
            keep(&cache, &key, "own").await;
            let full = format!("user:{key}");
            let owner = &cluster.nodes()[cluster.owner(&full)];
            let _: () = foreign(owner, &["SET", &full, "foreign"]);
            wait_until(&cache, &key, Some("foreign")).await;
        }
        assert_eq!(cache.clear().await.expect("it may"), 10);
    }
}
