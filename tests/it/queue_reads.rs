//! What a page of the queue reads: each order by its index, and where something narrows it a bounded number of rows,
//! after which it goes on where it stopped.

use std::collections::BTreeSet;

use palabre::{
    domain::{
        actor::Scope,
        queue::{Filter, Order},
        status::Status,
    },
    store::{READ_MAX, Store},
};
use uuid::Uuid;

use crate::{
    store::{OTHER, SITE, Scene},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_narrowed_list_goes_on_behind_the_last_row_it_read,
    each_order_but_the_mixed_one_goes_by_an_index,
);

/// Copies of each of the four first comments.
const COPIES: usize = 5500;

/// Many comments that wait on two articles of each of two sites; one of 2,000 copies has nine links.
async fn crowded(storage: &Storage) -> Scene {
    let scene = Scene::open(storage).await;
    for (site, thread) in [(SITE, "/a"), (SITE, "/b"), (OTHER, "/a"), (OTHER, "/b")] {
        let mut comment = scene.comment_in(thread);
        site.clone_into(&mut comment.site);
        scene.store.insert(comment).await.expect("stored");
    }
    let own = [
        (
            "id",
            if storage.is_postgres() {
                "gen_random_uuid()"
            } else {
                "RANDOMBLOB(16)"
            },
        ),
        ("created_at", "b.created_at + n.i"),
        ("level", "CASE WHEN n.i % 3 = 0 THEN NULL ELSE n.i * 7919 % 1001 END"),
        ("reports", "n.i % 3"),
        ("shuffle", "n.i * 104729 % 10007"),
        ("links", "CASE WHEN n.i % 2000 = 999 THEN 9 ELSE 0 END"),
    ];
    let columns = storage.columns().await;
    let names: Vec<&str> = columns
        .iter()
        .filter_map(|(table, column, _)| (table == "comments").then_some(column.as_str()))
        .collect();
    let values = names.iter().map(|name| {
        let given = own.iter().find(|(own, _)| own == name);
        given.map_or_else(|| format!("b.{name}"), |(_, value)| (*value).to_owned())
    });
    let values: Vec<String> = values.collect();
    storage
        .execute(&format!(
            "INSERT INTO comments ({}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {COPIES}) \
             SELECT {} FROM comments b CROSS JOIN n",
            names.join(", "),
            values.join(", ")
        ))
        .await;
    storage.execute("ANALYZE").await;
    scene
}

fn waiting(site: Option<&str>) -> Filter {
    Filter {
        site: site.map(str::to_owned),
        limit: 3,
        ..Filter::all(Scope::Sites(vec![SITE.to_owned(), OTHER.to_owned()]), Status::Pending)
    }
}

/// What a list gives from its beginning to its end, and how many requests that took.
async fn to_the_end(store: &Store, mut filter: Filter) -> (Vec<Uuid>, usize) {
    let (mut ids, mut requests) = (Vec::new(), 0);
    loop {
        let listed = store.queue(&filter).await.expect("listed");
        requests += 1;
        ids.extend(listed.rows.iter().map(|row| row.comment.id));
        let Some(next) = listed.next else {
            return (ids, requests);
        };
        if let Some(before) = &filter.after {
            assert!(filter.stands_after(&next, before), "{next:?} after {before:?}");
        }
        filter.after = Some(next);
    }
}

async fn a_narrowed_list_goes_on_behind_the_last_row_it_read(storage: &Storage) {
    let scene = crowded(storage).await;
    for (site, of_site) in [(Some(SITE), " AND site_id = 'faso'"), (None, "")] {
        let linked = storage.ids("id", &format!("comments WHERE links = 9{of_site}")).await;
        for &order in Order::ALL {
            let filter = Filter {
                order,
                links: Some(9),
                ..waiting(site)
            };
            let (found, requests) = to_the_end(&scene.store, filter).await;
            assert_eq!(found.len(), linked.len(), "{order:?}: nothing twice");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), linked, "{order:?}");
            assert!((2..20).contains(&requests), "{order:?}: {requests} requests");
        }
    }

    // One article is read without those before it.
    let second = Filter {
        order: Order::Article,
        thread: Some("/b".to_owned()),
        ..waiting(Some(SITE))
    };
    let listed = scene.store.queue(&second).await.expect("listed");
    assert!(listed.rows.iter().all(|row| row.thread_key == "/b"));
    assert_eq!(listed.rows.len(), 3);

    // By age it is plain at which row a request stops: both articles have one comment of each time.
    let nothing = Filter {
        links: Some(10),
        ..waiting(Some(SITE))
    };
    let listed = scene.store.queue(&nothing).await.expect("listed");
    assert!(listed.rows.is_empty());
    let next = listed.next.expect("it goes on");
    let stopped: i64 = next[0].parse().expect("a time");
    let read = storage
        .integer(&format!(
            "SELECT COUNT(*) FROM comments WHERE site_id = 'faso' AND created_at <= {stopped}"
        ))
        .await
        .expect("a count");
    assert!(
        (0..2).contains(&(usize::try_from(read).expect("few") - READ_MAX)),
        "{read}"
    );

    // What narrows by what is sorted by ends the reading.
    let none_so_low = Filter {
        order: Order::Score,
        score_max: Some(0),
        links: Some(10),
        ..waiting(Some(SITE))
    };
    let listed = scene.store.queue(&none_so_low).await.expect("listed");
    assert_eq!((listed.rows.len(), listed.next), (0, None));
}

async fn each_order_but_the_mixed_one_goes_by_an_index(storage: &Storage) {
    let scene = crowded(storage).await;
    scene.store.close().await;
    for (column, direction, index) in [
        ("c.created_at", "ASC", "comments_by_"),
        ("c.created_at", "DESC", "comments_by_"),
        ("COALESCE(c.level, 1001)", "ASC", "comments_waiting_by_score"),
        ("ABS(COALESCE(c.level, 1501) - 500)", "ASC", "comments_waiting_by_doubt"),
        ("c.reports", "DESC", "comments_waiting_by_reports"),
    ] {
        let behind = if direction == "ASC" { ">" } else { "<" };
        let plan = storage
            .plan(&format!(
                "SELECT c.id, CASE WHEN c.links >= 1 THEN 1 ELSE 0 END AS fits FROM comments c \
                 WHERE c.status = 'pending' AND c.set_aside = FALSE AND c.appealed_at IS NULL AND c.site_id = 'faso' \
                 AND {column} {behind} 5 ORDER BY {column} {direction}, c.id {direction} LIMIT 50"
            ))
            .await;
        assert!(plan.contains(index), "{column}: {plan}");
        assert!(
            !plan.contains("TEMP B-TREE") && !plan.contains("Sort"),
            "{column}: {plan}"
        );
    }
}
