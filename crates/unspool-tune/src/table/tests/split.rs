//! Splits and folds.

use proptest::prelude::*;

use super::super::{Fractions, Split, k_folds};
use super::says;

const THREE: Fractions = Fractions { train: 0.6, validation: 0.2, test: 0.2 };

#[test]
fn the_same_seed_gives_the_same_split() {
    let split = Split::new(10, 1, THREE, None).unwrap();
    assert_eq!(split, Split::new(10, 1, THREE, None).unwrap());
    assert_ne!(split, Split::new(10, 2, THREE, None).unwrap());
    // Stored, so that a change of generator or of algorithm does not go unseen.
    assert_eq!((split.train, split.validation, split.test), (vec![2, 3, 5, 7, 8, 9], vec![0, 6], vec![1, 4]));
}

#[test]
fn the_same_seed_gives_the_same_folds() {
    let folds = k_folds(7, 3, 1, None).unwrap();
    let parts: Vec<Vec<usize>> = (0..3).map(|fold| folds.validation(fold)).collect();
    assert_eq!(parts, [vec![1, 3, 6], vec![0, 5], vec![2, 4]]);
}

#[test]
fn stratified_parts_keep_the_shares() {
    let classes: Vec<usize> = (0..1000).map(|row| usize::from(row % 10 == 0) * 7).collect();
    let split = Split::new(1000, 3, THREE, Some(&classes)).unwrap();
    let rare = |rows: &[usize]| rows.iter().filter(|row| classes[**row] == 7).count();
    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (600, 200, 200));
    assert_eq!((rare(&split.train), rare(&split.validation), rare(&split.test)), (60, 20, 20));
}

#[test]
fn too_few_rows_say_how_many_are_needed() {
    let split = |rows, fractions| Split::new(rows, 0, fractions, None);
    says(split(2, THREE), "a split into 3 parts needs at least 3 rows, and there are 2", "add rows");
    assert!(split(3, THREE).is_ok());
    says(split(1, Fractions::holding_out(0.2)), "a split into 2 parts needs at least 2 rows, and there are 1", "");
    says(split(0, Fractions::holding_out(0.0)), "a split into 1 part needs at least 1 row, and there are 0", "");
    says(
        Split::new(5, 0, THREE, Some(&[0, 0, 0, 1, 1])),
        "a split into 3 parts needs at least 3 rows of each class, and class number 1 has 2",
        "stratification",
    );
    says(k_folds(3, 5, 0, None), "cross-validation with 5 folds needs at least 5 rows, and there are 3", "fewer");
    says(k_folds(3, 1, 0, None), "cross-validation needs at least 2 folds, not 1", "5");
    says(
        k_folds(3, 2, 0, Some(&[0, 0, 9])),
        "cross-validation with 2 folds needs at least 2 rows of each class, and class number 9 has 1",
        "",
    );
    for result in [Split::new(3, 0, THREE, Some(&[0])).map(|_| ()), k_folds(3, 2, 0, Some(&[0])).map(|_| ())] {
        assert_eq!(result.unwrap_err().to_string(), "classes to stratify by: 1 where 3 was expected");
    }
}

#[test]
fn fractions_must_be_fractions() {
    let with = |train, validation, test| Split::new(100, 0, Fractions { train, validation, test }, None);
    for (train, validation, test) in
        [(0.0, 0.5, 0.5), (0.5, 0.2, 0.2), (1.5, -0.5, 0.0), (f64::NAN, 0.5, 0.5), (f64::INFINITY, 0.0, 0.0)]
    {
        let error = with(train, validation, test).unwrap_err();
        assert!(error.to_string().starts_with("the split into "), "{error}");
    }
    assert!(with(0.7, 0.2, 0.1).is_ok());
    assert_eq!(Split::new(10, 0, Fractions::holding_out(0.3), None).unwrap().test.len(), 3);
}

proptest! {
    #[test]
    fn splits_are_partitions(rows in 3..300_usize, seed: u64, a in 1..100_u32, b in 0..100_u32, c in 0..100_u32, classes in 0..4_usize) {
        let total = f64::from(a + b + c);
        let fractions = Fractions {
            train: f64::from(a) / total,
            validation: f64::from(b) / total,
            test: f64::from(c) / total,
        };
        let stratify: Vec<usize> = (0..rows).map(|row| row * row % classes.max(1)).collect();
        let stratify = (classes > 0).then_some(stratify.as_slice());
        if let Ok(split) = Split::new(rows, seed, fractions, stratify) {
            let mut all = [split.train.clone(), split.validation.clone(), split.test.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..rows).collect::<Vec<_>>());
            let slack = 2 * classes.max(1) + 1;
            for (part, fraction) in [(split.train, fractions.train), (split.validation, fractions.validation), (split.test, fractions.test)] {
                prop_assert_eq!(part.is_empty(), fraction == 0.0);
                prop_assert!((part.len() as f64 - fraction * rows as f64).abs() <= slack as f64);
            }
        }
    }

    #[test]
    fn folds_are_partitions(rows in 2..300_usize, k in 2..12_usize, seed: u64, classes in 0..4_usize) {
        let stratify: Vec<usize> = (0..rows).map(|row| row % classes.max(1)).collect();
        let stratify = (classes > 0).then_some(stratify.as_slice());
        if let Ok(folds) = k_folds(rows, k, seed, stratify) {
            let mut seen = vec![0; rows];
            for fold in 0..folds.count() {
                let held = folds.validation(fold);
                prop_assert!(held.len() == rows / k || held.len() == rows.div_ceil(k));
                prop_assert_eq!(held.len() + folds.train(fold).len(), rows);
                for row in held {
                    seen[row] += 1;
                }
            }
            prop_assert!(seen.iter().all(|count| *count == 1));
        }
    }
}
