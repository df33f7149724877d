//! The mathematics of Do et al. 2024 on small graphs, against dense formulas: equations 4 to 22, figure 3, symmetries.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use unspool_restore::cg::Steps;
use unspool_restore::stencil::Stencil;
use unspool_restore::window::{self, EDGES, OFFSETS};
use unspool_restore::{Grid, glr, gtv};

#[path = "../common/mod.rs"]
mod common;
mod networks;
mod start;

use common::{random, rng};

/// Planes that mark about this share of the pixels, at least the first one.
fn marks(grid: Grid, planes: usize, share: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut known = random(grid, planes, rng);
    let mut inside = vec![0.0; grid.plane()];
    grid.inside(&mut inside);
    known.iter_mut().zip(inside.iter().cycle()).for_each(|(k, &i)| *k = if *k < share { i } else { 0.0 });
    known.chunks_exact_mut(grid.plane()).for_each(|k| k[grid.at(0, 0)] = 1.0);
    known
}

/// Weights of a graph of random features.
fn graph(grid: Grid, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let features = random(grid, 4, rng);
    let mut s = vec![0.0; EDGES * grid.plane()];
    window::affinity(grid, 0..grid.height(), &features, &mut s);
    s
}

fn products(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    products(a, b).iter().sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn to_image(grid: Grid, plane: &[f64]) -> Vec<f64> {
    let mut image = vec![0.0; grid.height() * grid.width()];
    grid.get(plane, &mut image);
    image
}

fn to_plane(grid: Grid, image: &[f64]) -> Vec<f64> {
    let mut plane = vec![0.0; grid.plane()];
    grid.put(image, &mut plane);
    plane
}

type Matrix = Vec<Vec<f64>>;

/// The matrix of a symmetric operator on one channel.
fn dense(a: &Stencil<f64>) -> Matrix {
    let n = a.grid.height() * a.grid.width();
    let column = |k: usize| {
        let unit: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == k))).collect();
        let mut out = vec![0.0; a.grid.plane()];
        a.apply(&to_plane(a.grid, &unit), &mut out);
        to_image(a.grid, &out)
    };
    (0..n).map(column).collect()
}

fn times(a: &Matrix, x: &[f64]) -> Vec<f64> {
    a.iter().map(|row| dot(row, x)).collect()
}

/// Solves `a x = b` by elimination with pivots.
fn eliminate(mut a: Matrix, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            let (above, below) = a.split_at_mut(i);
            below[0].iter_mut().zip(&above[k]).for_each(|(a, p)| *a -= factor * p);
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        b[k] = (b[k] - dot(&a[k][k + 1..], &b[k + 1..])) / a[k][k];
    }
    b
}

/// A directed edge between pixels by their number, row by row.
struct Edge {
    near: usize,
    far: usize,
    w: f64,
}

/// The rows of `C`: 24 offsets of all pixels, those that leave the image left out.
fn directed(grid: Grid, w: &[f64]) -> Vec<Edge> {
    let (height, width) = (grid.height() as isize, grid.width() as isize);
    let mut edges = Vec::new();
    for (k, w) in w.chunks_exact(grid.plane()).enumerate() {
        let (dy, dx) = (OFFSETS[k % EDGES].0 as isize, OFFSETS[k % EDGES].1);
        let (dy, dx) = if k < EDGES { (dy, dx) } else { (-dy, -dx) };
        for y in 0..height {
            for x in 0..width {
                let w = w[grid.at(y as usize, x as usize)];
                if (0..height).contains(&(y + dy)) && (0..width).contains(&(x + dx)) {
                    let far = (y + dy) * width + x + dx;
                    edges.push(Edge { near: (y * width + x) as usize, far: far as usize, w });
                } else {
                    assert_eq!(w, 0.0);
                }
            }
        }
    }
    edges
}

/// `C x`.
fn differences(edges: &[Edge], x: &[f64]) -> Vec<f64> {
    edges.iter().map(|e| e.w * (x[e.near] - x[e.far])).collect()
}

