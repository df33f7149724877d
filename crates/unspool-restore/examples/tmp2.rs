use unspool_image::{Cfa, Image};
use unspool_restore::{Prior, Sample, Shape, Transformer};
use unspool_train::{Model, params};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let size: usize = a[2].parse().unwrap();
    let net = Transformer::new(Shape::paper(if a[1] == "ugtv" { Prior::Gtv } else { Prior::Glr }, 3));
    let theta: Vec<f32> = net.layout().init(0);
    let target = Image::from_fn(3, size, size, |c, y, x| ((c * 7 + y * 31 + x * 17) % 97) as f32 / 97.0);
    let mask = Cfa::Rggb.mask(size, size);
    let s = Sample { observed: target.clone(), target, mask };
    let mut memory = Model::<f32>::memory(&net);
    let mut g = vec![0.0f32; theta.len()];
    let n = 4 * 4 * 4096 / (size * size);
    for k in 0..n {
        if k == 4 {
            eprintln!("warm");
        }
        net.loss(&theta, &s, &mut params::stream(0, 0, 0), &mut g, &mut memory).unwrap();
    }
    let t = std::time::Instant::now();
    for _ in 0..n {
        net.loss(&theta, &s, &mut params::stream(0, 0, 0), &mut g, &mut memory).unwrap();
    }
    println!("{} {size}: {:.3} s per 16384 pixels", a[1], t.elapsed().as_secs_f64() / 4.0);
}
