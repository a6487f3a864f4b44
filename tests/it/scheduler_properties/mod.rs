//! Properties of the scheduler over random graphs, outcomes, cancellations, people and other
//! orchestrations. `RUNR_LONG=1` plays a million cases instead of twenty thousand.
//!
//! The laws are in `laws`; `faults` spoils the scheduler once for each, and the suite sees each law broken.

mod case;
mod dice;
mod faults;
mod journal;
mod laws;
mod world;

use dice::Dice;
use faults::{Fault, PLANTED};
use world::{Broken, World};

fn play(seed: u64, fault: Fault) -> Option<Broken> {
    let mut dice = Dice::new(seed);
    let problem = case::problem(&mut dice);
    World::new(problem, dice, fault).play()
}

#[test]
fn every_law_holds_in_random_orchestrations() {
    let cases: u64 = if std::env::var_os("RUNR_LONG").is_some() {
        1_000_000
    } else {
        20_000
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let broken = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || {
                    let mut seeds = (first..cases).step_by(usize::try_from(threads).unwrap());
                    seeds.find_map(|seed| Some((seed, play(seed, Fault::None)?)))
                })
            })
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().unwrap())
            .min_by_key(|(seed, _)| *seed)
    });
    if let Some((seed, broken)) = broken {
        panic!("seed {seed}: {broken:?}");
    }
}

#[test]
fn each_property_can_fail() {
    for (fault, law) in PLANTED {
        let seen = (0..3000)
            .filter_map(|seed| play(seed, fault))
            .map(|broken| broken.law)
            .find(|seen| *seen == law);
        assert_eq!(seen, Some(law), "{fault:?} went unseen");
    }
}
