//! Ten learned images in place of 1200 real ones.
use unspool_apps::{distill, learn::Mean};

fn main() -> unspool_core::Result<()> {
    println!("logistic regression of digits on 10 images, one a digit;");
    println!("error rate, mean ± standard error over test images:");
    let outcome = distill::run(10, 300, 20)?;
    print!("{}", outcome.comparison);
    let luckiest = outcome.draws.iter().copied().fold(f64::INFINITY, f64::min);
    println!("over 20 draws of real images: {:.4}, the luckiest {luckiest:.4}", Mean::of(&outcome.draws));
    Ok(())
}
