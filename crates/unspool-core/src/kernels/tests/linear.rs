//! Kernels that add and multiply.

use super::*;

pub(super) fn dot_and_sums<T: Num>() {
    for n in SIZES {
        let (a, b) = (numbers::<T>(n, 1), numbers::<T>(n, 2));
        let pairs = || a.iter().zip(&b).map(|(a, b)| (a.widen(), b.widen()));
        close(T::dot(&a, &b), pairs().map(|(a, b)| a * b).sum(), n as f64);
        let want: f64 = pairs().map(|(a, _)| a * a).sum();
        close(T::sum_squares(&a), want, want);
        let want: f64 = pairs().map(|(a, b)| (a - b).powi(2)).sum();
        close(T::sum_squares_diff(&a, &b), want, want);
    }
}

pub(super) fn axpy_and_lincomb<T: Num>() {
    let (alpha, beta) = (T::of(0.7), T::of(-1.3));
    for n in SIZES {
        let (x, y) = (numbers::<T>(n, 1), numbers::<T>(n, 2));
        let (mut sum, mut out) = (y.clone(), vec![T::ONE; n]);
        T::axpy(alpha, &x, &mut sum);
        T::lincomb(alpha, &x, beta, &y, &mut out);
        for i in 0..n {
            let ax = alpha.widen() * x[i].widen();
            close(sum[i], ax + y[i].widen(), 0.0);
            close(out[i], ax + beta.widen() * y[i].widen(), 0.0);
        }
    }
}

pub(super) fn rows_dot<T: Num>() {
    for d in &SIZES[1..] {
        for rows in [0, 1, 3, 4, 7, 8, 9, 13, 17] {
            let x = numbers::<T>(rows * d, 1);
            for m in 0..6 {
                let v = numbers::<T>(d * m, 2);
                let v: Vec<&[T]> = v.chunks_exact(*d).collect();
                let mut u = vec![T::ONE; rows * m];
                T::rows_dot(&x, *d, &v, &mut u);
                for (i, &u) in u.iter().enumerate() {
                    let (r, c) = (i % rows, i / rows);
                    let terms = x[r * d..].iter().zip(v[c]);
                    let want = terms.map(|(x, v)| x.widen() * v.widen()).sum();
                    close(u, want, *d as f64);
                }
            }
        }
    }
}

pub(super) fn rows_axpy<T: Num>() {
    for d in &SIZES[1..] {
        for rows in [0, 1, 3, 4, 7, 8, 9, 13, 17] {
            let x = numbers::<T>(rows * d, 1);
            for m in 0..4 {
                let (s, before) = (numbers::<T>(rows * m, 2), numbers::<T>(d * m, 3));
                let mut out = before.clone();
                T::rows_axpy(&x, *d, &s, &mut out);
                for (i, &out) in out.iter().enumerate() {
                    let (j, c) = (i % d, i / d);
                    let term = |r: usize| s[r + rows * c].widen() * x[r * d + j].widen();
                    let want = before[i].widen() + (0..rows).map(term).sum::<f64>();
                    close(out, want, rows as f64);
                }
            }
        }
    }
}

pub(super) fn blocks_do_not_matter<T: Num>() {
    let (rows, d) = (45, 37);
    let (x, v) = (numbers::<T>(rows * d, 1), numbers::<T>(2 * d, 2));
    let (v, w) = v.split_at(d);
    let (mut u, mut both, mut g) =
        (vec![T::ONE; rows], vec![T::ONE; 2 * rows], vec![T::ONE; d]);
    T::rows_dot(&x, d, &[v], &mut u);
    T::rows_dot(&x, d, &[w, v], &mut both);
    assert_eq!(u, both[rows..]);
    T::rows_axpy(&x, d, &u, &mut g);
    for block in [1, 3, 8, 12] {
        let (mut part, mut sum) = (u.clone(), vec![T::ONE; d]);
        for (x, u) in x.chunks(block * d).zip(part.chunks_mut(block)) {
            u.fill(T::ZERO);
            T::rows_dot(x, d, &[v], u);
            T::rows_axpy(x, d, u, &mut sum);
        }
        assert_eq!((&part, &sum), (&u, &g));
    }
}

pub(super) fn symv<T: Num>() {
    for d in SIZES {
        let (mut a, x) = (numbers::<T>(d * d, 1), numbers::<T>(d, 2));
        for i in 0..d {
            for j in 0..i {
                a[j * d + i] = a[i * d + j];
            }
        }
        let mut y = vec![T::ONE; d];
        T::symv(&a, d, &x, &mut y);
        for i in 0..d {
            let term = |j: usize| a[i * d + j].widen() * x[j].widen();
            close(y[i], (0..d).map(term).sum(), d as f64);
        }
    }
}