/// `C'e`.
fn divergences(edges: &[Edge], e: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n];
    for (edge, e) in edges.iter().zip(e) {
        out[edge.near] += edge.w * e;
        out[edge.far] -= edge.w * e;
    }
    out
}

/// What total variation needs of a graph.
struct Variation {
    grid: Grid,
    w: Vec<f64>,
    squares: Vec<f64>,
    degree: Vec<f64>,
}

/// Step sizes, and penalties of ADMM.
struct Parameters {
    alpha: Vec<f64>,
    beta: Vec<f64>,
    gamma: Vec<f64>,
}

impl Parameters {
    /// The paper's, which do not change.
    fn paper(admm: usize, cg: usize, gamma: f64) -> Self {
        Parameters { alpha: vec![0.5; admm * cg], beta: vec![0.3; admm * cg], gamma: vec![gamma; admm] }
    }
}

impl Variation {
    fn new(grid: Grid, s: &[f64]) -> Self {
        let plane = grid.plane();
        let (mut w, mut inverse) = (vec![0.0; gtv::DIRECTED * plane], vec![0.0; plane]);
        gtv::normalise(grid, s, &mut inverse, &mut w);
        let (mut squares, mut degree) = (vec![0.0; EDGES * plane], vec![0.0; plane]);
        gtv::operator(grid, &w, &mut squares, &mut degree);
        Variation { grid, w, squares, degree }
    }

    /// `C'C`.
    fn operator(&self) -> Stencil<'_, f64> {
        Stencil { grid: self.grid, diagonal: &self.degree, s: &self.squares }
    }

    /// [`gtv::Problem::solve`] with so many iterations of ADMM.
    fn solve(&self, known: &[f64], y: &[f64], parameters: &Parameters, admm: usize, x: &[f64]) -> Vec<f64> {
        let (grid, plane) = (self.grid, self.grid.plane());
        let mut inside = vec![0.0; plane];
        grid.inside(&mut inside);
        let diagonal: Vec<f64> = known.iter().zip(self.degree.iter().cycle()).map(|(k, d)| k + d).collect();
        let Parameters { alpha, beta, gamma } = parameters;
        let n = admm * alpha.len() / gamma.len();
        let problem = gtv::Problem {
            a: Stencil { grid, diagonal: &diagonal, s: &self.squares },
            w: &self.w,
            known,
            y,
            inside: &inside,
            steps: Steps { alpha: &alpha[..n], beta: &beta[..n] },
            gamma: &gamma[..admm],
        };
        let mut x = x.to_vec();
        problem.solve(&mut x, &mut vec![f64::NAN; gtv::memory_len(grid, known.len() / plane, admm)]);
        x
    }
}

/// The normalised Laplacian: `d^{-1/2}`, diagonal, weights.
fn normalised(grid: Grid, s: &[f64]) -> [Vec<f64>; 3] {
    let (mut root, mut diagonal) = (vec![0.0; grid.plane()], vec![0.0; grid.plane()]);
    let mut normal = vec![0.0; s.len()];
    glr::normalise(grid, s, &mut root, &mut diagonal, &mut normal);
    [root, diagonal, normal]
}

/// [`glr::solve`] on one channel.
fn smooth(a: &Stencil<f64>, steps: Steps<f64>, known: &[f64], y: &[f64], x: &[f64]) -> Vec<f64> {
    let mut unknown = vec![0.0; x.len()];
    a.grid.inside(&mut unknown);
    unknown.iter_mut().zip(known).for_each(|(u, k)| *u -= k);
    let mut x = x.to_vec();
    let n = glr::SOLVE_PLANES * x.len();
    glr::solve(a, steps, &unknown, y, &mut x, &mut vec![0.0; n]);
    x
}

