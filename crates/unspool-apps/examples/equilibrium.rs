//! A network whose hidden layer is an equilibrium.
use unspool_apps::equilibrium;

fn main() -> unspool_core::Result<()> {
    println!("odd digits from even ones by 8 hidden units, networks from 8 random starts;");
    println!("error rate, mean ± standard error over test images:");
    print!("{}", equilibrium::run(8, 20, 8)?);
    Ok(())
}
