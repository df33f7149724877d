use std::time::Instant;
use unspool_restore::{Grid, cg, conv, features::Features, stencil};
use unspool_train::Layout;
fn main() {
    for (h, w) in [(64, 64), (128, 128), (512, 768)] {
        let grid = Grid::new(h, w);
        let p = grid.plane();
        let s = vec![0.01f32; 12 * p];
        for c in [1usize, 3] {
            let d = vec![1.0f32; c * p];
            let a = stencil::Stencil { grid, diagonal: &d, s: &s };
            let steps = cg::Steps { alpha: &[0.5; 50], beta: &[0.3; 50] };
            let (mut x, mut g, mut v, pr) =
                (vec![0.0f32; c * p], vec![0.1f32; c * p], vec![0.0f32; 2 * c * p], vec![1.0f32; c * p]);
            let n = (2_000_000 / (h * w)).max(2);
            cg::solve(&a, steps, &pr, &mut x, &mut g, &mut v);
            let t = Instant::now();
            for _ in 0..n {
                g.fill(1e-3);
                cg::solve(&a, steps, &pr, &mut x, &mut g, &mut v);
            }
            let e = t.elapsed().as_secs_f64() / n as f64;
            println!(
                "cg {h}x{w} C={c}: {:.1} cycles per 16 px, iteration, channel",
                e * 3.67e9 / (50.0 * c as f64 * (h * w) as f64 / 16.0)
            );
            let t = Instant::now();
            for _ in 0..n {
                for _ in 0..20 {
                    a.apply(&g, &mut x);
                }
            }
            let e = t.elapsed().as_secs_f64() / n as f64;
            println!("apply {h}x{w} C={c}: {:.1} cycles", e * 3.67e9 / (20.0 * c as f64 * (h * w) as f64 / 16.0));
            let ga = vec![0.1f32; 4 * c * p];
            let (mut gd, mut gs) = (vec![0.0f32; p], vec![0.0f32; 12 * p]);
            let t = Instant::now();
            for _ in 0..n {
                for _ in 0..10 {
                    stencil::entries_vjp(grid, &ga, &ga, &mut gd, &mut gs);
                }
            }
            let e = t.elapsed().as_secs_f64() / n as f64;
            println!("entries {h}x{w} C={c}: {:.1} cycles", e * 3.67e9 / (40.0 * c as f64 * (h * w) as f64 / 16.0));
        }
    }
    for t in [76usize, 140] {
        let grid = Grid::new(t, t);
        let mut layout = Layout::new();
        let f = Features::new("f", 3, 48, &mut layout);
        let theta: Vec<f32> = layout.init(0);
        let mut tape = vec![0.0f32; f.tape_len(grid)];
        let mut packed = vec![0.0f32; f.packed_len()];
        let x = vec![0.5f32; 3 * grid.plane()];
        let mut inside = vec![0.0f32; grid.plane()];
        grid.inside(&mut inside);
        f.forward(grid, &theta, &x, &inside, &mut tape, &mut packed);
        let clock = Instant::now();
        for _ in 0..10 {
            f.forward(grid, &theta, &x, &inside, &mut tape, &mut packed);
        }
        let e = clock.elapsed().as_secs_f64() / 10.0;
        println!("features {t}: {:.1} Gfma/s", (t * t * 63504) as f64 / e / 1e9);
    }
    let _ = conv::packed_len(1, 1);
}