#[test]
fn the_operator_of_total_variation_is_a_sum_over_directed_edges() {
    let mut rng = rng(1);
    for (height, width) in [(6, 5), (2, 9), (1, 4), (7, 1)] {
        let grid = Grid::new(height, width);
        let n = height * width;
        let variation = Variation::new(grid, &graph(grid, &mut rng));
        let edges = directed(grid, &variation.w);
        // rows are normalised: attention weights
        let mut sums = vec![0.0; n];
        edges.iter().for_each(|e| sums[e.near] += e.w);
        assert!(distance(&sums, &vec![1.0; n]) < 1e-14);
        let (x, z) = (random(grid, 1, &mut rng), random(grid, 1, &mut rng));
        let mut product = vec![0.0; grid.plane()];
        variation.operator().apply(&x, &mut product);
        let cx = differences(&edges, &to_image(grid, &x));
        assert!(distance(&to_image(grid, &product), &divergences(&edges, &cx, n)) < 1e-14);
        // <C x, e> = <x, C'e> with e = C z
        let cz = differences(&edges, &to_image(grid, &z));
        assert!((dot(&z, &product) - dot(&cz, &cx)).abs() < 1e-13);
    }
}

#[test]
fn figure_3() {
    let grid = Grid::new(1, 3);
    let mut s = vec![0.0; EDGES * grid.plane()];
    assert_eq!((OFFSETS[0], OFFSETS[1]), ((0, 1), (0, 2)));
    s[grid.at(0, 0)] = 0.5;
    s[grid.at(0, 1)] = 1.0 / 3.0;
    s[grid.plane() + grid.at(0, 0)] = 0.5;
    let matrix = dense(&Variation::new(grid, &s).operator());
    let expected = [[1.22, -0.61, -0.61], [-0.61, 0.93, -0.32], [-0.61, -0.32, 0.93]];
    for (row, expected) in matrix.iter().zip(&expected) {
        assert!(distance(row, expected) < 1e-15);
    }
}

#[test]
fn saddle_point_block_system_and_conjugate_gradients_agree() {
    let mut rng = rng(2);
    let grid = Grid::new(5, 6);
    let s = graph(grid, &mut rng);
    let known = marks(grid, 1, 0.3, &mut rng);
    let y = products(&random(grid, 1, &mut rng), &known);
    let [_, diagonal, normal] = normalised(grid, &s);
    let a = Stencil { grid, diagonal: &diagonal, s: &normal };
    let (matrix, samples) = (dense(&a), to_image(grid, &y));
    let (k, u): (Vec<usize>, Vec<usize>) = (0..30).partition(|&i| to_image(grid, &known)[i] > 0.0);
    // (6): [2L H'; H 0] [x; mu] = [0; y]
    let (n, all) = (30, 30 + k.len());
    let mut saddle = vec![vec![0.0; all]; all];
    let mut right = vec![0.0; all];
    for i in 0..n {
        (0..n).for_each(|j| saddle[i][j] = 2.0 * matrix[i][j]);
    }
    for (row, &i) in k.iter().enumerate() {
        saddle[n + row][i] = 1.0;
        saddle[i][n + row] = 1.0;
        right[n + row] = samples[i];
    }
    let of_saddle = &eliminate(saddle, right)[..n];
    // (8): L_uu x_u = -L_uk y
    let block = u.iter().map(|&i| u.iter().map(|&j| matrix[i][j]).collect()).collect();
    let right = u.iter().map(|&i| -k.iter().map(|&j| matrix[i][j] * samples[j]).sum::<f64>()).collect();
    let mut of_block = samples.clone();
    u.iter().zip(eliminate(block, right)).for_each(|(&i, x)| of_block[i] = x);
    assert!(distance(of_saddle, &of_block) < 1e-12);
    let parameters = Parameters::paper(1, 2000, 0.0);
    let steps = Steps { alpha: &parameters.alpha, beta: &parameters.beta };
    let x = smooth(&a, steps, &known, &y, &random(grid, 1, &mut rng));
    let error = distance(&to_image(grid, &x), &of_block);
    assert!(error < 1e-12, "{error}");
}

