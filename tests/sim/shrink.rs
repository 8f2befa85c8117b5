//! The shortest history that still breaks.

use crate::{Engine, Planted, Step, live};

/// Takes out parts, halves first and single steps last, for as long as what is left still breaks.
pub(crate) fn shortest(engine: Engine, history: &[Step], planted: Option<Planted>) -> Vec<Step> {
    let breaks = |steps: &[Step]| live(engine, steps, planted).is_some_and(|lived| lived.is_err());
    let mut shortest = history.to_vec();
    let mut part = shortest.len().div_ceil(2);
    while part > 0 {
        let mut at = 0;
        let mut is_shorter = false;
        while at < shortest.len() {
            let mut without = shortest.clone();
            without.drain(at..(at + part).min(shortest.len()));
            if breaks(&without) {
                shortest = without;
                is_shorter = true;
            } else {
                at += part;
            }
        }
        if part == 1 && !is_shorter {
            break;
        }
        part = (part / 2).max(1);
    }
    shortest
}

/// Fails with the shortest history that breaks as this one does.
pub(crate) fn tell(engine: Engine, seed: u64, history: &[Step], planted: Option<Planted>, broken: &str) -> ! {
    let shortest = shortest(engine, history, planted);
    let again = live(engine, &shortest, planted).and_then(Result::err);
    panic!("seed {seed} on {engine:?} breaks: {broken}\nin these steps: {shortest:#?}\nby themselves: {again:?}");
}
