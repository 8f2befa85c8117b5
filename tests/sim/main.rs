//! Simulated histories: days that nobody thought of, drawn from a seed, over the real store on both engines.
//!
//! [`history`] draws what happens, [`world`] does it to the store and [`model`] says what must come of it; `shrink`
//! finds the shortest history that still breaks. The test harness runs a few seeds; `tests/run` and `tests/run long`
//! ask for more by `PALABRE_SEEDS`, in the profile of the release binary.
//!
//! Not seen here: what two processes do to one PostgreSQL at the same moment (`it/told_across_kills.rs`), a process
//! that is killed inside a commit and a disk that fails (`it/process.rs`), writes that fail one by one
//! (`it/failing_writes.rs`), and all that stands above the store: HTTP, sessions, the check of a captcha.

#[path = "../it/acts.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod acts;
#[path = "../it/example.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod example;
mod history;
mod model;
mod shrink;
#[path = "../it/stores.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "shared with the other tests")]
mod stores;
mod world;

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use self::{
    history::Step,
    stores::Storage,
    world::{Broken, Planted, Trace},
};

/// Where a history is lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
}

/// Seeds of a run on SQLite, or on PostgreSQL a tenth of them; as many more as `PALABRE_SEEDS` says.
fn seeds(engine: Engine) -> u64 {
    let all = env::var("PALABRE_SEEDS").map_or(40, |seeds| seeds.parse().expect("PALABRE_SEEDS is a number"));
    match engine {
        Engine::Sqlite => all,
        Engine::Postgres => all.div_ceil(10),
    }
}

/// Lives a history on a store of its own; `None` where there is no server for it.
fn live(engine: Engine, steps: &[Step], planted: Option<Planted>) -> Option<Result<Trace, Broken>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let storage = match engine {
            Engine::Sqlite => Storage::sqlite(),
            Engine::Postgres => Storage::postgres().await?,
        };
        Some(world::run(&storage, steps, planted).await)
    })
}

/// All seeds, two at a time.
fn all_seeds(engine: Engine) {
    let (next, end) = (AtomicU64::new(0), seeds(engine));
    let began = Instant::now();
    let lived: usize = std::thread::scope(|scope| {
        let workers = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut steps = 0;
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return steps;
                    }
                    let history = history::of_seed(seed);
                    match live(engine, &history, None) {
                        None => return steps,
                        Some(Ok(_)) => steps += history.len(),
                        Some(Err(broken)) => shrink::tell(engine, seed, &history, None, &broken),
                    }
                }
            })
        });
        workers
            .map(|worker| worker.join().expect("all histories hold"))
            .iter()
            .sum()
    });
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let each_second = lived as f64 / seconds;
    println!("{engine:?}: {end} seeds, {lived} steps, {each_second:.0} steps a second");
}

#[test]
fn every_history_holds_on_sqlite() {
    all_seeds(Engine::Sqlite);
}

#[test]
fn every_history_holds_on_postgres() {
    all_seeds(Engine::Postgres);
}

#[test]
fn one_seed_gives_one_trace_on_either_engine() {
    for seed in 0..5 {
        let history = history::of_seed(seed);
        let lives = |engine| live(engine, &history, None).map(|lived| lived.expect("it holds"));
        let first = lives(Engine::Sqlite);
        assert_eq!(first, lives(Engine::Sqlite), "seed {seed} gives two traces");
        if let Some(other) = lives(Engine::Postgres) {
            assert_eq!(first, Some(other), "seed {seed} differs between the engines");
        }
    }
}

#[test]
fn each_planted_fault_is_found_and_told_in_a_few_steps() {
    for planted in Planted::ALL {
        let found = (0..200).filter_map(|seed| {
            let history = history::of_seed(seed);
            let broken = live(Engine::Sqlite, &history, Some(planted))?.err()?;
            Some((seed, broken, shrink::shortest(Engine::Sqlite, &history, Some(planted))))
        });
        // Halving ends where no step can go alone, and may end early: one of the first three is told in few.
        let told = found.take(3).find(|(.., steps)| steps.len() <= 12);
        let (seed, broken, shortest) = told.unwrap_or_else(|| panic!("{planted:?} is not found and told in 200 seeds"));
        println!(
            "{planted:?} is found by seed {seed}, in {} steps: {broken}",
            shortest.len()
        );
    }
}