/// `min |c + B x|_1` by an interior-point method: the solution, and signs `p` in [-1, 1] with `B'p = 0`, so that `c'p` is a
/// lower bound.
fn least_absolute(b: &Matrix, c: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (rows, n) = (b.len(), b[0].len());
    let residual = |x: &[f64]| -> Vec<f64> { times(b, x).iter().zip(c).map(|(bx, c)| bx + c).collect() };
    let (mut x, mut p) = (vec![0.0; n], vec![0.0; rows]);
    // c + B x = u - v with u, v > 0; u (1 - p) = v (1 + p) = barrier
    let mut u: Vec<f64> = residual(&x).iter().map(|r| r.max(0.0) + 1.0).collect();
    let mut v: Vec<f64> = u.iter().zip(residual(&x)).map(|(u, r)| u - r).collect();
    for _ in 0..60 {
        let gap: f64 = (0..rows).map(|e| u[e] * (1.0 - p[e]) + v[e] * (1.0 + p[e])).sum();
        let barrier = 0.1 * gap / (2 * rows) as f64;
        let scale: Vec<f64> = (0..rows).map(|e| 1.0 / (u[e] / (1.0 - p[e]) + v[e] / (1.0 + p[e]))).collect();
        let rest: Vec<f64> = (0..rows).map(|e| c[e] - barrier / (1.0 - p[e]) + barrier / (1.0 + p[e])).collect();
        let sum = |f: &dyn Fn(usize) -> f64| (0..rows).map(f).sum::<f64>();
        let normal = (0..n).map(|i| (0..n).map(|j| sum(&|e| b[e][i] * scale[e] * b[e][j])).collect()).collect();
        let right = (0..n).map(|i| -sum(&|e| b[e][i] * (p[e] + scale[e] * rest[e]))).collect();
        let new = eliminate(normal, right);
        let bx = times(b, &new);
        let dp: Vec<f64> = (0..rows).map(|e| scale[e] * (rest[e] + bx[e])).collect();
        let du: Vec<f64> = (0..rows).map(|e| (barrier + u[e] * dp[e]) / (1.0 - p[e]) - u[e]).collect();
        let dv: Vec<f64> = (0..rows).map(|e| (barrier - v[e] * dp[e]) / (1.0 + p[e]) - v[e]).collect();
        let longest = |now: f64, by: f64| if by < 0.0 { -0.99 * now / by } else { 1.0 };
        let step = (0..rows).fold(1.0f64, |step, e| {
            let bounds =
                [longest(u[e], du[e]), longest(v[e], dv[e]), longest(1.0 - p[e], -dp[e]), longest(1.0 + p[e], dp[e])];
            bounds.into_iter().fold(step, f64::min)
        });
        for e in 0..rows {
            u[e] += step * du[e];
            v[e] += step * dv[e];
            p[e] += step * dp[e];
        }
        x.iter_mut().zip(&new).for_each(|(x, new)| *x += step * (new - *x));
        // near the end the system is too ill-conditioned for more digits
        if gap < 1e-6 {
            break;
        }
    }
    (x, p)
}

