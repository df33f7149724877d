//! A quadratic program in a box as the last layer of a model.
use unspool_apps::layer;

fn main() -> unspool_core::Result<()> {
    println!("the image of a digit from its averages over blocks of 2 x 2 pixels;");
    println!("mean squared error of a pixel, mean ± standard error over test images:");
    print!("{}", layer::run(30)?);
    Ok(())
}
