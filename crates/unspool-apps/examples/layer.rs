//! A quadratic program in a box as the last layer of a model.
use unspool_apps::layer;

fn main() -> unspool_core::Result<()> {
    println!("the image of a digit from its averages over blocks of 2 x 2 pixels;");
    println!("mean squared error of a pixel on test rows ± standard error, and beyond the first line's:");
    for (name, error, more) in layer::run(30)?.rows() {
        println!("{name:34} {error:.5}   {more:+.5}");
    }
    Ok(())
}