#[test]
fn admm_reaches_the_optimum_of_the_linear_program() {
    let mut rng = rng(3);
    let grid = Grid::new(5, 6);
    let variation = Variation::new(grid, &graph(grid, &mut rng));
    let known = marks(grid, 1, 0.3, &mut rng);
    let y = products(&random(grid, 1, &mut rng), &known);
    let edges = directed(grid, &variation.w);
    let (samples, mask) = (to_image(grid, &y), to_image(grid, &known));
    let unknown: Vec<usize> = (0..30).filter(|&i| mask[i] == 0.0).collect();
    let row = |e: &Edge| -> Vec<f64> {
        let sign = |i: usize| f64::from(u8::from(i == e.near)) - f64::from(u8::from(i == e.far));
        unknown.iter().map(|&i| e.w * sign(i)).collect()
    };
    let b: Matrix = edges.iter().map(row).collect();
    let of_samples = differences(&edges, &samples);
    let (best, p) = least_absolute(&b, &of_samples);
    let objective = |x: &[f64]| differences(&edges, x).iter().map(|e| e.abs()).sum::<f64>();
    let mut optimal = samples.clone();
    unknown.iter().zip(&best).for_each(|(&i, &x)| optimal[i] = x);
    // the certificate
    let slack: Vec<f64> = unknown.iter().map(|&i| divergences(&edges, &p, 30)[i]).collect();
    let slack = distance(&slack, &vec![0.0; slack.len()]);
    assert!(p.iter().all(|p| p.abs() <= 1.0) && slack < 1e-7, "{slack}");
    let (upper, lower) = (objective(&optimal), dot(&of_samples, &p));
    assert!((upper - lower).abs() < 1e-6, "{lower} to {upper}");
    // a method of first order: each doubling of the iterations takes a digit off the error
    let [few, many] = [300, 600].map(|admm| {
        let x = variation.solve(&known, &y, &Parameters::paper(admm, 30, 100.0), admm, &y);
        (objective(&to_image(grid, &x)) - upper, distance(&products(&x, &known), &y))
    });
    assert!(few.0 < 1e-2 && few.1 < 1e-4, "{few:?} of {upper}");
    assert!((-1e-6..few.0 / 5.0).contains(&many.0) && many.1 < few.1 / 5.0, "{many:?} of {upper}");
}

/// Equations 17 to 22 with all nine arrays of an edge, and conjugate gradients of appendix A.7: `x` after each iteration.
fn nine_arrays(edges: &[Edge], known: &[f64], y: &[f64], parameters: &Parameters, mut x: Vec<f64>) -> Vec<Vec<f64>> {
    let (m, n, cg) = (edges.len(), x.len(), parameters.alpha.len() / parameters.gamma.len());
    let c = |x: &[f64]| differences(edges, x);
    let operator = |x: &[f64]| -> Vec<f64> {
        divergences(edges, &c(x), n).iter().zip(products(known, x)).map(|(a, h)| a + h).collect()
    };
    let mut cx = c(&x);
    let mut copy_1: Vec<f64> = cx.iter().map(|c| c.abs() - c).collect();
    let mut copy_2: Vec<f64> = cx.iter().map(|c| c.abs() + c).collect();
    let [mut a, mut b, mut d, mut e] = std::array::from_fn(|_| vec![0.1; m]);
    let mut of_samples: Vec<f64> = known.iter().map(|k| 0.1 * k).collect();
    let (mut z, mut q_1, mut q_2) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
    let mut estimates = Vec::new();
    for (t, &gamma) in parameters.gamma.iter().enumerate() {
        for i in 0..m {
            z[i] = -1.0 / gamma - (a[i] + b[i] + d[i] + e[i]) / (2.0 * gamma) + (copy_1[i] + copy_2[i]) / 2.0;
        }
        let flow: Vec<f64> =
            (0..m).map(|i| (a[i] - b[i] + d[i] - e[i]) / (2.0 * gamma) - (copy_1[i] - copy_2[i]) / 2.0).collect();
        let bias = divergences(edges, &flow, n);
        let right: Vec<f64> = (0..n).map(|i| bias[i] - known[i] * of_samples[i] / gamma + known[i] * y[i]).collect();
        let mut g: Vec<f64> = operator(&x).iter().zip(&right).map(|(a, b)| a - b).collect();
        let mut v = g.clone();
        let (alpha, beta) = (&parameters.alpha[t * cg..][..cg], &parameters.beta[t * cg..][..cg]);
        for k in 0..cg {
            if k > 0 {
                g.iter_mut().zip(operator(&v)).for_each(|(g, av)| *g -= alpha[k - 1] * av);
                v.iter_mut().zip(&g).for_each(|(v, g)| *v = g + beta[k] * *v);
            }
            x.iter_mut().zip(&v).for_each(|(x, v)| *x -= alpha[k] * v);
        }
        cx = c(&x);
        for i in 0..m {
            q_1[i] = (z[i] - cx[i]) / 2.0 + (a[i] - d[i] + gamma * copy_1[i]) / (2.0 * gamma);
            q_2[i] = (z[i] + cx[i]) / 2.0 + (b[i] - e[i] + gamma * copy_2[i]) / (2.0 * gamma);
            copy_1[i] = (q_1[i] + d[i] / gamma).max(0.0);
            copy_2[i] = (q_2[i] + e[i] / gamma).max(0.0);
            a[i] += gamma * (z[i] - cx[i] - q_1[i]);
            b[i] += gamma * (z[i] + cx[i] - q_2[i]);
            d[i] += gamma * (q_1[i] - copy_1[i]);
            e[i] += gamma * (q_2[i] - copy_2[i]);
        }
        (0..n).for_each(|i| of_samples[i] += gamma * known[i] * (x[i] - y[i]));
        // what makes three arrays enough
        assert!(a.iter().zip(&b).all(|(a, b)| (a + b + 1.0).abs() < 1e-11));
        assert!(copy_1.iter().zip(&d).chain(copy_2.iter().zip(&e)).all(|(copy, mu)| (copy * mu).abs() < 1e-11));
        estimates.push(x.clone());
    }
    estimates
}

