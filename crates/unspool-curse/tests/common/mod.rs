//! Real data for the tests.
#![allow(dead_code, unreachable_pub)]

use unspool_tune::table::{Features, Standardizer, example};

/// A dense table, row by row, and its target.
pub struct Data {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub d: usize,
}

pub fn standardised(name: &str) -> Data {
    let table = example(name).unwrap();
    let rows: Vec<usize> = (0..table.rows()).collect();
    let features = Standardizer::fit(&table.features, &rows).unwrap().apply(table.features).unwrap();
    let Features::Dense { cols, data, .. } = features else { panic!("sparse") };
    Data { x: data, y: table.target.values, d: cols }
}

/// Targets 0 and 1 as -1 and 1. It matters to a start that is not zero.
pub fn signed(data: Data) -> Data {
    Data { y: data.y.iter().map(|y| 2.0 * y - 1.0).collect(), ..data }
}

/// libsvm's `breast-cancer_scale`: see the README beside it.
pub fn scaled() -> Data {
    let (d, mut data) = (10, Data { x: vec![], y: vec![], d: 10 });
    for line in include_str!("../data/breast-cancer_scale.svm").lines() {
        let mut words = line.split_whitespace();
        data.y.push(words.next().unwrap().parse().unwrap());
        let first = data.x.len();
        data.x.resize(first + d, 0.0);
        for word in words {
            let (column, value) = word.split_once(':').unwrap();
            data.x[first + column.parse::<usize>().unwrap() - 1] = value.parse().unwrap();
        }
    }
    data
}
