//! Few-shot regression of temperatures from a learned start.
use unspool_apps::meta;

fn main() -> unspool_core::Result<()> {
    println!("{} gradient steps on the hours {:?} of a day predict the others;", meta::STEPS, meta::SUPPORT);
    println!("root mean squared error in degrees on held-out days ± standard error, and beyond the first line's:");
    for (name, error, more) in meta::run(400)?.rows() {
        println!("{name:34} {error:.3}   {more:+.3}");
    }
    Ok(())
}