#[test]
fn three_arrays_equal_nine() {
    let mut rng = rng(4);
    // more iterations than the solver has penalties in registers; penalties and step sizes all different
    let (grid, admm, cg, channels) = (Grid::new(5, 6), 11, 4, 3);
    let plane = grid.plane();
    let parameters = Parameters {
        alpha: (0..admm * cg).map(|_| 0.3 + 0.4 * rng.random::<f64>()).collect(),
        beta: (0..admm * cg).map(|_| 0.1 + 0.4 * rng.random::<f64>()).collect(),
        gamma: (0..admm).map(|_| 2.0 + 16.0 * rng.random::<f64>()).collect(),
    };
    let variation = Variation::new(grid, &graph(grid, &mut rng));
    let edges = directed(grid, &variation.w);
    let known = marks(grid, channels, 0.35, &mut rng);
    let y = products(&random(grid, channels, &mut rng), &known);
    let start = random(grid, channels, &mut rng);
    let nine: Vec<Vec<Vec<f64>>> = (0..channels)
        .map(|c| {
            let [known, y, x] = [&known, &y, &start].map(|all| to_image(grid, &all[c * plane..(c + 1) * plane]));
            nine_arrays(&edges, &known, &y, &parameters, x)
        })
        .collect();
    for t in 0..admm {
        let x = variation.solve(&known, &y, &parameters, t + 1, &start);
        for (c, nine) in nine.iter().enumerate() {
            let error = distance(&to_image(grid, &x[c * plane..(c + 1) * plane]), &nine[t]);
            assert!(error < 1e-10, "channel {c} after iteration {t}: {error}");
        }
        assert!(t == 0 || distance(&nine[0][t], &nine[0][t - 1]) > 1e-4);
    }
}

#[test]
fn constants_are_fixed_points() {
    let (mut rng, grid) = (rng(6), Grid::new(7, 8));
    let s = graph(grid, &mut rng);
    let known = marks(grid, 1, 0.3, &mut rng);
    let alpha: Vec<f64> = (0..20).map(|_| rng.random()).collect();
    let steps = Steps { alpha: &alpha, beta: &alpha };
    // D - W has the constants as its null space, its normalised form D^{1/2} 1
    let mut degrees = vec![0.0; grid.plane()];
    window::degrees(grid, &s, &mut degrees);
    let [_, diagonal, normal] = normalised(grid, &s);
    let mut constant = vec![0.0; grid.plane()];
    grid.inside(&mut constant);
    constant.iter_mut().for_each(|c| *c *= 0.6);
    let rooted: Vec<f64> = constant.iter().zip(&degrees).map(|(c, d)| c * d.sqrt()).collect();
    let scaled: Vec<f64> = degrees.iter().map(|d| d / 40.0).collect();
    let weights: Vec<f64> = s.iter().map(|s| s / 40.0).collect();
    for (x, diagonal, s) in [(&constant, &scaled, &weights), (&rooted, &diagonal, &normal)] {
        let solved = smooth(&Stencil { grid, diagonal, s }, steps, &known, &products(&known, x), x);
        assert!(distance(&solved, x) < 1e-13, "{}", distance(&solved, x));
    }
    // total variation: the multipliers of the samples, 0.1 at first, take one iteration to vanish
    let variation = Variation::new(grid, &s);
    let solve = |admm| {
        variation.solve(&known, &products(&known, &constant), &Parameters::paper(admm, 20_000, 8.0), admm, &constant)
    };
    let shifted: Vec<f64> = constant.iter().map(|&c| if c > 0.0 { c - 0.1 / 8.0 } else { 0.0 }).collect();
    assert!(distance(&solve(1), &shifted) < 1e-12, "{}", distance(&solve(1), &shifted));
    (2..5).for_each(|admm| assert!(distance(&solve(admm), &constant) < 1e-12));
}

/// Planes with their columns, or rows, in the opposite order.
fn mirrored(grid: Grid, planes: &[f64], rows: bool) -> Vec<f64> {
    let mut out = vec![0.0; planes.len()];
    for (out, plane) in out.chunks_exact_mut(grid.plane()).zip(planes.chunks_exact(grid.plane())) {
        for y in 0..grid.height() {
            for x in 0..grid.width() {
                let from = if rows { (grid.height() - 1 - y, x) } else { (y, grid.width() - 1 - x) };
                out[grid.at(y, x)] = plane[grid.at(from.0, from.1)];
            }
        }
    }
    out
}

#[test]
fn mirror_images_are_solved_to_mirror_images() {
    let (mut rng, grid) = (rng(9), Grid::new(7, 8));
    let (image, known) = (random(grid, 3, &mut rng), marks(grid, 1, 0.3, &mut rng));
    let place: Vec<f64> = (0..56).flat_map(|i| [i / 8, i % 8]).map(|at| at as f64 / 4.0).collect();
    let axis = |k: usize| to_plane(grid, &place[k..].iter().step_by(2).copied().collect::<Vec<_>>());
    let parameters = Parameters::paper(6, 10, 10.0);
    let steps = Steps { alpha: &parameters.alpha, beta: &parameters.beta };
    // features as of iGLR and iGTV: colours and place
    let solve = |image: &[f64], known: &[f64]| {
        let mut s = vec![0.0; EDGES * grid.plane()];
        window::affinity(grid, 0..grid.height(), &[image, &axis(0), &axis(1)].concat(), &mut s);
        let [_, diagonal, normal] = normalised(grid, &s);
        let green = &image[grid.plane()..2 * grid.plane()];
        let y = products(green, known);
        let smoothed = smooth(&Stencil { grid, diagonal: &diagonal, s: &normal }, steps, known, &y, &y);
        [smoothed, Variation::new(grid, &s).solve(known, &y, &parameters, 6, &y)]
    };
    for rows in [false, true] {
        let turn = |planes: &[f64]| mirrored(grid, planes, rows);
        for (own, other) in solve(&image, &known).iter().zip(solve(&turn(&image), &turn(&known))) {
            assert!(distance(&turn(own), &other) < 1e-13);
        }
        // an image and a mask that are symmetric themselves
        let mean: Vec<f64> = image.iter().zip(turn(&image)).map(|(a, b)| (a + b) / 2.0).collect();
        let both: Vec<f64> = known.iter().zip(turn(&known)).map(|(a, b)| a.max(b)).collect();
        for x in solve(&mean, &both) {
            assert!(distance(&turn(&x), &x) < 1e-13 && distance(&mirrored(grid, &x, !rows), &x) > 1e-3);
        }
    }
}
